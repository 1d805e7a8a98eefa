//! Can every action and function of Graph v1.0 be declared? From the service's own metadata this
//! generates a declaration for each of the 1,183, compiles them in one crate, renders each with sample
//! values, and compares the line and the JSON with what the metadata says.
//!
//! It is also the example of how metadata maps to a declaration:
//!
//! | metadata | declaration |
//! | --- | --- |
//! | action, function | `post`, `get` |
//! | `{eventId}` in a path | `<event_id>`, an argument of `request` |
//! | argument of a function | a field; `'...'` around a string and an enumeration; `Option` where it may be absent |
//! | collection as an argument | a parameter alias: `labelIds=@labelIds` and `?@labelIds=<label_ids>` |
//! | parameter of an action | a field; `Option` where it may be absent |
//! | `Edm.Stream`, a collection, another primitive, an object, nothing | `Content`, `Collection<T>`, `Value<T>`, a struct, `()` |

mod generated;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::generated::{data, ident, property, run, snake};

/// An action or function, as `actions.json` has it.
#[derive(Deserialize)]
struct Operation {
    id: String,
    name: String,
    kind: String,
    method: String,
    path: String,
    params: Vec<Parameter>,
    returns: Option<Type>,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(flatten)]
    ty: Type,
    nullable: bool,
    optional: bool,
}

#[derive(Deserialize)]
struct Type {
    #[serde(rename = "type")]
    name: String,
    collection: bool,
    /// `primitive`, `enum`, `complex` or `entity`.
    kind: String,
}

#[derive(Deserialize)]
struct Permissions {
    least: Least,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Least {
    delegated_work: Vec<String>,
    delegated_personal: Vec<String>,
    application: Vec<String>,
}

/// An enumeration of the metadata.
struct Enumeration {
    is_flags: bool,
    members: Vec<String>,
}

type Enumerations = BTreeMap<String, Enumeration>;

/// A value of one type: how it is written in Rust, in JSON and in a line.
struct Sample {
    ty: String,
    rust: String,
    json: Value,
    line: String,
}

#[test]
fn every_action_and_function_can_be_declared() {
    let (Some(actions), Some(metadata)) = (data("actions.json"), data("v1.0.csdl")) else {
        return;
    };
    let operations: Vec<Operation> = serde_json::from_str(&actions).unwrap();
    let enumerations = enumerations(&metadata);
    assert_eq!(operations.len(), 1183);
    let rendered = run("coverage", &source(&operations, &enumerations));
    assert_eq!(rendered.len(), operations.len());
    let mut wrong = Vec::new();
    for (operation, rendered) in operations.iter().zip(rendered) {
        let expected = expected(operation, &enumerations);
        if rendered != expected {
            wrong.push(format!(
                "{}\n  sends    {rendered}\n  expected {expected}",
                operation.id
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of 1,183 differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_permission_can_be_named() {
    let Some(permissions) = data("permissions.json") else {
        return;
    };
    let permissions: Value = serde_json::from_str(&permissions).unwrap();
    let names: Vec<&String> = permissions["permissions"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(names.len(), 917);
    let source = format!(
        "#[graph_action::graph_action(get = \"/me\", scope = {names:?})]\nstruct Call;\n
        fn main() {{
            let permissions = &<Call as graph_action::Action>::DECLARATION.permissions;
            println!(\"{{:?}}\", permissions.application);
        }}"
    );
    assert_eq!(run("permissions", &source), [json!(names)]);
}

/// The enumerations of the metadata, by qualified name.
fn enumerations(metadata: &str) -> Enumerations {
    let document = roxmltree::Document::parse(metadata).unwrap();
    let mut enumerations = Enumerations::new();
    for schema in document
        .descendants()
        .filter(|node| node.tag_name().name() == "Schema")
    {
        let namespace = schema.attribute("Namespace").unwrap();
        for node in schema
            .children()
            .filter(|node| node.tag_name().name() == "EnumType")
        {
            let members = node
                .children()
                .filter_map(|member| member.attribute("Name"));
            enumerations.insert(
                format!("{namespace}.{}", node.attribute("Name").unwrap()),
                Enumeration {
                    is_flags: node.attribute("IsFlags") == Some("true"),
                    members: members.map(str::to_owned).collect(),
                },
            );
        }
    }
    enumerations
}

/// The program: the declarations, and a `main` that prints what each of them sends.
fn source(operations: &[Operation], enumerations: &Enumerations) -> String {
    let mut source = String::from(PRELUDE);
    let used: BTreeSet<&str> = operations
        .iter()
        .flat_map(|operation| &operation.params)
        .filter(|parameter| parameter.ty.kind == "enum")
        .map(|parameter| parameter.ty.name.as_str())
        .collect();
    for name in used {
        source.push_str(&enumeration(name, &enumerations[name]));
    }
    for (index, operation) in operations.iter().enumerate() {
        source.push_str(&declaration(index, operation, enumerations));
    }
    source.push_str("fn main() {\n");
    for index in 0..operations.len() {
        source.push_str(&format!("    operation_{index}::show();\n"));
    }
    source.push_str("}\n");
    source
}

/// What the generated program begins with.
const PRELUDE: &str = include_str!("generated/coverage_prelude.rs");

/// An enumeration, which is sent as the name of its member.
fn enumeration(name: &str, enumeration: &Enumeration) -> String {
    let ty = type_name(name);
    let (mut variants, mut arms) = (String::new(), String::new());
    for member in &enumeration.members {
        let variant = type_name(member);
        variants.push_str(&format!("    #[serde(rename = {member:?})] {variant},\n"));
        arms.push_str(&format!("            Self::{variant} => {member:?},\n"));
    }
    format!(
        "
#[derive(Clone, Copy, Serialize)]
pub enum {ty} {{
{variants}}}

impl fmt::Display for {ty} {{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {{
        formatter.write_str(match self {{
{arms}        }})
    }}
}}

impl PathValue for {ty} {{}}
"
    )
}

/// `microsoft.graph.security.additionalOptions` as the name of a Rust type.
fn type_name(name: &str) -> String {
    let words = name.split(|char: char| !char.is_ascii_alphanumeric());
    let mut ty = String::new();
    for word in words.filter(|word| !matches!(*word, "microsoft" | "graph")) {
        let mut chars = word.chars();
        ty.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        ty.extend(chars);
    }
    if ty.starts_with(|first: char| first.is_ascii_digit()) || ty == "Self" {
        ty.insert(0, 'X');
    }
    ty
}

/// One declaration, with a function that prepares it with sample values.
fn declaration(index: usize, operation: &Operation, enumerations: &Enumerations) -> String {
    let (line, keys) = request_line(operation);
    let method = operation.method.to_ascii_lowercase();
    let (mut fields, mut values, mut least) = (String::new(), String::new(), String::new());
    for parameter in &operation.params {
        let sample = sample(&parameter.ty, enumerations);
        let name = ident(&snake(&parameter.name));
        let (ty, value, absent) = if parameter.is_absent_sometimes() {
            let value = format!("Some({})", sample.rust);
            (format!("Option<{}>", sample.ty), value, "None".to_owned())
        } else {
            (sample.ty, sample.rust.clone(), sample.rust)
        };
        fields.push_str(&property(&parameter.name, &ty));
        values.push_str(&format!("            {name}: {value},\n"));
        least.push_str(&format!("            {name}: {absent},\n"));
    }
    let braced = |fields: &str| match operation.params.is_empty() {
        true => String::new(),
        false => format!(" {{\n{fields}        }}"),
    };
    let end = if operation.params.is_empty() { ";" } else { "" };
    let arguments: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
    format!(
        "
/// {id}
mod operation_{index} {{
    use super::*;

    #[graph_action(
        {method} = {line:?},
{permissions}        returns = {returns}
    )]
    pub struct Operation{fields}{end}

    pub fn show() {{
        let whole = Operation{values};
        let least = Operation{least};
        print(&whole.request({arguments}), &least.request({arguments}));
    }}
}}
",
        id = operation.id,
        permissions = permissions(operation),
        returns = returns(operation.returns.as_ref()),
        arguments = arguments.join(", "),
        fields = braced(&fields),
        values = braced(&values),
        least = braced(&least),
    )
}

impl Parameter {
    fn is_absent_sometimes(&self) -> bool {
        // A parameter alias always has a value.
        (self.nullable || self.optional)
            && !(self.ty.collection && self.ty.kind == "primitive" && self.is_alias())
    }

    /// `computeInheritance` is the one function with collections as arguments.
    fn is_alias(&self) -> bool {
        matches!(self.name.as_str(), "labelIds" | "contentFormats")
    }
}

/// The request line, and a sample for each key in it, which are arguments of `request`.
fn request_line(operation: &Operation) -> (String, Vec<String>) {
    let fields: Vec<String> = operation
        .params
        .iter()
        .map(|parameter| snake(&parameter.name))
        .collect();
    let mut line = String::new();
    let mut keys = Vec::new();
    let mut rest = operation.path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        line.push_str(before);
        let is_argument = operation.is_argument(&line, name);
        let mut name = snake(name);
        if !is_argument {
            if fields.contains(&name) {
                name.push_str("_key");
            }
            keys.push(format!("{name}/1"));
        }
        line.push_str(&format!("<{name}>"));
        rest = after;
    }
    line.push_str(rest);
    let aliases = operation
        .params
        .iter()
        .filter(|parameter| line.contains(&format!("=@{}", parameter.name)));
    let aliases: Vec<String> = aliases
        .map(|parameter| format!("@{}=<{}>", parameter.name, snake(&parameter.name)))
        .collect();
    if !aliases.is_empty() {
        line.push_str(&format!("?{}", aliases.join("&")));
    }
    (line, keys)
}

impl Operation {
    /// Whether what stands in braces after `before` is an argument of the operation: in parentheses, where
    /// a function in the middle of the path has its own. Elsewhere it is a key, which may have the same name.
    fn is_argument(&self, before: &str, name: &str) -> bool {
        let is_parameter = self.params.iter().any(|parameter| parameter.name == name);
        is_parameter && before.rfind('(') > before.rfind(')')
    }

    /// The least privileged permissions. For some operations nobody publishes any, and a declaration has to
    /// name one.
    fn least(&self) -> Least {
        let published = self
            .permissions
            .as_ref()
            .map(|permissions| &permissions.least);
        let published = published.filter(|least| {
            let Least {
                delegated_work,
                delegated_personal,
                application,
            } = least;
            !(delegated_work.is_empty() && delegated_personal.is_empty() && application.is_empty())
        });
        published.cloned().unwrap_or_else(|| Least {
            delegated_work: vec!["Unpublished.Permission".to_owned()],
            delegated_personal: Vec::new(),
            application: Vec::new(),
        })
    }
}

fn permissions(operation: &Operation) -> String {
    let Least {
        delegated_work,
        delegated_personal,
        application,
    } = operation.least();
    format!(
        "        delegated = {delegated_work:?},
        personal = {delegated_personal:?},
        application = {application:?},\n"
    )
}

fn returns(returns: Option<&Type>) -> String {
    let Some(ty) = returns else {
        return "()".to_owned();
    };
    let item = match (ty.kind.as_str(), ty.name.as_str()) {
        ("primitive", "Edm.Stream") => return "Content".to_owned(),
        ("primitive", "Edm.Boolean") => "bool",
        ("primitive", "Edm.Int32") => "i32",
        ("primitive", "Edm.String") | ("enum", _) => "String",
        ("entity" | "complex", _) => "Object",
        other => panic!("an answer of the type {other:?}"),
    };
    match (ty.collection, ty.kind.as_str()) {
        (true, _) => format!("Collection<{item}>"),
        (false, "primitive") => format!("Value<{item}>"),
        (false, _) => item.to_owned(),
    }
}

fn sample(ty: &Type, enumerations: &Enumerations) -> Sample {
    let one = sample_of_one(ty, enumerations);
    if !ty.collection {
        return one;
    }
    let json = json!([one.json, one.json]);
    Sample {
        ty: format!("Vec<{}>", one.ty),
        rust: format!("vec![{}, {}]", one.rust, one.rust),
        line: json.to_string(),
        json,
    }
}

fn sample_of_one(ty: &Type, enumerations: &Enumerations) -> Sample {
    let sample = |ty: &str, rust: &str, json: Value, line: &str| Sample {
        ty: ty.to_owned(),
        rust: rust.to_owned(),
        json,
        line: line.to_owned(),
    };
    match (ty.kind.as_str(), ty.name.as_str()) {
        ("enum", name) => {
            let Enumeration { is_flags, members } = &enumerations[name];
            let ty = type_name(name);
            let member = |index: usize| format!("{ty}::{}", type_name(&members[index]));
            if *is_flags {
                let joined = format!("{},{}", members[0], members[1]);
                let rust = format!("Flags(vec![{}, {}])", member(0), member(1));
                sample(&format!("Flags<{ty}>"), &rust, json!(joined), &joined)
            } else {
                sample(&ty, &member(0), json!(members[0]), &members[0])
            }
        }
        ("primitive", "Edm.String") => sample(
            "String",
            "\"it's a/b\".to_owned()",
            json!("it's a/b"),
            "it''s%20a%2Fb",
        ),
        ("primitive", "Edm.Boolean") => sample("bool", "true", json!(true), "true"),
        ("primitive", "Edm.Int32") => sample("i32", "-7", json!(-7), "-7"),
        ("primitive", "Edm.Int64") => sample("i64", "1 << 40", json!(1_i64 << 40), "1099511627776"),
        ("primitive", "Edm.Double") => sample("f64", "1.5", json!(1.5), "1.5"),
        ("primitive", "Edm.Date") => sample(
            "time::Date",
            "date!(2018-03-05)",
            json!("2018-03-05"),
            "2018-03-05",
        ),
        ("primitive", "Edm.DateTimeOffset") => sample(
            "Moment",
            "Moment(datetime!(2018-03-05 10:00 UTC))",
            json!("2018-03-05T10:00:00Z"),
            "2018-03-05T10:00:00Z",
        ),
        ("primitive", "Edm.Duration") => {
            sample("String", "\"PT1H\".to_owned()", json!("PT1H"), "PT1H")
        }
        ("primitive", "Edm.Guid") => {
            let id = "00000000-0000-0000-0000-00000000000a";
            sample("Uuid", "Uuid::from_u128(10)", json!(id), id)
        }
        ("complex" | "entity", _) => sample(
            "Object",
            "object()",
            json!({ "@odata.type": "#microsoft.graph.sample" }),
            "",
        ),
        other => panic!("a parameter of the type {other:?}"),
    }
}

/// What the operation sends with the sample values, by the metadata alone.
fn expected(operation: &Operation, enumerations: &Enumerations) -> Value {
    let is_function = operation.kind == "function";
    let mut path = String::new();
    let mut rest = operation.path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        path.push_str(before);
        let is_argument = operation.is_argument(&path, name);
        let parameter = operation
            .params
            .iter()
            .find(|parameter| parameter.name == name);
        match parameter.filter(|_| is_argument) {
            Some(parameter) => path.push_str(&sample(&parameter.ty, enumerations).line),
            None => {
                let clash = operation
                    .params
                    .iter()
                    .any(|parameter| snake(&parameter.name) == snake(name));
                path.push_str(&format!(
                    "{}{}%2F1",
                    snake(name),
                    if clash { "_key" } else { "" }
                ));
            }
        }
        rest = after;
    }
    path.push_str(rest);
    let aliases = operation
        .params
        .iter()
        .filter(|parameter| path.contains(&format!("=@{}", parameter.name)));
    let aliases: Vec<String> = aliases
        .map(|parameter| {
            let json = json!(["it's a/b", "it's a/b"]).to_string();
            let json = json
                .replace('[', "%5B")
                .replace(']', "%5D")
                .replace('"', "%22")
                .replace(' ', "%20");
            format!("@{}={json}", parameter.name)
        })
        .collect();
    if !aliases.is_empty() {
        path.push_str(&format!("?{}", aliases.join("&")));
    }
    let properties = |is_least: bool| -> serde_json::Map<_, _> {
        let parameters = operation.params.iter();
        let parameters =
            parameters.filter(|parameter| !is_least || !parameter.is_absent_sometimes());
        let sample = |parameter: &Parameter| sample(&parameter.ty, enumerations).json;
        parameters
            .map(|parameter| (parameter.name.clone(), sample(parameter)))
            .collect()
    };
    let has_body = !is_function && !operation.params.is_empty();
    let Least {
        delegated_work,
        delegated_personal,
        application,
    } = operation.least();
    json!({
        "method": operation.method,
        "path": path,
        "body": has_body.then(|| properties(false)),
        "least_path": without_absent(operation, &path),
        "least_body": has_body.then(|| properties(true)),
        "delegated": delegated_work,
        "personal": delegated_personal,
        "application": application,
    })
}

/// The path without the arguments that may be absent, and without parentheses if none is left.
fn without_absent(operation: &Operation, path: &str) -> String {
    let Some((function, arguments)) = path.split_once(&format!("/{}(", operation.name)) else {
        return path.to_owned();
    };
    let (arguments, query) = arguments.split_once(')').unwrap();
    let mut present = Vec::new();
    let mut is_present = true;
    for piece in arguments.split(',') {
        // What has no name is the rest of a value, `on='a,b'`.
        if let Some((name, _)) = piece.split_once('=') {
            let parameter = operation
                .params
                .iter()
                .find(|parameter| parameter.name == name);
            is_present = !parameter.is_some_and(Parameter::is_absent_sometimes);
        }
        if is_present {
            present.push(piece);
        }
    }
    let arguments = if present.is_empty() {
        String::new()
    } else {
        format!("({})", present.join(","))
    };
    format!("{function}/{}{arguments}{query}", operation.name)
}
