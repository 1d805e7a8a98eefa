//! Values into paths.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::Error;

/// What must be encoded so that a value stays one segment: all but the characters of RFC 3986's
/// `pchar`, which Graph's reference leaves as they are (`19:…@thread.tacv2`, `AAMk…=`).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A value that can stand in the path of a request: a string, an integer, a boolean, a
/// [`Uuid`](uuid::Uuid), or a type of yours that is written as Graph expects it:
///
/// ```
/// use std::fmt;
///
/// use graph_action::PathValue;
///
/// /// The name of a security group.
/// struct GroupId(u32);
///
/// impl PathValue for GroupId {
///     fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
///         write!(out, "group-{}", self.0)
///     }
/// }
/// ```
///
/// What is written is percent-encoded, so that it stays within its segment. A value that is empty,
/// `.`, `..` or holds a control character is refused when the request is sent, with
/// [`ErrorKind::Request`](crate::ErrorKind::Request).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in the path of a request",
    label = "not a path value",
    note = "a path value is a string, an integer, a boolean or a `Uuid`; implement `graph_action::PathValue` for a type of your own"
)]
pub trait PathValue {
    /// Writes the value, without any encoding.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result;
}

macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl PathValue for $type {
            fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
                write!(out, "{self}")
            }
        }
    )*};
}
displayed!(
    bool,
    char,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    uuid::Uuid
);

impl PathValue for str {
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(self)
    }
}

impl PathValue for String {
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(self)
    }
}

macro_rules! pointers {
    ($($type:ty),*) => {$(
        impl<T: PathValue + ?Sized> PathValue for $type {
            fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
                (**self).write(out)
            }
        }
    )*};
}
pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: PathValue + ToOwned + ?Sized> PathValue for Cow<'_, T> {
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        (**self).write(out)
    }
}

/// A piece of a request line, as the macro hands it over.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// Text of the declaration, sent as it is.
    Text(&'static str),
    /// A placeholder's name and value.
    Value(&'static str, &'a dyn PathValue),
}

/// Renders a path from its parts.
pub(crate) fn render(parts: &[Part<'_>]) -> Result<String, Error> {
    let mut path = String::with_capacity(128);
    for part in parts {
        match part {
            Part::Text(text) => path.push_str(text),
            Part::Value(name, value) => {
                let start = path.len();
                value
                    .write(&mut Segment(&mut path))
                    .map_err(|_| refused(name, "it holds a control character"))?;
                match &path[start..] {
                    "" => return Err(refused(name, "it is empty")),
                    "." | ".." => return Err(refused(name, "it would lead to another path")),
                    _ => {}
                }
            }
        }
    }
    Ok(path)
}

fn refused(name: &str, why: &str) -> Error {
    Error::request(format!(
        "the value of `<{name}>` cannot stand in a path: {why}"
    ))
}

/// Percent-encodes what is written, and fails at a control character.
struct Segment<'a>(&'a mut String);

impl fmt::Write for Segment<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.contains(char::is_control) {
            return Err(fmt::Error);
        }
        self.0.extend(utf8_percent_encode(text, SEGMENT));
        Ok(())
    }
}
