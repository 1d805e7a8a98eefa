//! `Nullable`: a property that can be left out, `null`, or a value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A property of a body that can be left out, be `null`, or have a value: what an `Option` cannot say.
///
/// Graph's `PATCH` leaves a property that is left out as it is, and clears one that is `null`.
///
/// ```
/// use graph_action::{Nullable, graph_action};
///
/// #[graph_action(patch = "/users/<id>", scope = "User.ReadWrite.All")]
/// #[derive(Default)]
/// struct UpdateUser {
///     job_title: Nullable<String>,
///     office_location: Nullable<String>,
///     mobile_phone: Nullable<String>,
/// }
///
/// let update = UpdateUser {
///     job_title: Nullable::Value("Driver".to_owned()),
///     office_location: Nullable::Null,
///     ..UpdateUser::default()
/// };
/// let request = update.request("adele");
/// assert_eq!(request.body(), Some(br#"{"jobTitle":"Driver","officeLocation":null}"#.as_slice()));
/// ```
///
/// In a struct of yours that is nested in a body, or read from an answer, say
/// `#[serde(default, skip_serializing_if = "Nullable::is_absent")]` on the field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nullable<T> {
    /// Left out.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Whether it is left out.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, if it has one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Where it is not left out, `null` comes nearest.
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Null, Self::Value))
    }
}
