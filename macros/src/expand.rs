//! What to emit: the one file with `quote!`.

use std::mem;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{ConstParam, Data, DeriveInput, GenericParam, Generics, LitStr, TypeParam, parse_quote};

use crate::args::Version;
use crate::declaration::{Body, Declaration, Outline, Permissions};
use crate::field::{ParamField, Placement};
use crate::path::Segment;

/// The struct, and what makes an action of it.
pub(crate) fn action(declaration: &Declaration<'_>) -> TokenStream {
    let Declaration {
        outline,
        method,
        template,
        version,
        permissions,
        body,
    } = declaration;
    let private = private(outline);
    let method = format_ident!("{}", method.name());
    let line = &template.line;
    let version = match version {
        Version::V1 => quote!(V1),
        Version::Beta => quote!(Beta),
    };
    let Permissions {
        delegated,
        personal,
        application,
    } = permissions;
    let constants = quote! {
        const METHOD: #private::Method = #private::Method::#method;
        const PATH: &'static str = #line;
        const VERSION: #private::ApiVersion = #private::ApiVersion::#version;
        const PERMISSIONS: #private::Permissions = #private::Permissions {
            delegated: &[#(#delegated),*],
            personal: &[#(#personal),*],
            application: &[#(#application),*],
        };
    };
    let parts = parts(declaration, &private);
    let (body, bound) = match body {
        Body::None => (quote!(#private::Payload::none()), None),
        Body::Json => (
            quote!(#private::Payload::json(self)),
            is_generic(outline.item).then(|| quote!(where Self: #private::serde::Serialize)),
        ),
    };
    let request = Request {
        docs: docs(declaration),
        bound,
        prepare: quote!(#private::request(&[#(#parts),*], #body)),
    };
    emit(outline, &private, &constants, &request)
}

/// What stands in for an action whose declaration is wrong, so that its uses stay without errors.
pub(crate) fn stub(outline: &Outline<'_>) -> TokenStream {
    let private = private(outline);
    let constants = quote! {
        const METHOD: #private::Method = #private::Method::GET;
        const PATH: &'static str = "";
        const VERSION: #private::ApiVersion = #private::ApiVersion::V1;
        const PERMISSIONS: #private::Permissions = #private::Permissions {
            delegated: &[],
            personal: &[],
            application: &[],
        };
    };
    let request = Request {
        docs: vec![" Stands in for a declaration that does not compile.".to_owned()],
        bound: None,
        prepare: quote!(#private::stub()),
    };
    emit(outline, &private, &constants, &request)
}

/// The parts of the method `request` in which an action and its stub differ.
struct Request {
    docs: Vec<String>,
    bound: Option<TokenStream>,
    prepare: TokenStream,
}

fn emit(
    outline: &Outline<'_>,
    private: &TokenStream,
    constants: &TokenStream,
    request: &Request,
) -> TokenStream {
    let Outline {
        item,
        arguments,
        returns,
        ..
    } = outline;
    let Request {
        docs,
        bound,
        prepare,
    } = request;
    let annotated = annotate(outline, private);
    let DeriveInput { ident, vis, .. } = item;
    let generics = generics(item);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let owned = owned(item);
    quote! {
        #annotated

        #[automatically_derived]
        impl #impl_generics #private::Action for #ident #ty_generics #where_clause {
            #constants
            type Response = #returns;
        }

        impl #impl_generics #ident #ty_generics #where_clause {
            #(#[doc = #docs])*
            #vis fn request(&self #(, #arguments: impl #private::PathValue)*) -> #private::Request<#owned> #bound {
                #prepare
            }
        }
    }
}

fn private(outline: &Outline<'_>) -> TokenStream {
    let krate = &outline.krate;
    quote!(#krate::__private)
}

/// The user's struct with what the macro says to serde about it.
fn annotate(outline: &Outline<'_>, private: &TokenStream) -> TokenStream {
    let mut item = outline.item.clone();
    if let Data::Struct(data) = &mut item.data {
        for (field, param) in data.fields.iter_mut().zip(&outline.fields) {
            if param.placement == Placement::Path {
                field.attrs.push(parse_quote!(#[serde(skip_serializing)]));
            } else if param.leaves_out_none() {
                field.attrs.push(
                    parse_quote!(#[serde(skip_serializing_if = "::core::option::Option::is_none")]),
                );
            }
        }
    }
    // A union cannot be serialized, and what the user says to serde himself cannot be said twice.
    let serde = &outline.serde;
    let adds_derive = serde.serialize.is_none() && !matches!(item.data, Data::Union(_));
    let mut attributes: Vec<syn::Attribute> = Vec::new();
    if adds_derive {
        let path = quote!(#private::serde).to_string().replace(' ', "");
        let krate = serde.krate.is_none().then(|| quote!(crate = #path));
        let case = serde
            .rename_all
            .is_none()
            .then(|| quote!(rename_all = "camelCase"));
        let said = krate.into_iter().chain(case);
        attributes.push(parse_quote!(#[derive(#private::serde::Serialize)]));
        attributes.push(parse_quote!(#[serde(#(#said),*)]));
    }
    // A derive comes before the attributes that it reads.
    attributes.append(&mut item.attrs);
    item.attrs = attributes;
    item.into_token_stream()
}

/// The request line as the runtime renders it: text, values and text again.
fn parts(declaration: &Declaration<'_>, private: &TokenStream) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut text = String::new();
    for segment in &declaration.template.segments {
        text.push('/');
        match segment {
            Segment::Text(segment) => text.push_str(segment),
            Segment::Placeholder(name) => {
                let before = mem::take(&mut text);
                parts.push(quote!(#private::Part::Text(#before)));
                parts.push(value(name, &declaration.outline, private));
            }
        }
    }
    if !text.is_empty() {
        parts.push(quote!(#private::Part::Text(#text)));
    }
    parts
}

/// The value of a placeholder, with the type of its field underlined where it cannot be one.
fn value(name: &str, outline: &Outline<'_>, private: &TokenStream) -> TokenStream {
    let is_named = |ident: &syn::Ident| ident.unraw() == name;
    let of_field = outline.fields.iter().find(|field| is_named(field.ident));
    let value = match of_field {
        Some(ParamField { field, ident, .. }) => {
            let span = Span::call_site().located_at(field.ty.span());
            quote_spanned!(span=> &self.#ident)
        }
        None => {
            let ident = outline.arguments.iter().find(|ident| is_named(ident));
            quote!(&#ident)
        }
    };
    quote!(#private::Part::Value(#name, #value))
}

/// The generics as an `impl` repeats them. Its lifetimes are not the user's own tokens, so that no lint
/// blames him for one that is used once.
fn generics(item: &DeriveInput) -> Generics {
    let mut generics = item.generics.clone();
    for param in generics.lifetimes_mut() {
        let ident = &mut param.lifetime.ident;
        ident.set_span(Span::call_site().located_at(ident.span()));
    }
    generics
}

fn is_generic(item: &DeriveInput) -> bool {
    item.generics.type_params().next().is_some()
}

/// The type that a request is of. It owns what it sends, so the lifetimes of the struct need not
/// hold it; those that a type parameter may depend on have to stay.
fn owned(item: &DeriveInput) -> TokenStream {
    if is_generic(item) || item.generics.lifetimes().next().is_none() {
        return quote!(Self);
    }
    let ident = &item.ident;
    let arguments = item.generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(_) => quote!('static),
        GenericParam::Type(TypeParam { ident, .. })
        | GenericParam::Const(ConstParam { ident, .. }) => quote!(#ident),
    });
    quote!(#ident<#(#arguments),*>)
}

/// The documentation of `request`: what it calls, and who may.
fn docs(declaration: &Declaration<'_>) -> Vec<String> {
    let Permissions {
        delegated,
        personal,
        application,
    } = &declaration.permissions;
    let version = match declaration.version {
        Version::V1 => "v1.0",
        Version::Beta => "beta",
    };
    let row = |caller: &str, permissions: &[LitStr]| {
        let names: Vec<String> = permissions
            .iter()
            .map(|name| format!("`{}`", name.value()))
            .collect();
        let names = if names.is_empty() {
            "not supported".to_owned()
        } else {
            names.join(", ")
        };
        format!(" | {caller} | {names} |")
    };
    vec![
        format!(
            " Prepares `{} {}`, version `{version}`.",
            declaration.method.name(),
            declaration.template.line
        ),
        String::new(),
        " | caller | one of these permissions, least privileged first |".to_owned(),
        " | --- | --- |".to_owned(),
        row("delegated, work or school account", delegated),
        row("delegated, personal Microsoft account", personal),
        row("application", application),
    ]
}
