//! `Properties`: the JSON object of an action's properties.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::nullable::Nullable;

/// An object that is being written, or the error that ended it.
///
/// The generated `Serialize` is one chain of these methods, which cost the compiler a third of the same statements with
/// `?`, as serde's derive has them.
pub struct Properties<S: Serializer>(Result<S::SerializeMap, S::Error>);

impl<S: Serializer> Properties<S> {
    /// An object without properties.
    pub fn of(serializer: S) -> Self {
        Self(serializer.serialize_map(None))
    }

    /// Writes a property.
    pub fn with<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Self {
        Self(self.0.and_then(|mut object| {
            object.serialize_entry(name, value)?;
            Ok(object)
        }))
    }

    /// Writes a property, unless it is left out.
    pub fn with_option<T: Serialize>(self, name: &'static str, value: &Option<T>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Writes a property, unless it is left out.
    pub fn with_nullable<T: Serialize>(self, name: &'static str, value: &Nullable<T>) -> Self {
        match value {
            Nullable::Absent => self,
            Nullable::Null | Nullable::Value(_) => self.with(name, value),
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    ///
    /// The first of those that the serializer had for it, after which nothing more was written.
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.0.and_then(SerializeMap::end)
    }
}
