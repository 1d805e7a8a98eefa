//! `Flags`: several members of an enumeration as one value.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::PathValue;

/// Members of a flags enumeration, which Graph writes as one text with commas: `"apps,tabs"`.
///
/// ```
/// use std::fmt;
///
/// use graph_action::{Flags, PathValue, graph_action};
///
/// #[graph_action(post = "/teams/<id>/clone", scope = "Team.Create")]
/// struct CloneTeam {
///     parts_to_clone: Flags<Part>,
/// }
///
/// enum Part {
///     Apps,
///     Tabs,
/// }
///
/// impl fmt::Display for Part {
///     fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
///         formatter.write_str(match self {
///             Self::Apps => "apps",
///             Self::Tabs => "tabs",
///         })
///     }
/// }
///
/// impl PathValue for Part {}
///
/// let clone = CloneTeam { parts_to_clone: Flags(vec![Part::Apps, Part::Tabs]) };
/// let request = clone.request("id");
/// assert_eq!(request.body(), Some(br#"{"partsToClone":"apps,tabs"}"#.as_slice()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Flags<T>(pub Vec<T>);

impl<T: PathValue> fmt::Display for Flags<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, flag) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            flag.write(formatter)?;
        }
        Ok(())
    }
}

impl<T: PathValue> PathValue for Flags<T> {}

impl<T: PathValue> Serialize for Flags<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Flags<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let flag = |name| T::deserialize(StrDeserializer::<serde::de::value::Error>::new(name));
        let flags = names.map(flag).collect::<Result<_, _>>();
        // The error quotes the answer.
        flags
            .map(Self)
            .map_err(|_| D::Error::custom("a flag that the type does not have"))
    }
}
