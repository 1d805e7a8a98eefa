//! An error as a sentence that a person can act on.

use std::fmt;

use super::{Error, Permitted};

/// How much of a service's words is printed, in characters.
const MAX_WORDS: usize = 2000;

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some((method, path, version)) = &inner.call {
            write!(formatter, "{method} {path} ({version}): ")?;
        }
        formatter.write_str(&printable(&inner.what))?;
        if let Some(status) = inner.status {
            write!(formatter, ": {status}")?;
        }
        if let Some(code) = &inner.code {
            write!(formatter, ", {}", printable(code))?;
        }
        if let Some(message) = &inner.message {
            write!(formatter, ": {}", printable(message))?;
        }
        if let Some(mend) = inner.sign_in.mend {
            write!(formatter, "; {mend}")?;
        }
        if let Some(permissions) = &inner.permissions {
            write!(formatter, "; {permissions}")?;
        }
        if let Some(wait) = inner.retry_after {
            write!(formatter, "; the service asks to wait {wait:?}")?;
        }
        if inner.attempts > 1 {
            write!(formatter, "; sent {} times", inner.attempts)?;
        }
        if inner.is_outcome_unknown {
            formatter.write_str("; it may have been carried out: look before it is sent again")?;
        }
        let ids = [
            ("request-id", &inner.request_id),
            ("client-request-id", &inner.client_request_id),
        ];
        let known = ids
            .iter()
            .filter_map(|(name, id)| Some((name, id.as_ref()?)));
        // The service's own id is enough, unless somebody has to look for what became of the call.
        let wanted = if inner.is_outcome_unknown { 2 } else { 1 };
        let known: Vec<String> = known
            .take(wanted)
            .map(|(name, id)| format!("{name} {}", printable(id)))
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({})", known.join(", "))
    }
}

/// The same sentence, with what it leaves out.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut debug = formatter.debug_struct("Error");
        debug.field("kind", &inner.kind);
        debug.field("what", &format_args!("{self}"));
        if let Some(error) = &inner.inner_error {
            debug.field("inner_error", error);
        }
        if !inner.details.is_empty() {
            debug.field("details", &inner.details);
        }
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

/// What a terminal would obey is no part of a sentence, and what fills it is none either.
pub(crate) fn printable(text: &str) -> String {
    cut(text, MAX_WORDS)
}

/// A word of an answer, as one word of a sentence.
pub(crate) fn word(text: &str) -> String {
    cut(text, 64)
}

fn cut(text: &str, length: usize) -> String {
    let end = text.char_indices().nth(length).map(|(end, _)| end);
    let mut printable = text[..end.unwrap_or(text.len())].replace(char::is_control, " ");
    if end.is_some() {
        printable.push('…');
    }
    printable
}

impl fmt::Display for Permitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            caller,
            needed,
            granted,
        } = self;
        let either = needed.join(" or ");
        let Some(granted) = granted else {
            return write!(formatter, "{caller} needs {either}");
        };
        match granted.iter().find(|own| needed.contains(&own.as_str())) {
            Some(own) => write!(
                formatter,
                "the token has {own}, which suffices by the declaration, so the reason is another"
            ),
            None if granted.is_empty() => {
                write!(
                    formatter,
                    "{caller} needs {either}, and the token has no permission"
                )
            }
            None => write!(
                formatter,
                "{caller} needs {either}, and the token has {}",
                printable(&granted.join(", "))
            ),
        }
    }
}
