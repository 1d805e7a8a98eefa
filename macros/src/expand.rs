//! What to emit: the one file with `quote!`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, ConstParam, Data, DeriveInput, Fields, GenericParam, Generics, Ident, LitStr,
    TypeParam, parse_quote,
};

use crate::args::Version;
use crate::declaration::{
    Argument, Body, Declaration, Mistaken, Outline, Permissions, attributes, is_graph_action,
};
use crate::field::{Absence, ParamField, Placement, is_conditional};
use crate::path::{Pair, Piece, Position, Segment};
use crate::serde_attrs::is_skipped;

/// The struct, and what makes an action of it.
pub(crate) fn action(declaration: &Declaration<'_>) -> TokenStream {
    let Declaration {
        outline,
        method,
        template,
        version,
        permissions,
        idempotent,
        body,
        arguments,
        returns,
    } = declaration;
    let private = private(outline);
    let method = format_ident!("{}", method.name());
    let line = &template.line;
    let version = match version {
        Version::V1 => quote!(V1),
        Version::Beta => quote!(Beta),
    };
    let permissions = self::permissions(permissions, &private);
    let constants = quote! {
        const DECLARATION: &'static #private::Declaration = &#private::Declaration {
            method: #private::Method::#method,
            path: #line,
            version: #private::ApiVersion::#version,
            permissions: #permissions,
            is_idempotent: #idempotent,
        };
    };
    let parts = parts(declaration, &private);
    let payload = match body {
        Body::None => quote!(#private::Payload::none()),
        Body::Properties => quote!(#private::Payload::json(self)),
        Body::Field(field, content_type) => {
            let value = value(&field.unraw().to_string(), declaration);
            match content_type {
                None => quote!(#private::Payload::json(#value)),
                Some(content_type) => quote!(#private::Payload::content(#content_type, #value)),
            }
        }
    };
    let is_bound = matches!(body, Body::Properties) && is_generic(outline.item);
    let headers = outline
        .fields
        .iter()
        .filter_map(|param| match &param.placement {
            Placement::Header(name) => {
                let value = of_field(param);
                Some(quote!((#name, #value)))
            }
            _ => None,
        });
    let headers: Vec<TokenStream> = headers.collect();
    let prepare = match headers.as_slice() {
        [] => quote!(#private::request(&[#(#parts),*], #payload)),
        headers => {
            quote!(#private::request_with_headers(&[#(#parts),*], &[#(#headers),*], #payload))
        }
    };
    let serde = serde(outline);
    let request = Request {
        docs: docs(declaration),
        arguments: signature(arguments, outline),
        bound: is_bound.then(|| quote!(where Self: #serde::Serialize)),
        prepare,
    };
    let method = request_method(outline, &request);
    emit(outline, &constants, &returns.to_token_stream(), &method)
}

fn permissions(permissions: &Permissions, private: &TokenStream) -> TokenStream {
    let Permissions {
        delegated,
        personal,
        application,
    } = permissions;
    let values = |names: &[LitStr]| names.iter().map(LitStr::value).collect::<Vec<_>>();
    if values(delegated) == values(application) && personal.is_empty() {
        // Each list costs the compiler as much as all that stands around it, and most have one.
        return quote!(#private::scope(&[#(#delegated),*]));
    }
    quote! {
        #private::Permissions {
            delegated: &[#(#delegated),*],
            personal: &[#(#personal),*],
            application: &[#(#application),*],
        }
    }
}

/// What stands in for an action whose declaration is wrong, so that its uses stay without errors.
///
/// Where it is not known what `request` takes or what it gives, an error stands in a type: the compiler
/// asks nothing of a type that it has an error for, nor of what that type derefs to.
pub(crate) fn stub(mistaken: Mistaken<'_>) -> TokenStream {
    let Mistaken {
        outline,
        arguments,
        returns,
        errors,
    } = mistaken;
    let outline = &outline;
    let private = private(outline);
    let arguments_are_known = arguments.is_some();
    let mut errors = errors.into_iter().map(syn::Error::into_compile_error);
    let mut unknown = || {
        let error = errors.next();
        quote!(<[(); #error] as ::core::ops::Deref>::Target)
    };
    let method = match arguments {
        Some(arguments) => {
            let request = Request {
                docs: "Stands in for a declaration that does not compile.".to_owned(),
                arguments: signature(&arguments, outline),
                bound: None,
                prepare: quote!(#private::stub()),
            };
            request_method(outline, &request)
        }
        None => anything(outline, &unknown()),
    };
    let returns = match (returns, arguments_are_known) {
        (Some(returns), _) => quote!(#returns),
        (None, true) => unknown(),
        (None, false) => quote!(<Self as ::core::ops::Deref>::Target),
    };
    let constants = quote! {
        const DECLARATION: &'static #private::Declaration = #private::Declaration::UNKNOWN;
    };
    let stub = emit(outline, &constants, &returns, &method);
    quote!(#stub #(#errors)*)
}

/// The parts of the method `request` in which an action and its stub differ.
struct Request {
    docs: String,
    arguments: Vec<TokenStream>,
    bound: Option<TokenStream>,
    prepare: TokenStream,
}

fn emit(
    outline: &Outline<'_>,
    constants: &TokenStream,
    returns: &TokenStream,
    method: &TokenStream,
) -> TokenStream {
    let item = outline.item;
    let private = private(outline);
    let serializable = serializable(outline);
    let ident = &item.ident;
    let generics = generics(item);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    // An error about the type underlines what is written of it.
    let span = Span::call_site().located_at(returns.span());
    let response = quote_spanned!(span=> type Response = #returns;);
    let allowed = allowed(item);
    quote! {
        #serializable

        #allowed
        #[automatically_derived]
        impl #impl_generics #private::Action for #ident #ty_generics #where_clause {
            #constants
            #response
        }

        #allowed
        #method
    }
}

/// The method that prepares a request.
fn request_method(outline: &Outline<'_>, request: &Request) -> TokenStream {
    let Request {
        docs,
        arguments,
        bound,
        prepare,
    } = request;
    let DeriveInput { ident, vis, .. } = outline.item;
    let private = private(outline);
    let generics = generics(outline.item);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let owned = owned(outline.item);
    let many = (arguments.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        impl #impl_generics #ident #ty_generics #where_clause {
            #[doc = #docs]
            #many
            #vis fn request(&self #(, #arguments)*) -> #private::Request<#owned> #bound {
                #prepare
            }
        }
    }
}

/// What lets any method be called on the struct, whatever it takes.
fn anything(outline: &Outline<'_>, unknown: &TokenStream) -> TokenStream {
    let ident = &outline.item.ident;
    let private = private(outline);
    let generics = generics(outline.item);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        impl #impl_generics ::core::ops::Deref for #ident #ty_generics #where_clause {
            type Target = #unknown;

            fn deref(&self) -> &Self::Target {
                #private::stub()
            }
        }
    }
}

fn private(outline: &Outline<'_>) -> TokenStream {
    let krate = &outline.krate;
    let span = Span::call_site().located_at(krate.span());
    quote_spanned!(span=> #krate::__private)
}

/// Not behind `__private`, since the compiler names the derive in its errors.
fn serde(outline: &Outline<'_>) -> TokenStream {
    let krate = &outline.krate;
    quote!(#krate::serde)
}

/// What `request` takes.
fn signature(arguments: &[Argument], outline: &Outline<'_>) -> Vec<TokenStream> {
    let private = private(outline);
    let serde = serde(outline);
    let argument = |(ident, position): &Argument| match position {
        Position::Path => quote!(#ident: impl #private::PathValue),
        Position::Argument | Position::Pair => quote!(#ident: impl #private::QueryValue),
        Position::Alias => quote!(#ident: impl #serde::Serialize),
    };
    arguments.iter().map(argument).collect()
}

/// The user's struct, and its `Serialize`.
fn serializable(outline: &Outline<'_>) -> TokenStream {
    if outline.serde.is_derived {
        let private = private(outline);
        let annotated = annotate(outline);
        let plain = plain(outline, |attribute| attribute.path().is_ident("serde"));
        return quote! {
            #[#private::instead(#annotated)]
            #plain
        };
    }
    let plain = plain(outline, |_| false);
    let serialize = serialize(outline);
    quote! {
        #plain

        #serialize
    }
}

/// What serde's derive would write, which costs the compiler more than all else here together; but that the properties
/// are those of a map, whose length need not be known.
fn serialize(outline: &Outline<'_>) -> TokenStream {
    let DeriveInput { ident, data, .. } = outline.item;
    let private = private(outline);
    let generics = generics(outline.item);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let written = if is_unit(data) {
        let name = ident.unraw().to_string();
        quote!(#private::Serializer::serialize_unit_struct(__serializer, #name))
    } else {
        let properties = outline.fields.iter().filter(|param| param.is_property());
        let properties = properties.map(|param| {
            let name = param.spelling();
            let value = of_field(param);
            // An error about a property underlines its type.
            let span = Span::call_site().located_at(param.field.ty.span());
            match param.leaves_out() {
                None => quote_spanned!(span=> .with(#name, #value)),
                Some(_) => quote_spanned!(span=> .with_optional(#name, #value)),
            }
        });
        quote!(#private::properties(__serializer) #(#properties)* .end())
    };
    let allowed = allowed(outline.item);
    // An error about the implementation underlines what it is of.
    let span = Span::call_site().located_at(ident.span());
    quote_spanned! {span=>
        #allowed
        #[automatically_derived]
        impl #impl_generics #private::Serialize for #ident #ty_generics #where_clause {
            fn serialize<__S: #private::Serializer>(
                &self,
                __serializer: __S,
            ) -> #private::Serialized<__S> {
                #written
            }
        }
    }
}

fn is_unit(data: &Data) -> bool {
    matches!(data, Data::Struct(data) if matches!(data.fields, Fields::Unit))
}

/// The user's struct with what the macro says to serde about it.
fn annotate(outline: &Outline<'_>) -> TokenStream {
    let private = private(outline);
    let is_wrong = outline.serde.is_wrong;
    let mut item = plain(outline, |attribute| {
        is_wrong && attribute.path().is_ident("serde")
    });
    if let Data::Struct(data) = &mut item.data {
        for (field, param) in data.fields.iter_mut().zip(&outline.fields) {
            if param.lacks_spelling() {
                let name = param.spelling();
                field.attrs.push(parse_quote!(#[serde(rename = #name)]));
            }
            let absent = match param.leaves_out() {
                Some(Absence::Option) => "::core::option::Option::is_none".to_owned(),
                Some(Absence::Nullable) => text(&quote!(#private::Nullable::is_absent)),
                None => String::new(),
            };
            if !param.is_property() && !is_skipped(field) {
                field.attrs.push(parse_quote!(#[serde(skip_serializing)]));
            } else if !absent.is_empty() {
                field
                    .attrs
                    .push(parse_quote!(#[serde(skip_serializing_if = #absent)]));
            }
        }
    }
    // A union cannot be serialized, and what the user says to serde himself cannot be said twice.
    let said = &outline.serde;
    let adds_derive = said.serialize.is_none() && !matches!(item.data, Data::Union(_));
    if !adds_derive {
        return item.into_token_stream();
    }
    let path = serde(outline);
    // An error about a field's type underlines what the derive stands for.
    let derive = quote!(#path::Serialize).into_iter().map(|mut token| {
        token.set_span(Span::call_site().located_at(item.ident.span()));
        token
    });
    let derive: TokenStream = derive.collect();
    let path = text(&path);
    let krate = said.krate.is_none().then(|| quote!(crate = #path));
    let case = said
        .rename_all
        .is_none()
        .then(|| match said.renames_deserialize {
            true => quote!(rename_all(serialize = "camelCase")),
            false => quote!(rename_all = "camelCase"),
        });
    let said = krate.into_iter().chain(case);
    // A derive comes before the attributes that it reads.
    quote! {
        #[derive(#derive)]
        #[serde(#(#said),*)]
        #item
    }
}

/// The user's struct without what only the macro reads, and without what serde refuses.
fn plain(outline: &Outline<'_>, leave_out: impl Fn(&Attribute) -> bool) -> DeriveInput {
    let mut item = outline.item.clone();
    let is_read = |attribute: &Attribute| {
        let is_ours = is_graph_action(attribute) || attribute.path().is_ident("graph");
        !is_ours && !is_conditional(attribute) && !leave_out(attribute)
    };
    item.attrs.retain(is_read);
    if let Data::Struct(data) = &mut item.data {
        for field in &mut data.fields {
            field.attrs.retain(is_read);
        }
    }
    item
}

/// A path as serde wants it: in a string.
fn text(path: &TokenStream) -> String {
    path.to_string().replace(' ', "")
}

/// The request line as the runtime renders it.
fn parts(declaration: &Declaration<'_>, private: &TokenStream) -> Vec<TokenStream> {
    let value = |name: &str| value(name, declaration);
    let pairs = |pairs: &[Pair]| -> Vec<TokenStream> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => quote!(#private::Piece::Text(#text)),
            Piece::Bare(name) => {
                let value = value(name);
                quote!(#private::Piece::Bare(#name, #value))
            }
            Piece::Quoted(name) => {
                let value = value(name);
                quote!(#private::Piece::Quoted(#name, #value))
            }
            Piece::Alias(name) => {
                let value = value(name);
                quote!(#private::Piece::Alias(#name, &#private::Alias::new(#value)))
            }
        };
        let pair = |pair: &Pair| {
            let pieces = pair.iter().map(piece);
            quote!(&[#(#pieces),*])
        };
        pairs.iter().map(pair).collect()
    };
    let part = |segment: &Segment| match segment {
        Segment::Text(text) => quote!(#private::Part::Text(#text)),
        Segment::Placeholder(name) => {
            let value = value(name);
            quote!(#private::Part::Value(#name, #value))
        }
        Segment::Rest(name) => {
            let value = value(name);
            quote!(#private::Part::Rest(#name, #value))
        }
        Segment::Arguments(arguments) => {
            let arguments = pairs(arguments);
            if declaration.method.has_arguments() {
                quote!(#private::Part::Arguments(&[#(#arguments),*]))
            } else {
                quote!(#private::Part::Keys(&[#(#arguments),*]))
            }
        }
        Segment::Query(query) => {
            let query = pairs(query);
            quote!(#private::Part::Query(&[#(#query),*]))
        }
    };
    declaration.template.segments.iter().map(part).collect()
}

/// A reference to the value of a placeholder.
fn value(name: &str, declaration: &Declaration<'_>) -> TokenStream {
    let Declaration {
        outline, arguments, ..
    } = declaration;
    let is_named = |ident: &Ident| ident.unraw() == name;
    match outline.fields.iter().find(|param| is_named(param.ident)) {
        Some(param) => of_field(param),
        None => {
            let ident = arguments
                .iter()
                .map(|(ident, _)| ident)
                .find(|ident| is_named(ident));
            quote!(&#ident)
        }
    }
}

/// A reference to the value of a field, which an error about its type underlines.
fn of_field(ParamField { field, ident, .. }: &ParamField<'_>) -> TokenStream {
    let span = Span::call_site().located_at(field.ty.span());
    quote_spanned!(span=> &self.#ident)
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

/// What keeps an implementation from being a use of its own struct or field, where that is deprecated.
fn allowed(item: &DeriveInput) -> Option<TokenStream> {
    let is_deprecated = |attribute: &Attribute| attribute.path().is_ident("deprecated");
    attributes(item)
        .any(is_deprecated)
        .then(|| quote!(#[allow(deprecated)]))
}

fn is_generic(item: &DeriveInput) -> bool {
    item.generics.type_params().next().is_some()
}

/// The type that a request is of. It owns what it sends, so the lifetimes of the struct need not
/// hold it; those that a type parameter or a bound may depend on have to stay.
fn owned(item: &DeriveInput) -> TokenStream {
    let is_bound = is_generic(item) || item.generics.where_clause.is_some();
    if is_bound || item.generics.lifetimes().next().is_none() {
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
fn docs(declaration: &Declaration<'_>) -> String {
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
        format!("| {caller} | {names} |")
    };
    format!(
        "Prepares `{} {}`, version `{version}`.\n\n\
         | caller | one of these permissions, least privileged first |\n\
         | --- | --- |\n{}\n{}\n{}",
        declaration.method.name(),
        declaration.template.line,
        row("delegated, work or school account", delegated),
        row("delegated, personal Microsoft account", personal),
        row("application", application),
    )
}
