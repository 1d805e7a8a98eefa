//! Is what the reference documents what goes out and comes back? Each of the 616 documented calls is
//! declared from its template, given the values of its example, sent over a socket, and given the
//! documented answer. Method, version, path, query, the headers that matter and the JSON are compared with
//! the documentation.
//!
//! Two things are not the documentation's: a redirect leads to a server here instead of the documented
//! host, and a bare argument that an example leaves open (`startDateTime=<timestamp>`) is sent as a word.

mod generated;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::generated::{data, ident, property, run, snake};

/// A call, as `cases.json` has it.
#[derive(Deserialize)]
struct Case {
    id: String,
    version: String,
    template: String,
    request: Documented,
    response: Answer,
}

#[derive(Deserialize)]
struct Documented {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<Map<String, Value>>,
}

#[test]
fn every_documented_call_is_sent_as_documented() {
    let Some(cases) = data("cases.json") else {
        return;
    };
    let cases: Vec<Case> = serde_json::from_str(&cases).unwrap();
    assert_eq!(cases.len(), 616);
    let replayed = run("replay", &source(&cases));
    assert_eq!(replayed.len(), cases.len());
    let failures: Vec<String> = cases
        .iter()
        .zip(&replayed)
        .filter_map(|(case, replayed)| {
            let failure = compare(case, replayed).err()?;
            Some(format!("{}: {failure}", case.id))
        })
        .collect();
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{count} of 616 differ:\n{}",
        failures.join("\n")
    );
}

fn source(cases: &[Case]) -> String {
    let mut source = include_str!("generated/replay_prelude.rs").to_owned();
    for (index, case) in cases.iter().enumerate() {
        source.push_str(&declaration(index, case));
    }
    source.push_str("fn main() {\n");
    for index in 0..cases.len() {
        source.push_str(&format!("    call_{index}::replay();\n"));
    }
    source.push_str("}\n");
    source
}

/// A request line with placeholders for the values of the example, and these values.
#[derive(Default)]
struct Line {
    text: String,
    values: Vec<String>,
    names: BTreeSet<String>,
}

impl Line {
    /// Adds a placeholder, named after what the documentation calls it.
    fn value(&mut self, name: &str, value: &str, rest: &str) {
        let base = match snake(name.split('|').next().unwrap_or_default()).as_str() {
            "" | "_" | "self" => "value".to_owned(),
            name => name.to_owned(),
        };
        let mut name = base.clone();
        while !self.names.insert(name.clone()) {
            name = format!("{base}_{}", self.values.len());
        }
        self.text.push_str(&format!("<{name}{rest}>"));
        self.values.push(value.to_owned());
    }

    /// Adds `name(a='b',c=1)`, or a key in parentheses.
    fn call(&mut self, segment: &str) {
        let (function, arguments) = segment.split_once('(').unwrap();
        self.text.push_str(&format!("{function}("));
        let arguments = arguments.strip_suffix(')').unwrap();
        for (index, argument) in arguments
            .split(',')
            .filter(|argument| !argument.is_empty())
            .enumerate()
        {
            let divider = if index > 0 { "," } else { "" };
            self.text.push_str(divider);
            let (name, value) = argument.trim().split_once('=').unwrap_or(("", argument));
            if !name.is_empty() {
                self.text.push_str(&format!("{name}="));
            }
            match value.split_once('\'') {
                Some((kind, quoted)) => {
                    self.text.push_str(&format!("{kind}'"));
                    let quoted = quoted.strip_suffix('\'').unwrap();
                    self.value(name, &quoted.replace("''", "'"), "");
                    self.text.push('\'');
                }
                None => self.value(name, &unbraced(value), ""),
            }
        }
        self.text.push(')');
    }
}

/// A value that the documentation leaves open, `{count}` or `<timestamp>`, as a word.
fn unbraced(value: &str) -> String {
    value.trim_matches(['{', '}', '<', '>']).to_owned()
}

fn request_line(case: &Case) -> Line {
    // The names of the body's properties are taken.
    let properties = case.request.body.iter().flat_map(Map::keys);
    let mut line = Line {
        names: properties.map(|name| snake(name)).collect(),
        ..Line::default()
    };
    let templates = case.template.split('/').skip(1);
    for (template, segment) in templates.zip(case.request.path.split('/').skip(1)) {
        line.text.push('/');
        if let Some(name) = template
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            line.value(name, segment, "");
        } else if let Some(name) = template
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix("}:"))
        {
            line.value(name, segment.trim_end_matches(':'), "..");
            line.text.push(':');
        } else if segment.contains('(') {
            line.call(segment);
        } else if segment.contains('{') {
            line.value("value", segment, "");
        } else {
            line.text.push_str(segment);
        }
    }
    for (index, (name, value)) in pairs(case.request.query.as_deref()).into_iter().enumerate() {
        line.text.push_str(if index > 0 { "&" } else { "?" });
        line.text.push_str(&format!("{name}="));
        line.value(&name, &value, "");
    }
    line
}

/// The pairs of a query, decoded.
fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.into_owned().collect()
}

/// One declaration, with a function that sends it and gives it the documented answer.
fn declaration(index: usize, case: &Case) -> String {
    let line = request_line(case);
    let (mut fields, mut values) = (String::new(), String::new());
    for (name, value) in headers(case) {
        let field = format!("header_{}", snake(name));
        fields.push_str(&format!(
            "        #[graph(header = {name:?})]\n        {field}: &'static str,\n"
        ));
        values.push_str(&format!("            {field}: {value:?},\n"));
    }
    for (name, value) in case.request.body.iter().flatten() {
        fields.push_str(&property(name, "Json"));
        values.push_str(&format!(
            "            {}: json({:?}),\n",
            ident(&snake(name)),
            value.to_string()
        ));
    }
    if !fields.is_empty() && case.request.body.as_ref().is_some_and(Map::is_empty) {
        // Beside a header, `{}` has to be said.
        fields.push_str("        #[graph(body)]\n        parameters: Object,\n");
        values.push_str("            parameters: Object::new(),\n");
    }
    let (fields, values) = if fields.is_empty() && case.request.body.is_none() {
        (";".to_owned(), String::new())
    } else {
        (
            format!(" {{\n{fields}    }}"),
            format!(" {{\n{values}        }}"),
        )
    };
    let arguments: Vec<String> = line
        .values
        .iter()
        .map(|value| format!("{value:?}"))
        .collect();
    format!(
        "
mod call_{index} {{
    use super::*;

    #[graph_action(
        {method} = {line:?},
        scope = \"Documented.Elsewhere\",
        version = {version:?},
        returns = {returns}
    )]
    struct Call{fields}

    pub fn replay() {{
        let call = Call{values};
        super::replay({id:?}, call.request({arguments}), {answer:?});
    }}
}}
",
        method = case.request.method.to_ascii_lowercase(),
        line = line.text,
        version = case.version,
        returns = returns(&case.response),
        id = case.id,
        arguments = arguments.join(", "),
        answer = answer(&case.response),
    )
}

/// The headers that matter: those that a body brings with it are compared for all.
fn headers(case: &Case) -> impl Iterator<Item = (&str, &str)> {
    let headers = case
        .request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    headers.filter(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"))
}

/// The type that a user would name, from the documented answer.
fn returns(answer: &Answer) -> &'static str {
    let header = |name: &str| {
        let mut headers = answer.headers.iter();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    match (&answer.body, header("content-type")) {
        (Some(body), _) => match body.get("value") {
            Some(Value::Array(_)) => "Collection<Json>",
            Some(_)
                if body
                    .keys()
                    .all(|key| key == "value" || key.starts_with('@')) =>
            {
                "Value<Json>"
            }
            _ => "Object",
        },
        (None, _) if answer.status == 302 => "Content",
        (None, _) if answer.status == 202 && header("location").is_some() => "Operation<()>",
        (None, Some("application/octet-stream" | "text/plain")) if answer.status == 200 => {
            "Content"
        }
        (None, _) => "()",
    }
}

/// The documented answer, in bytes. What a redirect leads to has to be here.
fn answer(answer: &Answer) -> String {
    let body = answer
        .body
        .as_ref()
        .map(|body| Value::Object(body.clone()).to_string());
    let body = body.unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} Documented\r\n", answer.status);
    for (name, value) in &answer.headers {
        let value = match name.to_ascii_lowercase().as_str() {
            "content-length" | "connection" | "transfer-encoding" => continue,
            "location" if answer.status == 302 => "{storage}/content",
            _ => value,
        };
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    format!(
        "{text}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Compares what went out, and what came of it, with the documentation.
fn compare(case: &Case, replayed: &Value) -> Result<(), String> {
    let expect = |what: &str, found: &str, documented: &str| match found == documented {
        true => Ok(()),
        false => Err(format!("{what} is {found}, documented {documented}")),
    };
    if let Some(error) = replayed["error"].as_str() {
        return Err(error.to_owned());
    }
    let sent = replayed["sent"].as_array().unwrap();
    let [Value::String(sent)] = sent.as_slice() else {
        return Err(format!("{} requests", sent.len()));
    };
    let fetched = u64::from(case.response.status == 302);
    expect(
        "fetched",
        &replayed["fetched"].to_string(),
        &fetched.to_string(),
    )?;
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap().split(' ');
    expect("method", words.next().unwrap(), &case.request.method)?;

    let address = words.next().unwrap();
    let (path, query) = match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    };
    expect("path", path, &documented_path(case))?;
    expect(
        "query",
        &format!("{:?}", pairs(query)),
        &format!("{:?}", pairs(case.request.query.as_deref())),
    )?;

    let header = |name: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    for (name, value) in headers(case) {
        expect(name, header(name).unwrap_or_default(), value)?;
    }
    match &case.request.body {
        Some(documented) => {
            expect(
                "content type",
                header("content-type").unwrap_or_default(),
                "application/json",
            )?;
            let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
            expect(
                "body",
                &body.to_string(),
                &Value::Object(documented.clone()).to_string(),
            )
        }
        None => expect("body", body, ""),
    }
}

/// The documented path to the letter, with the version before it, words for what is left open in bare
/// arguments, and encoded what no path can hold.
fn documented_path(case: &Case) -> String {
    let segments = case
        .request
        .path
        .split('/')
        .map(|segment| match segment.split_once('(') {
            None => segment.to_owned(),
            Some((function, arguments)) => {
                let arguments = arguments.trim_end_matches(')').split(',').map(|argument| {
                    match argument.trim().split_once('=') {
                        Some((name, value)) if !value.contains('\'') => {
                            format!("{name}={}", unbraced(value))
                        }
                        _ => argument.trim().to_owned(),
                    }
                });
                let arguments: Vec<String> = arguments.collect();
                format!("{function}({})", arguments.join(","))
            }
        });
    let segments: Vec<String> = segments.collect();
    let path = format!("/{}{}", case.version, segments.join("/"));
    let encoded =
        |path: String, char: char| path.replace(char, &format!("%{:02X}", u32::from(char)));
    [' ', '{', '}', '<', '>', '|']
        .into_iter()
        .fold(path, encoded)
}
