//! `PathTemplate`: what the request line means. Knows text only; no field, no type.

use std::mem;

use syn::LitStr;

use crate::errors::Errors;
use crate::mend::{Mended, mend};

/// A request line, taken apart.
///
/// Of a line with mistakes it holds what was probably meant, so that the stub that stands in for the
/// declaration takes the same arguments.
#[derive(Default)]
pub(crate) struct PathTemplate {
    /// As written.
    pub(crate) line: String,
    pub(crate) segments: Vec<Segment>,
    /// Whether there was no mistake in it.
    pub(crate) is_right: bool,
    /// Whether its mistakes leave open how many placeholders were meant.
    pub(crate) is_guess: bool,
}

/// A part of the line: of its path, or the whole of its query.
pub(crate) enum Segment {
    /// Text that is sent as it is.
    Text(String),
    /// `<name>`: one value, percent-encoded.
    Placeholder(String),
    /// `<name..>`: the rest of a path, with its `/`.
    Rest(String),
    /// `(...)`: the arguments of a function, or a key.
    Arguments(Vec<Pair>),
    /// `?...`
    Query(Vec<Pair>),
}

/// An argument, or a pair of the query.
pub(crate) type Pair = Vec<Piece>;

pub(crate) enum Piece {
    Text(String),
    /// `<name>`
    Bare(String),
    /// `<name>` between quotes, which are in the text around it.
    Quoted(String),
    /// `@alias=<name>`: JSON.
    Alias(String),
}

/// Where a placeholder stands, which says what its value can be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// In the path, where there is always one value.
    Path,
    /// In an argument of a function, which an absent value drops.
    Argument,
    /// In a pair of the query, which an absent value drops, and where there can be several.
    Pair,
    /// Under a parameter alias, as JSON.
    Alias,
}

impl PathTemplate {
    pub(crate) fn parse(literal: &LitStr, errors: &mut Errors) -> Self {
        let line = literal.value();
        let Mended {
            line: path,
            mistake,
        } = mend(&line);
        let mistakes = mistake.into_iter().collect();
        let mut scanner = Scanner {
            line: &path,
            at: 0,
            segments: Vec::new(),
            names: Vec::new(),
            is_guess: false,
            mistakes,
        };
        scanner.path();
        scanner.check_aliases();
        let Scanner {
            segments,
            is_guess,
            mut mistakes,
            ..
        } = scanner;
        mistakes.dedup();
        let is_right = mistakes.is_empty();
        for mistake in mistakes {
            errors.at(literal, mistake);
        }
        Self {
            line,
            segments,
            is_right,
            is_guess,
        }
    }

    /// The placeholders, in the order of the request line.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = (&str, Position)> {
        self.segments.iter().flat_map(|segment| {
            let (name, pairs, position): (_, &[Pair], _) = match segment {
                Segment::Text(_) => (None, &[], Position::Path),
                Segment::Placeholder(name) | Segment::Rest(name) => {
                    (Some(name), &[], Position::Path)
                }
                Segment::Arguments(pairs) => (None, pairs, Position::Argument),
                Segment::Query(pairs) => (None, pairs, Position::Pair),
            };
            let of_pairs = pairs.iter().flat_map(move |pair| {
                // An argument without a name is a key, which is always there.
                let is_key = position == Position::Argument && !is_named(pair);
                let position = if is_key { Position::Path } else { position };
                pair.iter()
                    .filter_map(move |piece| piece.placeholder(position))
            });
            let of_path = name.map(|name| (name.as_str(), Position::Path));
            of_path.into_iter().chain(of_pairs)
        })
    }
}

/// Whether a pair begins with `name=`.
fn is_named(pair: &Pair) -> bool {
    matches!(pair.first(), Some(Piece::Text(text)) if text.find('=').is_some_and(|equals| equals > 0))
}

impl Piece {
    fn placeholder(&self, position: Position) -> Option<(&str, Position)> {
        match self {
            Self::Text(_) => None,
            Self::Bare(name) | Self::Quoted(name) => Some((name, position)),
            Self::Alias(name) => Some((name, Position::Alias)),
        }
    }
}

/// Reads a line from its beginning to its end, and goes on after a mistake.
struct Scanner<'a> {
    line: &'a str,
    /// How far it has come, in bytes.
    at: usize,
    segments: Vec<Segment>,
    /// The placeholders so far.
    names: Vec<String>,
    is_guess: bool,
    mistakes: Vec<String>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn mistake(&mut self, message: impl Into<String>) {
        self.mistakes.push(message.into());
    }

    /// The segment that the scanner is in, for messages.
    fn segment(&self) -> &str {
        let start = self.line[..self.at].rfind('/').map_or(0, |slash| slash + 1);
        let end = self
            .rest()
            .find('/')
            .map_or(self.line.len(), |slash| self.at + slash);
        &self.line[start..end]
    }

    fn path(&mut self) {
        while let Some(char) = self.peek() {
            match char {
                '/' => self.slash(),
                '<' => {
                    let (name, is_rest) = self.placeholder(true);
                    let segment = if is_rest {
                        Segment::Rest
                    } else {
                        Segment::Placeholder
                    };
                    self.segments.push(segment(name));
                }
                '>' => self.closed_only(),
                '(' => self.arguments(),
                ')' => {
                    self.mistake(
                        "the request line has a `)` without its `(`: leave it out, or write both",
                    );
                    self.next();
                }
                '\'' => {
                    self.mistake(format!(
                        "`{}`: quotes stand between parentheses, as in `items('<id>')`: leave them out",
                        self.segment()
                    ));
                    self.next();
                }
                '?' => return self.query(),
                _ => {
                    if let Some(char) = self.plain("") {
                        push_text(&mut self.segments, char);
                    }
                }
            }
        }
    }

    fn slash(&mut self) {
        self.next();
        match self.peek() {
            None | Some('?') => {
                let line = self.line[..self.at].trim_end_matches('/');
                let line = if line.is_empty() { "/users/<id>" } else { line };
                self.mistake(format!(
                    "the request line ends with `/`: write `\"{line}\"`"
                ));
            }
            // The end reports those that it has too many of.
            Some('/') if self.rest().trim_start_matches('/').is_empty() => {}
            Some('/') => self.mistake("`//`: a segment is missing in the request line"),
            _ => {
                push_text(&mut self.segments, '/');
                let segment = self.segment().split('?').next().unwrap_or_default();
                if matches!(segment, "..." | "…") {
                    self.mistake(format!(
                        "`{segment}` leaves something out: write the whole path"
                    ));
                    self.is_guess = true;
                } else if matches!(
                    segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
                    "." | ".."
                ) {
                    self.mistake(format!(
                        "`{segment}` leads to another path: write the path it leads to"
                    ));
                }
            }
        }
    }

    /// One character of text, or a mistake; `also` are characters that are text here.
    fn plain(&mut self, also: &str) -> Option<char> {
        let char = self.next()?;
        let is_encoded = || {
            self.rest().len() >= 2
                && self
                    .rest()
                    .bytes()
                    .take(2)
                    .all(|byte| byte.is_ascii_hexdigit())
        };
        if char == '%' && !is_encoded() {
            self.mistake(format!(
                "`{}`: after `%` come two hexadecimal digits: write `%25` for the character itself",
                self.segment()
            ));
            return None;
        }
        if is_path_char(char) || also.contains(char) {
            return Some(char);
        }
        let segment = self.segment().to_owned();
        let about = format!("`{segment}`: ");
        if self
            .mistakes
            .last()
            .is_some_and(|last| last.starts_with(&about))
        {
            // One word about a segment is enough: two brackets are one mistake.
            return None;
        }
        if char == '#' {
            self.mistake(format!(
                "`{segment}`: a fragment is never sent: leave out the `#` and what follows, or write `%23` for \
                 the character itself"
            ));
        } else {
            self.mistake(format!(
                "`{segment}`: {char:?} cannot stand in a request line: write it percent-encoded, or use a \
                 placeholder for a value"
            ));
        }
        None
    }

    /// `<name>` or `<name..>`; the name, and whether it is the latter.
    fn placeholder(&mut self, is_path: bool) -> (String, bool) {
        let inner = &self.rest()[1..];
        let end = inner
            .find(['<', '>', '/', '?', '(', ')', '\'', ',', '&'])
            .unwrap_or(inner.len());
        let is_closed = inner[end..].starts_with('>');
        let written = inner[..end].to_owned();
        if !is_closed {
            let name = field_name(&written).unwrap_or_else(|| "id".to_owned());
            self.mistake(format!(
                "`<{written}` has one bracket of two: write `<{name}>`"
            ));
        }
        self.at += 1 + end + usize::from(is_closed);
        let (name, is_rest) = match written.strip_suffix("..") {
            Some(name) => (name, true),
            None => (written.as_str(), false),
        };
        let dots = if is_rest { ".." } else { "" };
        let mended = field_name(name);
        if is_closed && mended.as_deref() != Some(name) {
            self.mistake(misnamed(&written, mended.as_deref(), dots));
        }
        if is_rest && is_path && !matches!(self.peek(), None | Some(':' | '?')) {
            self.mistake(format!(
                "`<{written}>` takes a whole path, so a `:` or the end of the request line has to follow: \
                 write `<{written}>:`"
            ));
        }
        self.is_guess |= !is_closed || mended.is_none();
        let mut name = mended.unwrap_or_else(|| "id".to_owned());
        if self.names.contains(&name) {
            self.mistake(format!(
                "`<{name}>` stands twice in the request line: give each placeholder a name of its own"
            ));
            self.is_guess = true;
            while self.names.contains(&name) {
                name.push('_');
            }
        }
        self.names.push(name.clone());
        (name, is_rest)
    }

    /// A `>` without its `<`: what stands before it was probably meant to be the name.
    fn closed_only(&mut self) {
        let start = self.line[..self.at]
            .rfind(['/', '(', ')', '<', '>'])
            .map_or(0, |mark| mark + 1);
        let written = self.line[start..self.at].to_owned();
        let name = field_name(&written).unwrap_or_else(|| "id".to_owned());
        self.mistake(format!(
            "`{written}>` has one bracket of two: write `<{name}>`"
        ));
        self.is_guess = true;
        self.next();
        if !self.names.contains(&name) {
            self.names.push(name.clone());
            self.segments.push(Segment::Placeholder(name));
        }
    }

    fn arguments(&mut self) {
        let start = self.at;
        self.next();
        let (pairs, end) = self.pairs(',', Some(')'));
        match end {
            End::Reached => {}
            End::InQuotes => self.mistake(
                "the request line has a quote that is not closed: write two, as in `delta(token='<token>')`",
            ),
            End::Missed => self.mistake(
                "the request line has a `(` without its `)`: write both, as in `delta(token='<token>')`",
            ),
        }
        self.push_pairs(start, pairs, Segment::Arguments);
    }

    fn query(&mut self) {
        let start = self.at;
        self.next();
        let (mut pairs, end) = self.pairs('&', None);
        if matches!(end, End::InQuotes) {
            self.mistake(
                "the request line has a quote that is not closed: write two, as in `?q='<q>'`",
            );
        }
        if pairs.len() > 1 {
            // Reported already.
            pairs.retain(|pair| !pair.is_empty());
        }
        let mut names: Vec<String> = Vec::new();
        for pair in &mut pairs {
            let name = match pair.first() {
                Some(Piece::Text(text)) => text.split('=').next().unwrap_or_default().to_owned(),
                _ => String::new(),
            };
            if let Some(name) = name.strip_prefix("amp;") {
                self.mistakes.push(format!(
                    "`&amp;{name}` is written for HTML: write `&{name}`"
                ));
            } else if names.contains(&name) && name.starts_with(['$', '@']) {
                self.mistakes.push(format!(
                    "`{name}` stands twice in the query: leave one of them out"
                ));
            }
            names.push(name);
            if !is_named(pair) {
                let name = match pair.first() {
                    Some(Piece::Text(name)) => name.trim_matches('='),
                    _ => "",
                };
                let name = if name.is_empty() { "name" } else { name };
                self.mistakes.push(format!(
                    "a query is made of pairs: write `{name}=<value>`, with `&` between two"
                ));
            } else if let [Piece::Text(name), Piece::Bare(value)] = pair.as_mut_slice()
                && name.starts_with('@')
                && name.ends_with('=')
            {
                *pair = vec![Piece::Text(mem::take(name)), Piece::Alias(mem::take(value))];
            }
        }
        self.push_pairs(start, pairs, Segment::Query);
    }

    /// Whether behind the next character a pair begins.
    fn begins_a_pair(&self) -> bool {
        let pair = self.rest()[1..].split(['&', '?', '<', '/']).next();
        pair.is_some_and(|pair| pair.contains('='))
    }

    /// What stands between dividers, up to `closing` or the end of the line.
    fn pairs(&mut self, divider: char, closing: Option<char>) -> (Vec<Pair>, End) {
        let mut pairs = Vec::new();
        let mut pair = Pair::new();
        let mut is_quoted = false;
        let end = loop {
            let Some(char) = self.peek() else {
                break match (is_quoted, closing) {
                    (true, _) => End::InQuotes,
                    (false, Some(_)) => End::Missed,
                    (false, None) => End::Reached,
                };
            };
            if char == '<' {
                let (name, is_rest) = self.placeholder(false);
                if is_rest {
                    self.mistake(format!(
                        "`<{name}..>` is for the rest of a path, with its `/`: write `<{name}>` here"
                    ));
                }
                let piece = if is_quoted {
                    Piece::Quoted
                } else {
                    Piece::Bare
                };
                pair.push(piece(name));
            } else if Some(char) == closing && !is_quoted {
                self.next();
                break End::Reached;
            } else if char == divider && !is_quoted {
                if pair.is_empty() {
                    self.mistake(format!(
                        "`{}`: nothing stands before a `{divider}`: leave it out",
                        self.segment()
                    ));
                }
                self.next();
                pairs.push(mem::take(&mut pair));
            } else if char == '?' && closing.is_none() && self.begins_a_pair() {
                self.mistake("a query has one `?`: write `&` between two pairs");
                self.next();
                pairs.push(mem::take(&mut pair));
            } else if char == '&' && is_quoted && closing.is_none() {
                self.mistake(format!(
                    "`{}`: within the quotes of a query write `%26` for `&`",
                    self.segment()
                ));
                self.next();
            } else if char == '(' && !is_quoted && closing.is_some() {
                self.mistake(format!(
                    "`{}`: there are no parentheses within parentheses: write a value of the function, or a \
                     placeholder",
                    self.segment()
                ));
                self.at = self.line[self.at..]
                    .find('/')
                    .map_or(self.line.len(), |slash| self.at + slash);
                break End::Reached;
            } else {
                is_quoted ^= char == '\'';
                let also = if closing.is_none() { "/?" } else { "" };
                let char = self.plain(also);
                match (pair.last_mut(), char) {
                    (Some(Piece::Text(text)), Some(char)) => text.push(char),
                    (_, Some(char)) => pair.push(Piece::Text(char.into())),
                    (_, None) => {}
                }
            }
        };
        if pair.is_empty() && !pairs.is_empty() {
            self.mistake(format!(
                "`{}`: nothing stands behind a `{divider}`: leave it out",
                self.segment()
            ));
        }
        pairs.push(pair);
        (pairs, end)
    }

    /// Checks that every alias among the arguments has its value in the query, and the other way round.
    fn check_aliases(&mut self) {
        let (path, query) = self.line.split_once('?').unwrap_or((self.line, ""));
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let alias = |text: &str| {
            text.split(|char| !is_name(char))
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let used: Vec<String> = path.split("=@").skip(1).map(alias).collect();
        let pairs = query.split('&').filter_map(|pair| pair.strip_prefix('@'));
        let defined: Vec<String> = pairs.map(alias).collect();
        for name in used.iter().filter(|name| !defined.contains(name)) {
            let field = field_name(name).unwrap_or_else(|| "value".to_owned());
            self.mistake(format!(
                "the alias `@{name}` has no value: write `?@{name}=<{field}>` at the end"
            ));
        }
        for name in defined.iter().filter(|name| !used.contains(name)) {
            self.mistake(format!(
                "nothing uses the alias `@{name}`: write `({name}=@{name})` in the path"
            ));
        }
    }

    /// Adds pairs to the line; those that hold no placeholder are text.
    fn push_pairs(&mut self, start: usize, pairs: Vec<Pair>, segment: fn(Vec<Pair>) -> Segment) {
        if pairs
            .iter()
            .flatten()
            .any(|piece| !matches!(piece, Piece::Text(_)))
        {
            self.segments.push(segment(pairs));
        } else {
            for char in self.line[start..self.at].chars() {
                push_text(&mut self.segments, char);
            }
        }
    }
}

/// How a list of pairs ended.
enum End {
    Reached,
    Missed,
    InQuotes,
}

fn push_text(segments: &mut Vec<Segment>, char: char) {
    match segments.last_mut() {
        Some(Segment::Text(text)) => text.push(char),
        _ => segments.push(Segment::Text(char.into())),
    }
}

/// The characters of a path segment that are sent as they are, RFC 3986 section 3.3, and the `%` of
/// those that are already encoded.
fn is_path_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(char)
}

/// The error for a placeholder whose name is none of a field.
fn misnamed(written: &str, mended: Option<&str>, dots: &str) -> String {
    match mended {
        Some(mended) => format!(
            "`<{written}>`: a placeholder is named like the field or argument it takes its value from: write \
             `<{mended}{dots}>`"
        ),
        None if written.trim().is_empty() => format!("`<{written}>` names nothing: write `<id>`"),
        None => format!(
            "`<{written}>`: a placeholder is named like a field, with letters, digits and `_`: write `<id{dots}>`"
        ),
    }
}

/// `name` in snake case, if that makes a field name of it.
pub(crate) fn field_name(name: &str) -> Option<String> {
    let mut snake = String::new();
    let mut before = '_';
    for char in name.trim().chars() {
        if char.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        before = char;
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
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !matches!(snake.as_str(), "self" | "super" | "crate");
    is_name.then_some(snake)
}
