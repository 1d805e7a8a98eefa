//! `ParamField`: what each field is, and where it goes.

use darling::{FromAttributes, util::Ignored};
use syn::ext::IdentExt as _;
use syn::{Field, Ident, Type};

use crate::path::PathTemplate;

/// A field of the annotated struct.
pub(crate) struct ParamField<'a> {
    pub(crate) field: &'a Field,
    pub(crate) ident: &'a Ident,
    pub(crate) placement: Placement,
}

/// Where the value of a field goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Into the placeholder of the same name.
    Path,
    /// Into the JSON body.
    Body,
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
    pub(crate) fn new(field: &'a Field, template: &PathTemplate) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let name = ident.unraw().to_string();
        let placement = if template
            .placeholders()
            .any(|placeholder| placeholder == name)
        {
            Placement::Path
        } else {
            Placement::Body
        };
        Some(Self {
            field,
            ident,
            placement,
        })
    }

    /// Whether the macro has to say that `None` is left out of the body.
    pub(crate) fn leaves_out_none(&self) -> bool {
        // A mistake in a serde attribute is serde's to report.
        let serde = SerdeField::from_attributes(&self.field.attrs).unwrap_or_default();
        let is_settled = serde.skip.is_some()
            || serde.skip_serializing.is_some()
            || serde.skip_serializing_if.is_some()
            || serde.flatten.is_some();
        self.placement == Placement::Body && is_option(&self.field.ty) && !is_settled
    }
}

/// Whether `ty` is written as `Option<...>`, with or without a path before it.
pub(crate) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "Option"),
        Type::Group(group) => is_option(&group.elem),
        _ => false,
    }
}
