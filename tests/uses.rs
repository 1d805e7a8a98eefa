//! Do the uses of an action stay without errors while its declaration is wrong? Each crate here has one
//! broken declaration and a hundred good uses of it, and the compiler has to report the mistake alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

const BODY: &str = "pub struct Call { pub name: String }";

/// Of an action without arguments.
const ALONE: [(&str, &str, &str, usize); 5] = [
    (
        "alone_no_mistake",
        r#"post = "/me/f", scope = "User.Read.All", returns = User"#,
        BODY,
        0,
    ),
    (
        "alone_method_missing",
        r#"scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "alone_method_unknown",
        r#"fetch = "/me/f", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "alone_not_a_literal",
        r#"post = concat!("/me"), scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "alone_bracket_missing",
        r#"post = "/users/<name/f", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
];

/// The attribute's arguments and the struct, and how many mistakes are in them.
const BROKEN: [(&str, &str, &str, usize); 27] = [
    (
        "no_mistake",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = User"#,
        BODY,
        0,
    ),
    (
        "scope_missing",
        r#"post = "/users/<id>/f", returns = User"#,
        BODY,
        1,
    ),
    (
        "scope_wrong",
        r#"post = "/users/<id>/f", scope = "x", returns = User"#,
        BODY,
        1,
    ),
    (
        "version_wrong",
        r#"post = "/users/<id>/f", scope = "User.Read.All", version = "v2", returns = User"#,
        BODY,
        1,
    ),
    (
        "braces",
        r#"post = "/users/{id}/f", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "bracket_missing",
        r#"post = "/users/<id/f", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "no_name",
        r#"post = "/users/<>/f", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "host",
        r#"post = "https://graph.microsoft.com/v1.0/users/<id>/f", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "placeholder_twice",
        r#"post = "/users/<id>/f/<id>", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "method_missing",
        r#"scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "method_unknown",
        r#"fetch = "/users/<id>", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "method_a_number",
        r#"post = 1, scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "method_without_a_value",
        r#"post, scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "two_methods",
        r#"post = "/users/<id>/f", get = "/x", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "returns_a_number",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = 1"#,
        BODY,
        1,
    ),
    (
        "returns_a_reference",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = &User"#,
        BODY,
        1,
    ),
    (
        "returns_a_list",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = Vec<User>"#,
        BODY,
        1,
    ),
    (
        "returns_unknown",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = Usr"#,
        BODY,
        1,
    ),
    (
        "returns_by_another_key",
        r#"post = "/users/<id>/f", scope = "User.Read.All", answer = User"#,
        BODY,
        1,
    ),
    ("everything_unknown", r#"fetch = "/users/<id>""#, BODY, 1),
    (
        "crate_misspelt",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = User, crate = ::grph"#,
        BODY,
        1,
    ),
    (
        "crate_of_another_module",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = User, crate = crate"#,
        BODY,
        1,
    ),
    (
        "name_without_camel_case",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = User"#,
        "pub struct Call { pub name: String, #[serde(default)] pub(crate) __: () }",
        1,
    ),
    (
        "serde_misspelt",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = User"#,
        r#"pub struct Call { #[serde(renam = "Name")] pub name: String }"#,
        1,
    ),
    (
        "nearly_a_field",
        r#"post = "/users/<id>/f/<na_me>", scope = "User.Read.All", returns = User"#,
        BODY,
        1,
    ),
    (
        "keyword",
        r#"post = "/users/<id>/f", scope = "User.Read.All", returns = User"#,
        "pub struct Call { pub name: String, #[serde(skip)] pub(crate) type: () }",
        1,
    ),
    (
        "three_mistakes",
        r#"post = "/users/{id}/f", scope = "x", version = "v2", returns = User"#,
        BODY,
        3,
    ),
];

#[test]
fn one_mistake_and_a_hundred_uses_are_one_error() {
    let folder = package();
    for (argument, cases) in [("id", &BROKEN[..]), ("", &ALONE[..])] {
        for (name, args, item, _) in cases {
            let source = folder.join(format!("{name}.rs"));
            fs::write(source, program(args, item, argument)).unwrap();
        }
    }
    let found = errors(&folder);
    for (name, _, _, mistakes) in BROKEN.into_iter().chain(ALONE) {
        let errors = found.get(name).map_or(&[][..], Vec::as_slice);
        let first = errors.iter().take(mistakes + 1).cloned();
        let first = first.collect::<String>();
        assert_eq!(errors.len(), mistakes, "{name}:\n{first}");
    }
}

fn program(args: &str, item: &str, argument: &str) -> String {
    let rest = match item {
        _ if item.contains("type:") => ", r#type: ()",
        _ if item.contains("__:") => ", __: ()",
        _ => "",
    };
    let mut program = format!(
        "use graph_action::{{Action, Client, Error, Request, graph_action}};

#[graph_action({args})]
#[derive(Clone)]
{item}

#[derive(serde::Deserialize)]
pub struct User {{
    pub name: String,
    pub friends: Vec<String>,
}}

fn call(name: &str) -> Call {{
    Call {{ name: name.to_owned(){rest} }}
}}

fn prepared<A: Action>(request: Request<A>) -> Request<A> {{
    request
}}

fn main() {{}}
"
    );
    for number in 0..100 {
        write!(
            program,
            "
pub async fn use_{number}(graph: &Client, id: &str) -> Result<usize, Error> {{
    let call = call(id);
    let user = prepared(call.clone().request({argument})).send(graph).await?;
    let longest = user.friends.iter().map(|friend| friend.len()).max();
    Ok(user.name.len() + longest.unwrap_or({number}) + call.name.len())
}}
"
        )
        .unwrap();
    }
    program
}

/// The folder of a package that has every file in it as a program.
fn package() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("uses");
    fs::create_dir_all(&folder).unwrap();
    let mut manifest = format!(
        r#"
[package]
name = "uses"
edition = "2024"
autobins = false

[dependencies]
graph-action = {{ path = {runtime:?} }}
serde = {{ version = "1", features = ["derive"] }}

[workspace]
"#,
        runtime = tests.join("../runtime"),
    );
    for (name, ..) in BROKEN.into_iter().chain(ALONE) {
        write!(
            manifest,
            "\n[[bin]]\nname = \"{name}\"\npath = \"{name}.rs\"\n"
        )
        .unwrap();
    }
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(tests.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// What the compiler says is wrong, by program.
fn errors(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args([
            "check",
            "--quiet",
            "--keep-going",
            "--bins",
            "--message-format=json",
        ])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("../target"))
        .output()
        .unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in messages.lines() {
        let message: Value = serde_json::from_str(message).unwrap();
        let target = &message["target"]["name"];
        let message = &message["message"];
        let is_summary = message["spans"].as_array().is_none_or(Vec::is_empty);
        if message["level"] == "error" && !is_summary {
            let target = errors.entry(target.as_str().unwrap().to_owned());
            let text = message["rendered"].as_str().unwrap().to_owned();
            target.or_default().push(text);
        }
    }
    assert!(
        !errors.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    errors
}
