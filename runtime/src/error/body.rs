//! `ErrorBody`: what Graph says of an error, in whatever shape it comes.
//!
//! See [Microsoft Graph error responses](https://learn.microsoft.com/graph/errors). The names of the
//! properties are compared without regard to capitals, since some clouds write them in others.

use std::collections::VecDeque;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep inner errors are read, and how many details.
const MAX_DEPTH: usize = 16;
const MAX_DETAILS: usize = 64;

/// The `error` of an answer, as far as it is one.
#[derive(Debug, Default)]
pub(crate) struct ErrorBody {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) details: Vec<ErrorDetail>,
    pub(crate) inner_error: Option<InnerError>,
}

/// The inner error of a Graph error: the same failure, told more exactly.
///
/// See [Microsoft Graph error responses](https://learn.microsoft.com/graph/errors).
#[derive(Debug, Clone)]
pub struct InnerError {
    code: Option<String>,
    message: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) client_request_id: Option<String>,
    inner_error: Option<Box<InnerError>>,
}

impl InnerError {
    /// The code, more exact than the one of the error that holds it.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The message, where the service adds one.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The inner error of this one. Of those that are very deep the deepest are left out.
    pub fn inner_error(&self) -> Option<&InnerError> {
        self.inner_error.as_deref()
    }
}

/// One of several failures that an error of Graph is about.
#[derive(Debug, Clone)]
pub struct ErrorDetail {
    code: Option<String>,
    message: Option<String>,
    target: Option<String>,
}

impl ErrorDetail {
    /// The code.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The message.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What it is about: a property, most often.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }
}

impl ErrorBody {
    /// Reads the body of an answer; of one that is no error of Graph it holds nothing.
    pub(crate) fn read(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let body = Object::read(body.trim_start_matches('\u{feff}'));
        let Some(error) = body.get("error") else {
            return Self::default();
        };
        if let Ok(code) = serde_json::from_str(error) {
            // As the identity platform and some gateways have it.
            return Self {
                code: Some(code),
                message: body.text("error_description"),
                ..Self::default()
            };
        }
        let error = Object::read(error);
        let details: Vec<&RawValue> = error.get("details").map_or_else(Vec::new, |details| {
            serde_json::from_str(details).unwrap_or_default()
        });
        let details = details.into_iter().take(MAX_DETAILS).map(|detail| {
            let detail = Object::read(detail.get());
            ErrorDetail {
                code: detail.text("code"),
                message: detail.text("message"),
                target: detail.text("target"),
            }
        });
        Self {
            code: error.text("code"),
            message: error.text("message"),
            target: error.text("target"),
            details: details.collect(),
            inner_error: inner_error(&error),
        }
    }
}

fn inner_error(error: &Object<'_>) -> Option<InnerError> {
    let mut levels = VecDeque::new();
    let mut next = error.get("innererror").map(Object::read);
    while let Some(level) = next.filter(|_| levels.len() < MAX_DEPTH) {
        levels.push_front(InnerError {
            code: level.text("code"),
            message: level.text("message"),
            request_id: level.text("request-id"),
            client_request_id: level.text("client-request-id"),
            inner_error: None,
        });
        next = level.get("innererror").map(Object::read);
    }
    levels.into_iter().reduce(|inner, mut outer| {
        outer.inner_error = Some(Box::new(inner));
        outer
    })
}

/// The properties of a JSON object, each unread.
#[derive(Default)]
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The object that `json` is; an empty one, if it is none.
    fn read(json: &'a str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let mut properties = self.0.iter();
        let (_, value) = properties.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.get())
    }

    /// A property that is a text that says something, whatever else it may be.
    fn text(&self, name: &str) -> Option<String> {
        let text: String = serde_json::from_str(self.get(name)?).ok()?;
        (!text.is_empty()).then_some(text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Properties;

        impl<'de> Visitor<'de> for Properties {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut properties = Vec::new();
                while let Some(property) = map.next_entry()? {
                    properties.push(property);
                }
                Ok(Object(properties))
            }
        }

        deserializer.deserialize_map(Properties)
    }
}
