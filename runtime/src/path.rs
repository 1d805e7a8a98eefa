//! Values into paths, arguments and queries.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::action::ApiVersion;
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

/// The same for a segment of a path within a path: there a `:` would end the inner one.
const REST: &AsciiSet = &SEGMENT.add(b':');

/// What must be encoded so that a value stays one value of a query: `/` and `?` are nothing special
/// there, `&` divides the pairs, and `+` means a space to many servers.
const QUERY: &AsciiSet = &SEGMENT.remove(b'/').remove(b'?').add(b'&').add(b'+');

/// A value that can stand in the path of a request, in its query and in its headers: a string, an
/// integer, a boolean, a [`Uuid`](uuid::Uuid), a date of the `chrono`, `jiff` or `time` crates (with
/// the feature of that name), or a type of yours that is displayed as Graph expects it:
///
/// ```
/// use std::fmt;
///
/// use graph_action::PathValue;
///
/// enum Period {
///     Week,
///     Month,
/// }
///
/// impl fmt::Display for Period {
///     fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
///         formatter.write_str(match self {
///             Self::Week => "D7",
///             Self::Month => "D30",
///         })
///     }
/// }
///
/// impl PathValue for Period {}
/// ```
///
/// What is written is percent-encoded, so that it stays within its place. A value that is empty, `.`,
/// `..` or holds a control character is refused when the request is sent, with
/// [`ErrorKind::Request`](crate::ErrorKind::Request).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in the path of a request",
    label = "not a path value",
    note = "a path value is a string, an integer, a boolean or a `Uuid`; implement `graph_action::PathValue` for a type of your own"
)]
pub trait PathValue: fmt::Display {
    /// Writes the value, without any encoding: as it is displayed, unless the type says otherwise.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{self}")
    }
}

macro_rules! displayed {
    ($($type:ty),*) => {$( impl PathValue for $type {} )*};
}
displayed!(bool, char, str, String, uuid::Uuid);
displayed!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

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

impl<T> PathValue for Cow<'_, T>
where
    T: PathValue + ToOwned + ?Sized,
    T::Owned: fmt::Display,
{
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        (**self).write(out)
    }
}

#[cfg(feature = "chrono")]
mod chrono_values {
    use std::fmt;

    use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone};

    use super::PathValue;

    impl PathValue for NaiveDate {}

    impl<Tz> PathValue for DateTime<Tz>
    where
        Tz: TimeZone,
        Tz::Offset: fmt::Display,
    {
        fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
            out.write_str(&self.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
    }
}

#[cfg(feature = "jiff")]
mod jiff_values {
    use super::PathValue;

    impl PathValue for jiff::civil::Date {}
    impl PathValue for jiff::Timestamp {}
}

#[cfg(feature = "time")]
mod time_values {
    use std::fmt;

    use time::format_description::well_known::Rfc3339;
    use time::{Date, OffsetDateTime};

    use super::PathValue;

    impl PathValue for Date {}

    impl PathValue for OffsetDateTime {
        fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
            out.write_str(&self.format(&Rfc3339).map_err(|_| fmt::Error)?)
        }
    }
}

/// A value of a function's argument, of a query or of a header: a [`PathValue`], an `Option` of one,
/// whose `None` drops the argument, the pair or the header, or a collection, which is joined with
/// commas.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument, a query value or a header of a request",
    label = "not a value",
    note = "a value is a `PathValue` (a string, an integer, a boolean, a `Uuid`), an `Option` of one, or a `Vec` or slice of them"
)]
pub trait QueryValue {
    /// The values that stand in its place.
    fn values(&self) -> Values<'_>;
}

/// What a [`QueryValue`] comes to.
#[non_exhaustive]
pub enum Values<'a> {
    /// Nothing: what it belongs to is left out.
    None,
    /// One value.
    One(&'a dyn PathValue),
    /// Several, to be joined with commas.
    Many(Vec<&'a dyn PathValue>),
}

impl<T: PathValue> QueryValue for T {
    fn values(&self) -> Values<'_> {
        Values::One(self)
    }
}

impl<T: QueryValue> QueryValue for Option<T> {
    fn values(&self) -> Values<'_> {
        self.as_ref().map_or(Values::None, QueryValue::values)
    }
}

macro_rules! collections {
    ($([$($generics:tt)*] $type:ty),*) => {$(
        impl<$($generics)*> QueryValue for $type {
            fn values(&self) -> Values<'_> {
                if self.is_empty() {
                    return Values::None;
                }
                Values::Many(self.iter().map(|value| value as &dyn PathValue).collect())
            }
        }
    )*};
}
collections!(
    [T: PathValue] Vec<T>,
    [T: PathValue] &Vec<T>,
    [T: PathValue] &[T],
    [T: PathValue, const N: usize] [T; N],
    [T: PathValue, const N: usize] &[T; N]
);

/// A piece of a request line, as the macro hands it over.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// Text of the declaration, sent as it is.
    Text(&'static str),
    /// `<name>` in a segment.
    Value(&'static str, &'a dyn PathValue),
    /// `<name..>`: the rest of a path, with its `/`.
    Rest(&'static str, &'a dyn PathValue),
    /// `(...)` of what is read: the arguments of a function, of which those with a name can be absent.
    Arguments(&'a [&'a [Piece<'a>]]),
    /// `(...)` of what is changed: the keys of a resource, which are always there.
    Keys(&'a [&'a [Piece<'a>]]),
    /// `?...`
    Query(&'a [&'a [Piece<'a>]]),
}

/// A piece of an argument or of a query's pair.
#[derive(Clone, Copy)]
pub enum Piece<'a> {
    /// Text of the declaration, sent as it is.
    Text(&'static str),
    /// `<name>`
    Bare(&'static str, &'a dyn QueryValue),
    /// `'<name>'`: the quotes are text, and those of the value are doubled.
    Quoted(&'static str, &'a dyn QueryValue),
    /// The value of a parameter alias, as JSON.
    Alias(&'static str, &'a Alias),
}

/// The value of a parameter alias: JSON, or why it is none.
pub struct Alias(Result<String, serde_json::Error>);

impl Alias {
    /// Writes a value as JSON.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::to_string(value))
    }
}

/// Renders path and query from their parts.
pub(crate) fn render(version: ApiVersion, parts: &[Part<'_>]) -> Result<String, Error> {
    let mut line = String::with_capacity(128);
    line.push('/');
    line.push_str(version.as_str());
    for part in parts {
        match part {
            Part::Text(text) => line.push_str(text),
            Part::Value(name, value) => {
                let start = line.len();
                write(name, *value, &mut Encoder::new(&mut line, SEGMENT))?;
                check_segment(name, &line[start..])?;
            }
            Part::Rest(name, value) => rest(name, *value, &mut line)?,
            Part::Arguments(arguments) => pairs(&mut line, arguments, Place::Arguments)?,
            Part::Keys(keys) => pairs(&mut line, keys, Place::Keys)?,
            Part::Query(query) => pairs(&mut line, query, Place::Query)?,
        }
    }
    Ok(line)
}

/// Adds a pair to the query of a rendered line.
pub(crate) fn append_query(
    line: &mut String,
    name: &str,
    value: &dyn QueryValue,
) -> Result<(), Error> {
    const NAME: &AsciiSet = &QUERY.add(b'=');
    if name.is_empty() {
        return Err(Error::request("a pair of the query has a name"));
    }
    let start = line.len();
    line.push(if line.contains('?') { '&' } else { '?' });
    line.extend(utf8_percent_encode(name, NAME));
    line.push('=');
    if name.starts_with('$') {
        // Graph refuses an option that stands twice.
        let pair = &line[start + 1..];
        if line[..start]
            .split(['?', '&'])
            .any(|other| other.starts_with(pair))
        {
            return Err(Error::request(format!(
                "`{name}` stands in the query already"
            )));
        }
    }
    let mut out = Encoder::new(line, QUERY);
    if !join(name, value, &mut out)? {
        line.truncate(start);
    }
    Ok(())
}

/// Renders a value that stands on its own, for a header; `None` if it is left out.
pub(crate) fn plain(name: &str, value: &dyn QueryValue) -> Result<Option<String>, Error> {
    let mut text = String::new();
    let mut out = Encoder {
        line: &mut text,
        encoded: None,
        doubles_quotes: false,
    };
    let is_there = join(name, value, &mut out)?;
    Ok(is_there.then_some(text))
}

/// Renders the value of `<name..>`, each of its segments like one value.
fn rest(name: &str, value: &dyn PathValue, line: &mut String) -> Result<(), Error> {
    let mut path = String::new();
    value
        .write(&mut path)
        .map_err(|_| refused(name, "it cannot be displayed"))?;
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            line.push('/');
        }
        let start = line.len();
        write(name, &segment, &mut Encoder::new(line, REST))?;
        check_segment(name, &line[start..])?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Arguments,
    Keys,
    Query,
}

impl Place {
    /// Whether a pair may be left out: not a key, since the line without it is that of another resource.
    fn can_lack(self, pieces: &[Piece<'_>]) -> bool {
        match self {
            Self::Arguments => {
                matches!(pieces.first(), Some(Piece::Text(text)) if text.contains('='))
            }
            Self::Keys => false,
            Self::Query => true,
        }
    }
}

/// Renders the pairs that are there between `(` and `)`, or behind `?`; nothing if there are none.
fn pairs(line: &mut String, pairs: &[&[Piece<'_>]], place: Place) -> Result<(), Error> {
    let (open, divider) = match place {
        Place::Arguments | Place::Keys => ('(', ','),
        Place::Query => ('?', '&'),
    };
    let mut next = open;
    for pieces in pairs {
        let start = line.len();
        line.push(next);
        if pair(line, pieces, place)? {
            next = divider;
        } else if place.can_lack(pieces) {
            line.truncate(start);
        } else {
            let name = pieces.iter().find_map(|piece| match piece {
                Piece::Bare(name, _) | Piece::Quoted(name, _) => Some(*name),
                Piece::Text(_) | Piece::Alias(..) => None,
            });
            return Err(refused(
                name.unwrap_or_default(),
                "a key cannot be left out",
            ));
        }
    }
    if place != Place::Query && next == divider {
        line.push(')');
    }
    Ok(())
}

/// Renders one pair; `false` if a value of it is left out.
fn pair(line: &mut String, pieces: &[Piece<'_>], place: Place) -> Result<bool, Error> {
    let is_query = place == Place::Query;
    let set = if is_query { QUERY } else { SEGMENT };
    for piece in pieces {
        match piece {
            Piece::Text(text) => line.push_str(text),
            Piece::Quoted(name, value) => {
                let mut out = Encoder {
                    line,
                    encoded: Some(set),
                    doubles_quotes: true,
                };
                if !join(name, *value, &mut out)? {
                    return Ok(false);
                }
            }
            Piece::Bare(name, value) => {
                let start = line.len();
                if !is_query && matches!(value.values(), Values::Many(_)) {
                    return Err(refused(
                        name,
                        "it is several values: declare it under an alias, `name=@name` and `?@name=<name>`",
                    ));
                }
                if !join(name, *value, &mut Encoder::new(line, set))? {
                    return Ok(false);
                }
                if !is_query && line.len() == start {
                    return Err(refused(name, "it is empty"));
                }
                if !is_query && line[start..].contains(['\'', '(', ')', ',', '=', '%', '@']) {
                    return Err(refused(
                        name,
                        "without quotes around its placeholder it could be read as another argument",
                    ));
                }
            }
            Piece::Alias(name, json) => {
                let json = json
                    .0
                    .as_ref()
                    .map_err(|_| refused(name, "it cannot be written as JSON"))?;
                line.extend(utf8_percent_encode(json, QUERY));
            }
        }
    }
    Ok(true)
}

/// Writes one value, or several with commas between them; `false` if there is none.
fn join(name: &str, value: &dyn QueryValue, out: &mut Encoder<'_>) -> Result<bool, Error> {
    match value.values() {
        Values::None => return Ok(false),
        Values::One(value) => write(name, value, out)?,
        Values::Many(values) => {
            for (index, value) in values.into_iter().enumerate() {
                if index > 0 {
                    out.line.push(',');
                }
                write(name, value, out)?;
            }
        }
    }
    Ok(true)
}

fn write(name: &str, value: &dyn PathValue, out: &mut Encoder<'_>) -> Result<(), Error> {
    value
        .write(out)
        .map_err(|_| refused(name, "it holds a control character"))
}

fn check_segment(name: &str, segment: &str) -> Result<(), Error> {
    match segment {
        "" => Err(refused(name, "it is empty")),
        "." | ".." => Err(refused(name, "it would lead to another path")),
        _ => Ok(()),
    }
}

fn refused(name: &str, why: &str) -> Error {
    Error::request(format!("the value of `{name}` cannot be sent: {why}"))
}

/// Encodes what is written, and fails at a control character.
struct Encoder<'a> {
    line: &'a mut String,
    encoded: Option<&'static AsciiSet>,
    doubles_quotes: bool,
}

impl<'a> Encoder<'a> {
    fn new(line: &'a mut String, encoded: &'static AsciiSet) -> Self {
        Self {
            line,
            encoded: Some(encoded),
            doubles_quotes: false,
        }
    }
}

impl fmt::Write for Encoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        // Without an end before the end, so that many bytes are looked at in one instruction.
        if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            // An id, most often, in which nothing is encoded anywhere.
            self.line.push_str(text);
            return Ok(());
        }
        if text.contains(char::is_control) {
            return Err(fmt::Error);
        }
        let text = if self.doubles_quotes && text.contains('\'') {
            Cow::Owned(text.replace('\'', "''"))
        } else {
            Cow::Borrowed(text)
        };
        match self.encoded {
            Some(encoded) => self.line.extend(utf8_percent_encode(&text, encoded)),
            None => self.line.push_str(&text),
        }
        Ok(())
    }
}
