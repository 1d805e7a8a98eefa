//! What is meant by a request line that is written as elsewhere: in a log, in the reference, for another
//! framework.

use crate::path::field_name;

/// A line as it should be written, and what to say if it was not.
pub(crate) struct Mended {
    pub(crate) line: String,
    pub(crate) mistake: Option<String>,
}

/// One thing that was written in another way.
struct Note {
    /// What to say of it alone.
    alone: String,
    /// What to say of it among others.
    reason: &'static str,
}

/// Writes a line as it is written here.
pub(crate) fn mend(line: &str) -> Mended {
    let mut notes = Vec::new();
    let start = start(line, &mut notes);
    let Some((path, version)) = start else {
        return Mended {
            line: String::new(),
            mistake: Some(
                "the request line names no resource: write it as Graph's reference prints it, `\"/users/<id>\"`"
                    .to_owned(),
            ),
        };
    };
    let line = placeholders(&path, &mut notes);
    let mistake = match notes.as_slice() {
        [] => None,
        [note] => Some(note.alone.clone()),
        notes => {
            let mut reasons: Vec<&str> = notes.iter().map(|note| note.reason).collect();
            reasons.dedup();
            Some(format!(
                "write `\"{line}\"`{version}: {}",
                reasons.join(", and ")
            ))
        }
    };
    Mended { line, mistake }
}

/// The line from the `/` after the version on, without what people copy along: method, host, version; and
/// the version, as it is to be declared. `None` if nothing is left.
fn start(line: &str, notes: &mut Vec<Note>) -> Option<(String, String)> {
    let mut path = line.trim();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        if let Some((word, rest)) = path.split_once(' ')
            && word.eq_ignore_ascii_case(method)
        {
            path = rest.trim_start();
        }
    }
    if let Some((before, protocol)) = path.rsplit_once(' ')
        && protocol.starts_with("HTTP/")
    {
        path = before.trim_end();
    }
    let host = match path.split_once("://") {
        Some((_, address)) => Some(address),
        None => Some(path).filter(|path| path.starts_with("graph.microsoft.")),
    };
    if let Some(address) = host {
        path = address.find('/').map_or("", |slash| &address[slash..]);
    }
    let relative = path.trim_start_matches('/');
    let (first, rest) = relative.split_once('/').unwrap_or((relative, ""));
    let lower = first.to_ascii_lowercase();
    let version = Some(lower.as_str()).filter(|first| matches!(*first, "v1.0" | "beta"));
    let relative = if version.is_some() { rest } else { relative };
    if relative.is_empty() {
        return None;
    }
    let mended = format!("/{relative}");
    let version = match version {
        Some(version) => format!(" and `version = \"{version}\"`"),
        None => String::new(),
    };
    if mended != line {
        notes.push(Note {
            alone: format!(
                "the request line begins with the `/` after the version: write `\"{mended}\"`{version}"
            ),
            reason: "the request line begins with the `/` after the version",
        });
    }
    Some((mended, version))
}

/// How placeholders are written elsewhere.
const BRACKETS: [(&str, &str); 6] = [
    ("<<", ">>"),
    ("{{", "}}"),
    ("${", "}"),
    ("{", "}"),
    ("[", "]"),
    ("<", ">"),
];

/// The line with its placeholders written `<id>`.
fn placeholders(line: &str, notes: &mut Vec<Note>) -> String {
    let mut mended = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let bracketed = BRACKETS.iter().find_map(|(open, close)| {
            let (inner, after) = rest.strip_prefix(open)?.split_once(close)?;
            Some((open, inner, close, after))
        });
        if let Some((open, inner, close, after)) = bracketed {
            let is_angled = *open == "<";
            if let Some(name) = placeholder(inner, &mended, after, is_angled) {
                if inner != name || !is_angled {
                    notes.push(note(&format!("{open}{inner}{close}"), &name, is_angled));
                }
                mended.push_str(&format!("<{name}>"));
                rest = after;
                continue;
            }
        } else if mended.ends_with('/')
            && !mended.contains('?')
            && let Some(segment) = rest.strip_prefix(':')
        {
            let end = segment.find(['/', '?']).unwrap_or(segment.len());
            if let Some(name) = field_name(&segment[..end]) {
                notes.push(note(&rest[..=end], &name, false));
                mended.push_str(&format!("<{name}>"));
                rest = &segment[end..];
                continue;
            }
        }
        let char = rest.chars().next().unwrap_or_default();
        mended.push(char);
        rest = &rest[char.len_utf8()..];
    }
    mended
}

fn note(written: &str, name: &str, is_angled: bool) -> Note {
    if is_angled {
        let reason = "a placeholder is named like the field or argument it takes its value from";
        Note {
            alone: format!("`{written}`: {reason}: write `<{name}>`"),
            reason,
        }
    } else {
        Note {
            alone: format!("`{written}`: a placeholder is written `<{name}>`"),
            reason: "a placeholder is written `<id>`",
        }
    }
}

/// The placeholder that is meant by what stands between brackets, with `..` where it is the rest of a path;
/// `None` where nobody knows.
fn placeholder(inner: &str, before: &str, after: &str, is_angled: bool) -> Option<String> {
    if is_angled && inner.contains(['<', '/', '(', ')', '\'', ',', '&']) {
        return None;
    }
    let is_written_as_rest =
        inner.starts_with(['*', '.']) || inner.ends_with("..") || inner.ends_with('*');
    // A path within a drive: `root:/{item-path}:/content`.
    let is_rest = is_written_as_rest
        || !is_angled && before.ends_with(":/") && matches!(after.chars().next(), None | Some(':'));
    let bare = inner.trim_matches(['*', '.', '?', '=', ' ']);
    // `<id: String>` of a field, `<int:id>` of other frameworks.
    let bare = match bare.split_once(':') {
        Some((kind, name)) if KINDS.contains(&kind) => name,
        Some((name, _)) => name,
        None => bare,
    };
    // The reference's `{id | userPrincipalName}` is a choice of values for one placeholder.
    let names = bare.split('|').filter_map(field_name);
    let mut names: Vec<String> = names.collect();
    if names.is_empty() {
        if is_angled {
            return None;
        }
        names.push("id".to_owned());
    }
    let is_taken = |name: &String| before.contains(&format!("<{name}>"));
    if !is_angled && names.iter().all(is_taken) {
        names.extend(id_of_segment(before).filter(|name| !is_taken(name)));
    }
    let dots = if is_rest { ".." } else { "" };
    let name = names
        .iter()
        .find(|name| !is_taken(name))
        .unwrap_or(&names[0]);
    Some(format!("{name}{dots}"))
}

/// The types that other frameworks write before a name.
const KINDS: [&str; 7] = ["int", "str", "string", "path", "uuid", "float", "regex"];

/// What an id is called that follows a segment: `message_id` after `messages`.
fn id_of_segment(before: &str) -> Option<String> {
    let segment = before.trim_end_matches('/').rsplit('/').next()?;
    let name = field_name(segment)?;
    let singular = name.strip_suffix('s').unwrap_or(&name);
    Some(format!("{singular}_id"))
}
