//! `Properties`: the JSON object of an action's properties.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::nullable::Nullable;

/// What `serialize` returns. An associated type of the serializer would be an error more where `crate = ...` leads nowhere.
pub type Serialized<S> = Result<<S as Serializer>::Ok, <S as Serializer>::Error>;

/// Begins an object. The compiler names what is behind it, and no path to it, in its errors.
pub fn properties<S: Serializer>(serializer: S) -> Properties<S> {
    Properties(serializer.serialize_map(None))
}

/// An object that is being written, or the error that ended it.
///
/// The generated `Serialize` is one chain of these methods, which cost the compiler a third of the same statements with
/// `?`, as serde's derive has them.
pub struct Properties<S: Serializer>(Result<S::SerializeMap, S::Error>);

impl<S: Serializer> Properties<S> {
    /// Writes a property.
    pub fn with<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Self {
        Self(self.0.and_then(|mut object| {
            object.serialize_entry(name, value)?;
            Ok(object)
        }))
    }

    /// Writes a property, unless it is left out.
    pub fn with_optional<T: Serialize + Optional>(self, name: &'static str, value: &T) -> Self {
        match value.is_absent() {
            true => self,
            false => self.with(name, value),
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    ///
    /// The first of those that the serializer had for it, after which nothing more was written.
    pub fn end(self) -> Serialized<S> {
        self.0.and_then(SerializeMap::end)
    }
}

/// A type with a value that is left out. The macro knows it by its name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is another type than the one that says what is left out of a body",
    label = "not the one of this name",
    note = "give it another name, or say `#[serde(skip_serializing_if = \"...\")]` of the field"
)]
pub trait Optional {
    /// Whether it has that value.
    fn is_absent(&self) -> bool;
}

impl<T> Optional for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Optional for Nullable<T> {
    fn is_absent(&self) -> bool {
        Nullable::is_absent(self)
    }
}
