//! `ParamField`: what each field is, and where it goes.

use darling::FromAttributes;
use darling::util::{Ignored, Override};
use syn::ext::IdentExt as _;
use syn::{Field, Ident, LitStr, Type};

use crate::errors::Errors;
use crate::path::{PathTemplate, Position};

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

/// `#[graph(...)]`, as written.
#[derive(Default, FromAttributes)]
#[darling(attributes(graph), default)]
struct GraphField {
    header: Option<LitStr>,
    body: Option<Override<LitStr>>,
}

/// What the user says to serde about a field, as far as it bears on what the macro adds.
#[derive(Default, FromAttributes)]
#[darling(attributes(serde), allow_unknown_fields, default)]
struct SerdeField {
    skip: Option<Ignored>,
    skip_serializing: Option<Ignored>,
    skip_serializing_if: Option<Ignored>,
    flatten: Option<Ignored>,
}

impl<'a> ParamField<'a> {
    /// `None` for a field without a name, which no declaration has.
    pub(crate) fn new(
        field: &'a Field,
        template: &PathTemplate,
        errors: &mut Errors,
    ) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let name = ident.unraw().to_string();
        let position = template
            .placeholders()
            .find(|(placeholder, _)| *placeholder == name)
            .map(|(_, position)| position);
        let placement = placement(field, errors);
        if let (Some(_), Some(_)) = (position, &placement) {
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

    /// The type that says by itself when the property is left out of the body, if it is one.
    pub(crate) fn leaves_out(&self) -> Option<Absence> {
        let serde = SerdeField::of(self.field);
        if !self.is_property() || serde.skip_serializing_if.is_some() || serde.flatten.is_some() {
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

impl SerdeField {
    fn of(field: &Field) -> Self {
        // A mistake in a serde attribute is serde's to report.
        Self::from_attributes(&field.attrs).unwrap_or_default()
    }
}

/// Whether the user himself keeps a field out of the body.
pub(crate) fn is_skipped(field: &Field) -> bool {
    let serde = SerdeField::of(field);
    serde.skip.is_some() || serde.skip_serializing.is_some()
}

/// A type with a value that is left out.
pub(crate) enum Absence {
    Option,
    Nullable,
}

/// What `#[graph(...)]` says of the place of a field; after an error, that it has none.
fn placement(field: &Field, errors: &mut Errors) -> Option<Placement> {
    let mut attributes = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("graph"));
    let attribute = attributes.next()?;
    match GraphField::from_attributes(&field.attrs) {
        Ok(GraphField {
            header: Some(header),
            body: None,
        }) => {
            if let Err(message) = check_header(&header.value()) {
                errors.at(&header, message);
            }
            Some(Placement::Header(header))
        }
        Ok(GraphField {
            header: None,
            body: Some(body),
        }) => {
            let content_type = body.explicit();
            if let Some(value) = content_type
                .as_ref()
                .filter(|value| !is_media_type(&value.value()))
            {
                errors.at(
                    value,
                    "this is no media type: write it as in `#[graph(body = \"text/plain\")]`",
                );
            }
            Some(Placement::Body(content_type))
        }
        Ok(_) => {
            errors.at(
                attribute,
                "a field has one place: write `#[graph(header = \"If-Match\")]` or `#[graph(body)]`",
            );
            Some(Placement::Skipped)
        }
        Err(error) => {
            errors.push(syn::Error::new(
                error.span(),
                format!(
                    "{error}: write `#[graph(header = \"If-Match\")]`, `#[graph(body)]` or \
                     `#[graph(body = \"text/plain\")]`"
                ),
            ));
            Some(Placement::Skipped)
        }
    }
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
