//! `ActionArgs`: what was written between the parentheses of `#[graph_action(...)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, LitStr, Path, Token, Type, bracketed, token};

use crate::errors::{Errors, nearest};

/// The keys that name the method; the value of each is the request line.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

const KEYS: [&str; 12] = [
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "scope",
    "delegated",
    "personal",
    "application",
    "version",
    "returns",
    "crate",
];

/// The attribute, as written. What is `None` was not written, or not understood.
#[derive(Default)]
pub(crate) struct ActionArgs {
    /// The key that names the method, and the request line.
    pub(crate) line: Option<(Ident, LitStr)>,
    pub(crate) scope: Option<ScopeList>,
    pub(crate) delegated: Option<ScopeList>,
    pub(crate) personal: Option<ScopeList>,
    pub(crate) application: Option<ScopeList>,
    pub(crate) version: Option<Version>,
    pub(crate) returns: Option<Type>,
    pub(crate) krate: Option<Path>,
    /// Every key that stands there, with a good value or a bad one.
    keys: Vec<Ident>,
}

/// One permission or a list of them, least privileged first.
pub(crate) struct ScopeList {
    pub(crate) key: Ident,
    pub(crate) names: Vec<LitStr>,
}

#[derive(Clone, Copy)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl ActionArgs {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let entries = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = args.parse_entry(input, errors) {
                    errors.push(error);
                    skip_entry(input);
                }
                if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
                    errors.push(input.error("expected `,` between two keys"));
                    if !input.peek(Ident::peek_any) {
                        skip_entry(input);
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = entries.parse2(tokens) {
            errors.push(error);
        }
        args
    }

    /// Whether `key` was written, whatever came of its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|written| written == key)
    }

    /// Whether any of the keys that name a method was written.
    pub(crate) fn has_method(&self) -> bool {
        METHODS.iter().any(|method| self.has(method))
    }

    fn parse_entry(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        if !self.has_method()
            && let Some(line) = line_without_a_key(input)
        {
            errors.at(
                &line,
                format!(
                    "say which method: write `post = \"{}\"`, or `get`, `put`, `patch`, `delete`",
                    line.value()
                ),
            );
            let key = Ident::new("post", line.span());
            self.keys.push(key.clone());
            self.line = Some((key, input.parse()?));
            return Ok(());
        }
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected a key, as in `scope = \"User.Read.All\"`"));
        }
        let key = known_key(Ident::parse_any(input)?, errors)?;
        let name = key.to_string();
        if self.has(&name) {
            return Err(syn::Error::new(
                key.span(),
                format!("`{name}` is given twice: leave one of them out"),
            ));
        }
        let is_method = METHODS.contains(&name.as_str());
        if let Some(first) = self
            .keys
            .iter()
            .find(|key| is_method && METHODS.iter().any(|method| *key == method))
        {
            return Err(syn::Error::new(
                key.span(),
                format!(
                    "an action has one method, and `{first}` names it already: leave out one of the two"
                ),
            ));
        }
        self.keys.push(key.clone());
        expect_equals(input, &key)?;
        match name.as_str() {
            "scope" => self.scope = scopes(input, key, errors)?,
            "delegated" => self.delegated = scopes(input, key, errors)?,
            "personal" => self.personal = scopes(input, key, errors)?,
            "application" => self.application = scopes(input, key, errors)?,
            "version" => self.version = Some(version(input)?),
            "returns" => self.returns = Some(returns(input)?),
            "crate" => self.krate = Some(crate_path(input)?),
            _ => {
                let line = string(input, "the request line in quotes", "\"/users/<id>\"", &key)?;
                self.line = Some((key, line));
            }
        }
        Ok(())
    }
}

/// `key`, or after an error the key that was meant, so that what follows is still read.
fn known_key(key: Ident, errors: &mut Errors) -> syn::Result<Ident> {
    let name = key.to_string();
    if KEYS.contains(&name.as_str()) {
        return Ok(key);
    }
    let (message, meant) = if ["path", "url", "uri", "route"].contains(&name.as_str()) {
        let message = "the method is the key of the request line: write `get`, `post`, `put`, `patch` or \
                       `delete` for `";
        (format!("{message}{name}`"), "post")
    } else if let Some(meant) = nearest(&name.to_ascii_lowercase(), KEYS) {
        (
            format!("there is no key `{name}`: did you mean `{meant}`?"),
            meant,
        )
    } else {
        let message = format!(
            "there is no key `{name}`; the keys are `{}`",
            KEYS.join("`, `")
        );
        return Err(syn::Error::new(key.span(), message));
    };
    errors.at(&key, message);
    Ok(Ident::new(meant, key.span()))
}

/// What to write after each key, for the errors that say that it is missing.
fn example(key: &Ident) -> String {
    match key.to_string().as_str() {
        "scope" | "delegated" | "personal" | "application" => format!("{key} = \"User.Read.All\""),
        "version" => "version = \"beta\"".to_owned(),
        "returns" => "returns = Profile".to_owned(),
        "crate" => "crate = ::graph_action".to_owned(),
        _ => format!("{key} = \"/users/<id>\""),
    }
}

fn expect_equals(input: ParseStream<'_>, key: &Ident) -> syn::Result<()> {
    if input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty() && !input.peek(Token![,])
    {
        return Ok(());
    }
    Err(syn::Error::new(
        key.span(),
        format!("`{key}` needs a value: write `{}`", example(key)),
    ))
}

/// A request line that stands where a key should.
fn line_without_a_key(input: ParseStream<'_>) -> Option<LitStr> {
    let literal = input.fork().parse::<LitStr>().ok()?;
    literal.value().starts_with('/').then_some(literal)
}

fn string(input: ParseStream<'_>, what: &str, example: &str, key: &Ident) -> syn::Result<LitStr> {
    input.fork().parse::<LitStr>().map_err(|_| {
        at_expression(
            input,
            format!("`{key}` takes {what}: write `{key} = {example}`"),
        )
    })?;
    input.parse()
}

/// An error that underlines the whole expression that comes next.
fn at_expression(input: ParseStream<'_>, message: impl std::fmt::Display) -> syn::Error {
    match input.fork().parse::<Expr>() {
        Ok(expression) => syn::Error::new_spanned(expression, message),
        Err(_) => input.error(message),
    }
}

fn scopes(
    input: ParseStream<'_>,
    key: Ident,
    errors: &mut Errors,
) -> syn::Result<Option<ScopeList>> {
    let what = "a permission in quotes, or a list of them";
    let mut names: Vec<LitStr> = Vec::new();
    if input.peek(token::Bracket) {
        let list;
        let bracket = bracketed!(list in input);
        let expressions = Punctuated::<Expr, Token![,]>::parse_terminated(&list)?;
        if expressions.is_empty() && key == "scope" {
            return Err(syn::Error::new(
                bracket.span.join(),
                "`scope` names the permissions that open the action: write `scope = \"User.Read.All\"`; for \
                 a kind of caller that is not supported write `application = []`",
            ));
        }
        for expression in expressions {
            match syn::parse2(expression.to_token_stream()) {
                Ok(name) => names.push(name),
                Err(_) => errors.at(
                    expression,
                    format!("`{key}` takes {what}: write `{key} = [\"User.Read.All\"]`"),
                ),
            }
        }
    } else {
        names.push(string(input, what, "\"User.Read.All\"", &key)?);
    }
    for (index, name) in names.iter().enumerate() {
        if let Err(message) = check_permission(&name.value(), &key) {
            errors.at(name, message);
        } else if names[..index]
            .iter()
            .any(|other| other.value() == name.value())
        {
            errors.at(
                name,
                format!("`{}` stands twice: leave one of them out", name.value()),
            );
        }
    }
    Ok(Some(ScopeList { key, names }))
}

/// Checks that `name` is written as the permissions of Graph are: `Resource.Operation.Constraint`.
fn check_permission(name: &str, key: &Ident) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!(
            "this names no permission: write `{key} = \"User.Read.All\"`, or `[]` for a kind of caller that is \
             not supported"
        ));
    }
    if name.contains("://") {
        let bare = name.rsplit('/').next().unwrap_or(name);
        return Err(format!(
            "a permission is named without an address: write `\"{bare}\"`"
        ));
    }
    if name.contains([' ', ',', ';']) {
        let names: Vec<String> = name
            .split([' ', ',', ';'])
            .filter(|name| !name.is_empty())
            .map(|name| format!("\"{name}\""))
            .collect();
        return Err(if let [name] = names.as_slice() {
            format!("a permission's name has no spaces: write `{name}`")
        } else {
            format!(
                "several permissions are a list: write `{key} = [{}]`",
                names.join(", ")
            )
        });
    }
    let is_part = |part: &str| {
        // eDiscovery.Read.All is the one that begins with a small letter.
        part.chars().take(2).any(|char| char.is_ascii_uppercase())
            && part
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || char == '-')
    };
    if name.contains('.') && name.split('.').all(is_part) {
        return Ok(());
    }
    let capitals: Vec<String> = name.split('.').map(capitalized).collect();
    let capitals = capitals.join(".");
    Err(
        if capitals != name && capitals.contains('.') && capitals.split('.').all(is_part) {
            format!("permissions are written with capitals: write `\"{capitals}\"`")
        } else {
            format!(
                "`{name}` is not written as a permission of Graph is, `Resource.Operation.Constraint`: write it as \
             the reference's table of permissions has it, as in `\"User.Read.All\"`"
            )
        },
    )
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

fn version(input: ParseStream<'_>) -> syn::Result<Version> {
    let known = "write `version = \"v1.0\"` or `version = \"beta\"`";
    let literal: LitStr = input
        .fork()
        .parse()
        .map_err(|_| at_expression(input, format!("the version stands in quotes: {known}")))?;
    let version = match literal.value().as_str() {
        "v1.0" => Version::V1,
        "beta" => Version::Beta,
        other => {
            let mend = match other.to_ascii_lowercase().trim_start_matches('v') {
                "1" | "1.0" => "write `version = \"v1.0\"`",
                "beta" => "write `version = \"beta\"`",
                _ => known,
            };
            return Err(syn::Error::new(
                literal.span(),
                format!("Graph has no version `{other}`: {mend}"),
            ));
        }
    };
    input.parse::<LitStr>()?;
    Ok(version)
}

fn returns(input: ParseStream<'_>) -> syn::Result<Type> {
    if let Ok(literal) = input.fork().parse::<LitStr>() {
        return Err(syn::Error::new(
            literal.span(),
            format!(
                "`returns` takes a type, without quotes: write `returns = {}`",
                literal.value()
            ),
        ));
    }
    input.fork().parse::<Type>().map_err(|_| {
        at_expression(
            input,
            "`returns` takes the type of the answer: write `returns = Profile`",
        )
    })?;
    input.parse()
}

fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    if let Ok(literal) = input.fork().parse::<LitStr>() {
        return Err(syn::Error::new(
            literal.span(),
            format!(
                "`crate` takes a path, without quotes: write `crate = ::{}`",
                literal.value().trim_start_matches("::")
            ),
        ));
    }
    let path = input.fork().call(Path::parse_mod_style).map_err(|_| {
        at_expression(
            input,
            "`crate` takes the path of the runtime crate: write `crate = ::graph_action`",
        )
    })?;
    let starts_at_root = path.leading_colon.is_some() || path.segments[0].ident == "crate";
    if !starts_at_root {
        let written = path.to_token_stream().to_string().replace(' ', "");
        return Err(syn::Error::new_spanned(
            &path,
            format!(
                "a relative path means another thing in each module: write `crate = ::{written}`"
            ),
        ));
    }
    input.call(Path::parse_mod_style)
}

/// Moves on to the `,` before the next key, so that one mistake is one error.
fn skip_entry(input: ParseStream<'_>) {
    while !input.is_empty() {
        let ahead = input.fork();
        let at_next_key = ahead.parse::<Token![,]>().is_ok()
            && (ahead.is_empty()
                || ahead.call(Ident::parse_any).is_ok()
                    && (ahead.peek(Token![=]) || ahead.peek(Token![,]) || ahead.is_empty()));
        if at_next_key || input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
