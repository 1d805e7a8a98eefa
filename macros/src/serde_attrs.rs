//! What the user says to serde, as far as it bears on what the macro says too.

use proc_macro2::Span;
use quote::ToTokens as _;
use serde_derive_internals::ast::Container;
use serde_derive_internals::{Ctxt, Derive};
use syn::parse::Parse;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, Meta, Path, Token};

use crate::declaration::attributes;
use crate::errors::{Errors, nearest};

/// What the user says about the struct.
pub(crate) struct SerdeContainer {
    /// Whether serde's derive is to write `Serialize`.
    pub(crate) is_derived: bool,
    /// The user's own derive of `Serialize`.
    pub(crate) serialize: Option<Path>,
    /// Whether serde would refuse one of its attributes, here or on a field.
    pub(crate) is_wrong: bool,
    pub(crate) rename_all: Option<Meta>,
    /// Whether `rename_all` says something for `Deserialize` alone.
    pub(crate) renames_deserialize: bool,
    pub(crate) krate: Option<Meta>,
}

impl SerdeContainer {
    pub(crate) fn new(item: &DeriveInput, errors: &mut Errors) -> Self {
        let attributes = &item.attrs;
        let mut serde = Self {
            is_derived: is_derived(item),
            serialize: None,
            is_wrong: says_anything(item) && check(item, errors).is_err(),
            rename_all: said(attributes, "rename_all"),
            renames_deserialize: false,
            krate: said(attributes, "crate"),
        };
        serde.serialize = derives(item).find(|path| {
            let path = path.to_token_stream().to_string().replace(' ', "");
            path == "Serialize" || path.ends_with("serde::Serialize")
        });
        if let Some(path) = &serde.serialize {
            errors.at(
                path,
                "`#[graph_action]` derives `Serialize` itself: leave it out here",
            );
        }
        // The other half is his own derive's.
        let is_for_deserialize = |meta: &Meta| {
            let text = meta.to_token_stream().to_string();
            text.contains("deserialize") && !text.replace("deserialize", "").contains("serialize")
        };
        let other_half = serde.rename_all.take_if(|meta| is_for_deserialize(meta));
        serde.renames_deserialize = other_half.is_some();
        if let Some(meta) = said(attributes, "remote") {
            errors.at(
                meta,
                "`remote` keeps serde from making the struct itself `Serialize`, and it is what is sent: leave it out",
            );
        }
        if let Some(meta) = &serde.rename_all {
            errors.at(
                meta,
                "`#[graph_action]` spells the fields in camelCase, as Graph does: leave this out, and write \
                 `#[serde(rename = \"...\")]` on a field that is spelled in another way",
            );
        }
        if let Some(meta) = &serde.krate {
            errors.at(
                meta,
                "`#[graph_action]` tells serde where it is: leave this out, and write \
                 `crate = ::path` in `#[graph_action(...)]` where the runtime crate is renamed",
            );
        }
        serde
    }
}

/// What the user derives.
fn derives(item: &DeriveInput) -> impl Iterator<Item = Path> {
    listed(&item.attrs, "derive")
}

/// What stands in the parentheses of the attributes of a name. What cannot be read is left to whoever reports it.
fn listed<T: Parse>(attributes: &[Attribute], name: &str) -> impl Iterator<Item = T> {
    let attributes = attributes.iter();
    let attributes = attributes.filter(move |attribute| attribute.path().is_ident(name));
    let lists = attributes.filter_map(|attribute| {
        let list = Punctuated::<T, Token![,]>::parse_terminated;
        attribute.parse_args_with(list).ok()
    });
    lists.flatten()
}

/// Whether serde's derive is to write `Serialize`. What is written here is for a struct of which no more is said than
/// cannot bear on it: no attribute or derive that is not known not to, and no type that has to be `Serialize` first.
fn is_derived(item: &DeriveInput) -> bool {
    const ATTRIBUTES: [&str; 11] = [
        "allow",
        "deny",
        "deprecated",
        "derive",
        "doc",
        "expect",
        "forbid",
        "graph",
        "must_use",
        "non_exhaustive",
        "warn",
    ];
    const DERIVES: [&str; 9] = [
        "Clone",
        "Copy",
        "Debug",
        "Default",
        "Eq",
        "Hash",
        "Ord",
        "PartialEq",
        "PartialOrd",
    ];
    let is_other = |path: &Path, names: &[&str]| !names.iter().any(|name| path.is_ident(name));
    match &item.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => {}
        Data::Struct(_) | Data::Enum(_) | Data::Union(_) => return true,
    }
    attributes(item).any(|attribute| is_other(attribute.path(), &ATTRIBUTES))
        || derives(item).any(|path| is_other(&path, &DERIVES))
        || item.generics.type_params().next().is_some()
}

/// Whether anything is said to serde, of the struct or of a field. Most actions say nothing, and to have serde read
/// them would cost the compiler as much as all that is read here.
fn says_anything(item: &DeriveInput) -> bool {
    let is_serde = |attribute: &Attribute| attribute.path().is_ident("serde");
    matches!(item.data, Data::Struct(_)) && attributes(item).any(is_serde)
}

/// Asks serde what it has to say about its attributes, since its own error would not stay the only one: a
/// struct that it refuses cannot be sent either.
fn check(item: &DeriveInput, errors: &mut Errors) -> Result<(), ()> {
    let context = Ctxt::new();
    let private = Ident::new("private", Span::call_site());
    Container::from_ast(&context, item, Derive::Serialize, &private);
    let Err(found) = context.check() else {
        return Ok(());
    };
    let mut result = Ok(());
    for error in found {
        let message = error.to_string();
        let message = if let Some(unknown) = message.strip_prefix("unknown serde ") {
            let name = unknown.split('`').nth(1).unwrap_or_default();
            // What is like nothing that is known here may be known to a newer serde.
            let Some(meant) = nearest(name, SERDE) else {
                continue;
            };
            match meant == name {
                true => format!("{message}: it has no meaning here, leave it out"),
                false => format!("{message}: did you mean `{meant}`?"),
            }
        } else {
            message
        };
        errors.push(syn::Error::new(error.span(), message));
        result = Err(());
    }
    result
}

/// The attributes of serde that bear on serializing a struct.
const SERDE: [&str; 18] = [
    "alias",
    "bound",
    "crate",
    "default",
    "deny_unknown_fields",
    "expecting",
    "flatten",
    "into",
    "rename",
    "rename_all",
    "serialize_with",
    "skip",
    "skip_deserializing",
    "skip_serializing",
    "skip_serializing_if",
    "tag",
    "transparent",
    "with",
];

/// What is said to serde under a name. What is wrong in it is reported by `check`.
pub(crate) fn said(attributes: &[Attribute], name: &str) -> Option<Meta> {
    listed(attributes, "serde").find(|meta: &Meta| meta.path().is_ident(name))
}

/// Whether the user himself keeps a field out of the body.
pub(crate) fn is_skipped(field: &Field) -> bool {
    let mut names = ["skip", "skip_serializing"].into_iter();
    names.any(|name| said(&field.attrs, name).is_some())
}
