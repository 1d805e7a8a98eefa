//! `ParamField`: what each field is, and where it goes.

use proc_macro2::{TokenStream, TokenTree};
use serde_derive_internals::attr::RenameRule;
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Field, Ident, Lit, LitStr, Meta, MetaNameValue, Token, Type};

use crate::errors::{Errors, nearest};
use crate::path::Position;
use crate::serde_attrs::{is_skipped, said};

/// A field of the annotated struct.
pub(crate) struct ParamField<'a> {
    pub(crate) field: &'a Field,
    pub(crate) ident: &'a Ident,
    pub(crate) placement: Placement,
}

/// Where the value of a field goes.
pub(crate) enum Placement {
    /// Into the placeholder of the same name.
    Placeholder(Position),
    /// Into the header of this name.
    Header(LitStr),
    /// It is the whole body: JSON, or as it is, of this content type.
    Body(Option<LitStr>),
    /// Into the JSON body, as a property.
    Property,
    /// Nowhere, since the user says so to serde.
    Skipped,
}

impl<'a> ParamField<'a> {
    /// `None` for a field without a name, which no declaration has.
    pub(crate) fn new(
        field: &'a Field,
        placeholders: &[(String, Position)],
        errors: &mut Errors,
    ) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let name = ident.unraw().to_string();
        let position = placeholders
            .iter()
            .find(|(placeholder, _)| *placeholder == name)
            .map(|(_, position)| *position);
        check_conditions(field, errors);
        let placement = placement(field, errors);
        let is_right = !matches!(placement, Some(Placement::Skipped));
        if let (Some(_), Some(_), true) = (position, &placement, is_right) {
            errors.at(
                ident,
                format!("`{name}` has two places: leave out `#[graph(...)]`, or `<{name}>` in the request line"),
            );
        }
        let placement = match (position, placement) {
            (Some(position), _) => Placement::Placeholder(position),
            (None, Some(placement)) => placement,
            (None, None) if is_skipped(field) => Placement::Skipped,
            (None, None) => Placement::Property,
        };
        check_serde(field, &name, &placement, errors);
        Some(Self {
            field,
            ident,
            placement,
        })
    }

    /// Whether the field is a property of the JSON body.
    pub(crate) fn is_property(&self) -> bool {
        matches!(self.placement, Placement::Property)
    }

    /// The name in camelCase as serde has it, or else as it is.
    pub(crate) fn spelling(&self) -> String {
        let name = self.ident.unraw().to_string();
        match has_camel_case(&name) {
            true => RenameRule::CamelCase.apply_to_field(&name),
            false => name,
        }
    }

    /// Whether serde, which panics over it, is to be told another name than that in camelCase.
    pub(crate) fn lacks_spelling(&self) -> bool {
        !has_camel_case(&self.ident.unraw().to_string())
            && said(&self.field.attrs, "rename").is_none()
    }

    /// The type that says by itself when the property is left out of the body, if it is one.
    pub(crate) fn leaves_out(&self) -> Option<Absence> {
        let has = |name| said(&self.field.attrs, name).is_some();
        if !self.is_property() || has("skip_serializing_if") || has("flatten") {
            None
        } else if is_named(&self.field.ty, "Option") {
            Some(Absence::Option)
        } else if is_named(&self.field.ty, "Nullable") {
            Some(Absence::Nullable)
        } else {
            None
        }
    }
}

/// A type with a value that is left out.
pub(crate) enum Absence {
    Option,
    Nullable,
}

/// Reports what is said to serde about a field of which serde sends nothing.
fn check_serde(field: &Field, name: &str, placement: &Placement, errors: &mut Errors) {
    let (of_body, place) = match placement {
        Placement::Property | Placement::Skipped => return,
        Placement::Body(_) => (
            Some("with"),
            "is the whole body, sent as its own type has it",
        ),
        Placement::Placeholder(_) | Placement::Header(_) => (None, "is no property of the body"),
    };
    let useless = ["serialize_with", "skip_serializing_if", "flatten"];
    for useless in useless.into_iter().chain(of_body) {
        if let Some(meta) = said(&field.attrs, useless) {
            errors.at(
                meta,
                format!("`{name}` {place}: leave out `{useless}`, and give the field a type that is written as Graph expects it"),
            );
        }
    }
}

/// Whether a name has a first letter that can be made small.
fn has_camel_case(name: &str) -> bool {
    let first = name.trim_start_matches('_').chars().next();
    first.is_some_and(|first| first.is_ascii())
}

/// Reports what is said under a condition, and would have to be known here.
fn check_conditions(field: &Field, errors: &mut Errors) {
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| is_conditional(attribute))
    {
        errors.at(
            attribute,
            "where a field goes cannot depend on a condition: write this without `cfg_attr`, and put a `#[cfg]` \
             on the struct",
        );
    }
}

/// Whether an attribute says under a condition where a field goes.
pub(crate) fn is_conditional(attribute: &Attribute) -> bool {
    const PLACES: [&str; 6] = [
        "skip",
        "skip_serializing",
        "skip_serializing_if",
        "serialize_with",
        "with",
        "flatten",
    ];
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let has = |words| has_word(&list.tokens, words);
    attribute.path().is_ident("cfg_attr") && (has(&["graph"]) || has(&["serde"]) && has(&PLACES))
}

fn has_word(tokens: &TokenStream, words: &[&str]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => has_word(&group.stream(), words),
        TokenTree::Ident(ident) => words.iter().any(|word| ident == word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

const PLACES: &str = "write `#[graph(header = \"If-Match\")]`, `#[graph(body)]` or `#[graph(body = \"text/plain\")]`";

/// What `#[graph(...)]` says of the place of a field; after an error, that it has none.
fn placement(field: &Field, errors: &mut Errors) -> Option<Placement> {
    let mut placements = Vec::new();
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("graph"))
    {
        let entries = match &attribute.meta {
            Meta::List(_) => {
                attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            }
            Meta::Path(_) | Meta::NameValue(_) => Ok(Punctuated::new()),
        };
        match entries {
            Ok(entries) if entries.is_empty() => {
                errors.at(attribute, format!("a field has one place: {PLACES}"));
                placements.push(Placement::Skipped);
            }
            Ok(entries) => {
                for entry in entries {
                    let is_first = placements.is_empty();
                    placements.push(place(&entry, field, errors));
                    if !is_first {
                        errors.at(
                            entry,
                            "a field has one place: leave out this one, or the first",
                        );
                    }
                }
            }
            Err(error) => {
                errors.push(syn::Error::new(
                    error.span(),
                    format!("a field has one place: {PLACES}"),
                ));
                placements.push(Placement::Skipped);
            }
        }
    }
    placements.into_iter().next()
}

/// One entry of `#[graph(...)]`.
fn place(entry: &Meta, field: &Field, errors: &mut Errors) -> Placement {
    let key = entry
        .path()
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default();
    let value = match entry {
        Meta::NameValue(MetaNameValue {
            value:
                Expr::Lit(ExprLit {
                    lit: Lit::Str(value),
                    ..
                }),
            ..
        }) => Some(value),
        Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => None,
    };
    let error = match (key.as_str(), value, entry) {
        ("header", Some(header), _) => {
            if let Err(message) = check_header(&header.value()) {
                errors.at(header, message);
            }
            return Placement::Header(header.clone());
        }
        ("body", Some(content_type), _) => {
            if !is_media_type(&content_type.value()) {
                errors.at(
                    content_type,
                    "this is no media type: write it as in `#[graph(body = \"text/plain\")]`",
                );
            }
            return Placement::Body(Some(content_type.clone()));
        }
        ("body", None, Meta::Path(_)) => return Placement::Body(None),
        ("header", None, _) => {
            "`header` takes its name in quotes: write `#[graph(header = \"If-Match\")]`".to_owned()
        }
        ("body", None, _) => {
            "`body` takes a content type in quotes: write `#[graph(body = \"text/plain\")]`, or \
             `#[graph(body)]` for JSON"
                .to_owned()
        }
        ("path" | "query" | "placeholder" | "param", ..) => {
            let name = field
                .ident
                .as_ref()
                .map(|ident| ident.unraw().to_string())
                .unwrap_or_default();
            format!(
                "a value of the path or the query has its place in the request line: write `<{name}>` there, and \
                 leave out `#[graph(...)]`"
            )
        }
        ("skip", ..) => {
            "a field that is not sent is serde's to skip: write `#[serde(skip)]`".to_owned()
        }
        ("rename" | "name", ..) => {
            "a property's name is serde's to say: write `#[serde(rename = \"...\")]`".to_owned()
        }
        _ => match nearest(&key.to_ascii_lowercase(), ["header", "body"]) {
            Some(meant) => format!("there is no `{key}`: did you mean `{meant}`?"),
            None => format!("there is no such place: {PLACES}"),
        },
    };
    errors.at(entry, error);
    Placement::Skipped
}

/// Checks the name of a header: RFC 9110 section 5.6.2, and none that the client sets itself.
fn check_header(name: &str) -> Result<(), String> {
    let is_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(format!(
            "`{name}` cannot be the name of a header: write it as in `\"If-Match\"`"
        ));
    }
    match name.to_ascii_lowercase().as_str() {
        "content-type" => Err("the body says its type: write `#[graph(body = \"text/plain\")]` on the field that is the body".to_owned()),
        "authorization" | "client-request-id" | "connection" | "content-length" | "host" | "te" | "trailer"
        | "transfer-encoding" | "upgrade" => {
            Err(format!("the client sets `{name}` itself: leave the field out"))
        }
        _ => Ok(()),
    }
}

/// Whether a content type is written as `type/subtype`, with parameters or without.
fn is_media_type(value: &str) -> bool {
    let is_text = value
        .chars()
        .all(|char| char.is_ascii_graphic() || char == ' ');
    is_text
        && value
            .split_once('/')
            .is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty())
}

/// Whether `ty` is written as `name<...>`, with or without a path before it.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        Type::Group(group) => is_named(&group.elem, name),
        _ => false,
    }
}
