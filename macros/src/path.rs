//! `PathTemplate`: what the request line means. Knows text only; no field, no type.

use syn::LitStr;

use crate::errors::Errors;

/// A request line, taken apart.
///
/// Of a line with mistakes it holds what could be understood, so that the stub that stands in for
/// the declaration takes the same arguments.
#[derive(Default)]
pub(crate) struct PathTemplate {
    /// As written.
    pub(crate) line: String,
    pub(crate) segments: Vec<Segment>,
}

/// What stands between two `/`.
pub(crate) enum Segment {
    /// Text that is sent as it is.
    Text(String),
    /// `<name>`: one value, percent-encoded.
    Placeholder(String),
}

impl PathTemplate {
    pub(crate) fn parse(literal: &LitStr, errors: &mut Errors) -> Self {
        let line = literal.value();
        let mut template = Self {
            line: line.clone(),
            segments: Vec::new(),
        };
        let Some(path) = line.strip_prefix('/') else {
            errors.at(literal, not_a_path(&line));
            return template;
        };
        if path.is_empty() {
            errors.at(
                literal,
                "the request line names no resource: write it as Graph's reference prints it, \
                 `\"/users/<id>\"`",
            );
            return template;
        }
        let (version, rest) = path.split_once('/').unwrap_or((path, ""));
        if version == "v1.0" || version == "beta" {
            errors.at(
                literal,
                format!(
                    "the version is not part of the request line: write `\"/{rest}\"` and \
                     `version = \"{version}\"`"
                ),
            );
        }
        for text in path.split('/') {
            match Segment::parse(text, &line) {
                Ok(Segment::Placeholder(name))
                    if template.placeholders().any(|other| other == name) =>
                {
                    errors.at(
                        literal,
                        format!("`<{name}>` stands twice in the request line: give each placeholder a name of its own"),
                    );
                }
                Ok(segment) => template.segments.push(segment),
                Err(message) => {
                    errors.at(literal, message);
                    if let Some(name) = guess(text) {
                        template.segments.push(Segment::Placeholder(name));
                    }
                }
            }
        }
        template
    }

    /// The names of the placeholders, in the order of the request line.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Placeholder(name) => Some(name.as_str()),
            Segment::Text(_) => None,
        })
    }
}

impl Segment {
    fn parse(text: &str, line: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(if line.ends_with("//") || !line.ends_with('/') {
                "`//`: a segment is missing in the request line".to_owned()
            } else {
                format!(
                    "the request line ends with `/`: write `\"{}\"`",
                    line.trim_end_matches('/')
                )
            });
        }
        if let Some(name) = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
        {
            return placeholder(name).map(Self::Placeholder);
        }
        if let Some(name) = guess(text) {
            return Err(match text.as_bytes()[0] {
                b'{' | b':' => format!("`{text}`: a placeholder is written `<{name}>`"),
                _ => format!("`{text}` has one bracket of two: write `<{name}>`"),
            });
        }
        if text.contains(['<', '>', '{', '}']) {
            return Err(format!(
                "`{text}`: a placeholder stands for a whole segment: write `/<id>/`"
            ));
        }
        match text.chars().find(|char| !is_path_char(*char)) {
            None => Ok(Self::Text(text.to_owned())),
            Some('?') => Err(format!(
                "`{text}`: the request line ends with the path: leave out the `?` and what follows"
            )),
            Some('#') => Err(format!(
                "`{text}`: a fragment is never sent: leave out the `#` and what follows"
            )),
            Some(char) => Err(format!(
                "`{text}`: {char:?} cannot stand in a path: write it percent-encoded, or use a \
                 placeholder for a value"
            )),
        }
    }
}

/// The characters of a path segment that are sent as they are, RFC 3986 section 3.3, and the `%` of
/// those that are already encoded.
fn is_path_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(char)
}

fn not_a_path(line: &str) -> String {
    let path = line
        .split_once("://")
        .map(|(_, address)| address.splitn(3, '/').collect::<Vec<_>>());
    match path.as_deref() {
        Some([_, "beta", path]) => format!(
            "host and version are not part of the request line: write `\"/{path}\"` and `version = \"beta\"`"
        ),
        Some([_, _, path]) => {
            format!("host and version are not part of the request line: write `\"/{path}\"`")
        }
        Some(_) => {
            "the host is not part of the request line: write it as Graph's reference prints it, \
                    `\"/users/<id>\"`"
                .to_owned()
        }
        None if line.trim().is_empty() => {
            "the request line is empty: write it as Graph's reference prints it, `\"/users/<id>\"`"
                .to_owned()
        }
        None => {
            let path = line.trim_start();
            let path = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "]
                .iter()
                .find_map(|method| path.strip_prefix(method))
                .unwrap_or(path);
            format!(
                "the request line starts with `/`: write `\"/{}\"`",
                path.trim_start().trim_start_matches('/')
            )
        }
    }
}

/// Checks what stands between `<` and `>`: the name of a field or an argument.
fn placeholder(name: &str) -> Result<String, String> {
    let mended = field_name(name);
    if mended.as_deref() == Some(name) {
        return Ok(name.to_owned());
    }
    Err(match mended {
        Some(mended) => format!(
            "`<{name}>`: a placeholder is named like the field or argument it takes its value \
             from: write `<{mended}>`"
        ),
        None if name.trim().is_empty() => {
            format!("`<{name}>` names nothing: write `<id>`")
        }
        None => format!(
            "`<{name}>`: a placeholder is named like a field, with letters, digits and `_`: write \
             `<id>`"
        ),
    })
}

/// The placeholder that `text` was probably meant to be: `{id}`, `:id`, `<id`, `id>`, `< id >`.
fn guess(text: &str) -> Option<String> {
    let name = match text.as_bytes().first()? {
        b'{' => text.strip_prefix('{')?.strip_suffix('}')?,
        b':' => text.strip_prefix(':')?,
        b'<' => text.strip_prefix('<')?.trim_end_matches('>'),
        _ => text.strip_suffix('>')?,
    };
    field_name(name)
}

/// `name` in snake case, if that makes a field name of it.
fn field_name(name: &str) -> Option<String> {
    let mut snake = String::new();
    for char in name.trim().chars() {
        if char.is_ascii_uppercase() && snake.ends_with(|last: char| last.is_ascii_lowercase()) {
            snake.push('_');
        }
        match char {
            '-' | ' ' => snake.push('_'),
            _ => snake.push(char.to_ascii_lowercase()),
        }
    }
    let starts_well = snake.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let is_name = starts_well
        && snake.contains(|char: char| char.is_ascii_alphanumeric())
        && snake
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(snake)
}
