//! `ActionArgs`: what was written between the parentheses of `#[graph_action(...)]`.

use std::fmt::Display;

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Attribute, Expr, Ident, LitStr, Path, Token, Type, bracketed, parse_quote, token};

use crate::errors::{Errors, nearest};
use crate::returns;

/// The keys that name the method; the value of each is the request line.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The keys that name permissions.
const CALLERS: [&str; 4] = ["scope", "delegated", "personal", "application"];

const KEYS: [&str; 13] = [
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
    "idempotent",
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
    /// Whether the type stands in quotes, which is reported already; `()`, if it is none.
    pub(crate) is_returns_quoted: bool,
    pub(crate) krate: Option<Path>,
    /// The key that says that sending twice does no harm.
    pub(crate) idempotent: Option<Ident>,
    /// Whether a key stands there of which nobody knows what was meant, and which may be any that is
    /// missing.
    pub(crate) has_unknown_key: bool,
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
                    let is_more = input.peek(Token![|]) || input.peek(Token![+]);
                    errors.push(match args.last_caller().filter(|_| is_more) {
                        Some(key) => several(input, key),
                        None => input.error("expected `,` between two keys"),
                    });
                    if input.parse::<Option<Token![;]>>()?.is_none() && !input.peek(Ident::peek_any)
                    {
                        skip_entry(input);
                        input.parse::<Option<Token![,]>>()?;
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

    /// Whether nothing was written at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.has_unknown_key
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
        if self.parse_misplaced(input, errors)? {
            return Ok(());
        }
        match self.parse_key(input, errors)? {
            Some(key) => self.parse_value(key, input, errors),
            None => {
                skip_entry(input);
                Ok(())
            }
        }
    }

    /// Reads what stands where a key should; whether there was such a thing in place of a whole entry.
    fn parse_misplaced(
        &mut self,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        if let Some(attribute) = input.call(Attribute::parse_outer)?.first() {
            errors.at(
                attribute,
                "documentation and attributes stand above `#[graph_action]`: move this there",
            );
            return Ok(input.is_empty());
        }
        if self.has_method() {
            return Ok(false);
        }
        let Some(line) = line_without_a_key(input) else {
            return Ok(false);
        };
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
        Ok(true)
    }

    /// Reads a key; `None`, after an error, if its value is of no use.
    fn parse_key(
        &mut self,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<Option<Ident>> {
        if !input.peek(Ident::peek_any) {
            return Err(match self.last_caller() {
                Some(key) if input.peek(LitStr) => several(input, key),
                _ => input.error("expected a key, as in `scope = \"User.Read.All\"`"),
            });
        }
        let written = Ident::parse_any(input)?;
        let Some(key) = known_key(written.clone(), errors).filter(|_| written != "method") else {
            self.has_unknown_key = true;
            return Ok(None);
        };
        let is_method = METHODS.iter().any(|method| key == method);
        let mut methods = self
            .keys
            .iter()
            .filter(|key| METHODS.iter().any(|method| *key == method));
        if self.keys.contains(&key) {
            // A key that was only guessed has its error already.
            if key == written {
                errors.at(
                    &key,
                    format!("`{key}` is given twice: leave one of them out"),
                );
            }
            return Ok(None);
        }
        if let Some(first) = methods.next().filter(|_| is_method) {
            errors.at(
                &key,
                format!(
                    "an action has one method, and `{first}` names it already: leave out one of the two"
                ),
            );
            return Ok(None);
        }
        self.keys.push(key.clone());
        Ok(Some(key))
    }

    /// The last key, if it names permissions.
    fn last_caller(&self) -> Option<&Ident> {
        let last = self.keys.last()?;
        Some(last).filter(|key| CALLERS.iter().any(|caller| *key == caller))
    }

    fn parse_value(
        &mut self,
        key: Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if key == "idempotent" {
            self.idempotent = Some(key);
            return expect_nothing(input);
        }
        expect_equals(input, &key, errors)?;
        match key.to_string().as_str() {
            "scope" => self.scope = Some(scopes(input, key, errors)?),
            "delegated" => self.delegated = Some(scopes(input, key, errors)?),
            "personal" => self.personal = Some(scopes(input, key, errors)?),
            "application" => self.application = Some(scopes(input, key, errors)?),
            "version" => self.version = Some(version(input)?),
            "returns" => {
                self.is_returns_quoted = input.peek(LitStr);
                self.returns = Some(returns(input, errors)?);
            }
            "crate" => self.krate = Some(crate_path(input)?),
            _ => {
                let line = string(input, "the request line in quotes", "\"/users/<id>\"", &key)?;
                self.line = Some((key, line));
            }
        }
        Ok(())
    }
}

/// Names that are written for a key of another name.
const MEANT: [(&str, &str); 10] = [
    ("permission", "scope"),
    ("permissions", "scope"),
    ("scopes", "scope"),
    ("response", "returns"),
    ("result", "returns"),
    ("output", "returns"),
    ("api_version", "version"),
    ("beta", "version"),
    ("app", "application"),
    ("user", "delegated"),
];

/// Keys of other macros for what the method's key says here.
const LINE_KEYS: [&str; 6] = ["path", "url", "route", "uri", "endpoint", "method"];

/// `key`, or after an error the key that was meant, so that what follows is still read.
fn known_key(key: Ident, errors: &mut Errors) -> Option<Ident> {
    let name = key.to_string();
    if KEYS.contains(&name.as_str()) {
        return Some(key);
    }
    let is_line = LINE_KEYS.contains(&name.as_str());
    let mut other_names = MEANT.iter().filter(|(written, _)| *written == name);
    let meant = is_line.then_some("post");
    let meant = meant.or_else(|| other_names.next().map(|(_, meant)| *meant));
    let meant = meant.or_else(|| nearest(&name.to_ascii_lowercase(), KEYS));
    errors.at(
        &key,
        match meant {
            Some(_) if is_line => format!(
                "the method is the key of the request line: write `get = \"/users/<id>\"` for `{name}`, or `post`, \
                 `put`, `patch`, `delete`"
            ),
            Some(meant) => format!("there is no key `{name}`: did you mean `{meant}`?"),
            None => format!("there is no key `{name}`; the keys are `{}`", KEYS.join("`, `")),
        },
    );
    meant.map(|meant| Ident::new(meant, key.span()))
}

/// What to write after each key, for the errors that say that it is missing.
fn example(key: &Ident) -> String {
    match key.to_string().as_str() {
        "scope" => "scope = \"User.Read.All\"".to_owned(),
        "delegated" | "personal" | "application" => {
            format!("{key} = \"User.Read.All\"`, or `{key} = []")
        }
        "version" => "version = \"beta\"".to_owned(),
        "returns" => "returns = Profile".to_owned(),
        "crate" => "crate = ::graph_action".to_owned(),
        _ => format!("{key} = \"/users/<id>\""),
    }
}

/// Reads the `=`, or says that it is missing where a value follows all the same.
fn expect_equals(input: ParseStream<'_>, key: &Ident, errors: &mut Errors) -> syn::Result<()> {
    let example = example(key);
    let is_other = input.parse::<Option<Token![:]>>()?.is_some()
        || input.parse::<Option<Token![=>]>>()?.is_some()
        || input.parse::<Option<Token![==]>>()?.is_some()
        || input.parse::<Option<Token![->]>>()?.is_some();
    if is_other && !input.is_empty() {
        errors.at(
            key,
            format!("a key and its value have a `=` between them: write `{example}`"),
        );
    } else if input.parse::<Option<Token![=]>>()?.is_none()
        || input.is_empty()
        || input.peek(Token![,])
    {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key}` needs a value: write `{example}`"),
        ));
    }
    Ok(())
}

fn several(input: ParseStream<'_>, key: &Ident) -> syn::Error {
    input.error(format!(
        "several permissions are a list: write `{key} = [\"A\", \"B\"]`"
    ))
}

fn expect_nothing(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) || input.peek(Ident::peek_any) {
        return Ok(());
    }
    Err(input.error("`idempotent` takes no value: write `idempotent`, or leave it out"))
}

/// A request line that stands where a key should.
fn line_without_a_key(input: ParseStream<'_>) -> Option<LitStr> {
    let literal = input.fork().parse::<LitStr>().ok()?;
    literal.value().starts_with('/').then_some(literal)
}

/// Reads a value of one type, or says with the whole of what stands there underlined what it should be.
fn value<T: Parse>(input: ParseStream<'_>, message: impl Display) -> syn::Result<T> {
    let ahead = input.fork();
    let value = ahead.parse().map_err(|_| at_expression(input, message))?;
    input.advance_to(&ahead);
    Ok(value)
}

fn string(input: ParseStream<'_>, what: &str, example: &str, key: &Ident) -> syn::Result<LitStr> {
    value(
        input,
        format!("`{key}` takes {what}: write `{key} = {example}`"),
    )
}

/// An error that underlines the whole expression that comes next.
fn at_expression(input: ParseStream<'_>, message: impl Display) -> syn::Error {
    match input.fork().parse::<Expr>() {
        Ok(expression) => syn::Error::new_spanned(expression, message),
        Err(_) => input.error(message),
    }
}

fn scopes(input: ParseStream<'_>, key: Ident, errors: &mut Errors) -> syn::Result<ScopeList> {
    let what = "a permission in quotes, or a list of them";
    let example = match key == "scope" {
        true => "\"User.Read.All\"".to_owned(),
        false => format!("\"User.Read.All\"`, or `{key} = []"),
    };
    let mut names: Vec<LitStr> = Vec::new();
    if input.peek(token::Bracket) {
        let list;
        let bracket = bracketed!(list in input);
        if list.is_empty() && key == "scope" {
            return Err(syn::Error::new(
                bracket.span.join(),
                "`scope` names the permissions that open the action: write `scope = \"User.Read.All\"`; for \
                 a kind of caller that is not supported write `application = []`",
            ));
        }
        while !list.is_empty() {
            match value(
                &list,
                format!("`{key}` takes {what}: write `{key} = [\"User.Read.All\"]`"),
            ) {
                Ok(name) => names.push(name),
                Err(error) => {
                    errors.push(error);
                    while !list.is_empty() && !list.peek(Token![,]) {
                        list.parse::<TokenTree>()?;
                    }
                }
            }
            if list.parse::<Option<Token![,]>>()?.is_none() && !list.is_empty() {
                errors.push(list.error(format!(
                    "expected `,` between two permissions: write `{key} = [\"A\", \"B\"]`"
                )));
            }
        }
    } else if input.peek(token::Paren) {
        let list = input.fork().parse::<Group>()?;
        return Err(at_expression(
            input,
            format!(
                "a list stands in square brackets: write `{key} = [{}]`",
                list.stream()
            ),
        ));
    } else {
        names.push(string(input, what, &example, &key)?);
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
    Ok(ScopeList { key, names })
}

/// Checks that `name` is written as the permissions of Graph are: `Resource.Operation.Constraint`.
fn check_permission(name: &str, key: &Ident) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err(format!(
            "this names no permission: write `{key} = \"User.Read.All\"`, or `[]` for a kind of caller that is \
             not supported"
        ));
    }
    let word = name.trim().trim_end_matches('.').to_ascii_lowercase();
    if matches!(
        word.as_str(),
        "not supported" | "not available" | "none" | "no" | "n/a"
    ) {
        let mend = match key == "scope" {
            true => "write `delegated = \"...\"` and `application = []`, or the other way round"
                .to_owned(),
            false => format!("write `{key} = []`"),
        };
        return Err(format!(
            "a kind of caller that is not supported has an empty list: {mend}"
        ));
    }
    if word.ends_with("/.default") || word == "default" {
        return Err(format!(
            "the client asks for `.default` itself: name the permission of the action, `{key} = \"User.Read.All\"`"
        ));
    }
    // Those of OpenID Connect, which have no resource.
    if matches!(name, "openid" | "profile" | "email" | "offline_access") {
        return Ok(());
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
    if let Some(mended) = mended_operations(name) {
        return Err(format!(
            "no permission of Graph is called `{name}`: write `\"{mended}\"`"
        ));
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
            format!(
                "permissions have capitals, as the reference's table has them: probably `\"{capitals}\"`"
            )
        } else {
            format!(
                "`{name}` is not written as a permission of Graph is, `Resource.Operation.Constraint`: write it as \
             the reference's table of permissions has it, as in `\"User.Read.All\"`"
            )
        },
    )
}

/// `name` with the words behind the resource as Graph writes them, if they are nearly so.
fn mended_operations(name: &str) -> Option<String> {
    let (resource, operations) = name.split_once('.')?;
    let mut mended = vec![resource.to_owned()];
    for word in operations.split('.') {
        let (word, all) = match word.strip_suffix("All") {
            Some(word) if !word.is_empty() => (word, Some("All")),
            _ => (word, None),
        };
        let mut near = ["Read", "ReadWrite", "ReadBasic", "All"]
            .into_iter()
            .filter(|known| {
                word.eq_ignore_ascii_case(known) || strsim::osa_distance(word, known) == 1
            });
        mended.push(near.next().unwrap_or(word).to_owned());
        mended.extend(all.map(str::to_owned));
    }
    let mended = mended.join(".");
    let is_lower = name.starts_with(|first: char| first.is_ascii_lowercase());
    (mended != name && !is_lower).then_some(mended)
}

fn capitalized(word: &str) -> String {
    // The operations that are two words; the resource's are not known here.
    match word.to_ascii_lowercase().as_str() {
        "readwrite" => return "ReadWrite".to_owned(),
        "readbasic" => return "ReadBasic".to_owned(),
        _ => {}
    }
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
    let literal: LitStr = value(input, format!("the version stands in quotes: {known}"))?;
    Ok(match literal.value().as_str() {
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
    })
}

fn returns(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Type> {
    if let Some(literal) = input.parse::<Option<LitStr>>()? {
        errors.at(
            &literal,
            format!(
                "`returns` takes a type, without quotes: write `returns = {}`",
                returns::unquoted(&literal.value())
            ),
        );
        // Reported already, whatever else there is to say of it.
        return Ok(literal.parse().unwrap_or_else(|_| parse_quote!(())));
    }
    value(
        input,
        "`returns` takes the type of the answer: write `returns = Profile`",
    )
}

fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    if let Some(literal) = input.parse::<Option<LitStr>>()? {
        let path = literal.value().replace('-', "_");
        let path = path.trim_start_matches("::");
        let root = if path.starts_with("crate") { "" } else { "::" };
        return Err(syn::Error::new(
            literal.span(),
            format!("`crate` takes a path, without quotes: write `crate = {root}{path}`"),
        ));
    }
    let ahead = input.fork();
    let path = ahead.call(Path::parse_mod_style).map_err(|_| {
        at_expression(
            input,
            "`crate` takes the path of the runtime crate: write `crate = ::graph_action`",
        )
    })?;
    input.advance_to(&ahead);
    let first = path.segments[0].ident.to_string();
    if path.leading_colon.is_some() || first == "crate" {
        return Ok(path);
    }
    let written = path.to_token_stream().to_string().replace(' ', "");
    let mend = match first.as_str() {
        "self" | "super" => "write it from the root, `crate = crate::...`".to_owned(),
        "$crate" => {
            return Err(syn::Error::new_spanned(
                &path,
                "serde cannot be told of `$crate`: name the crate, `crate = ::your_crate::graph_action`, which \
                 has to have `extern crate self as your_crate;` for its own uses",
            ));
        }
        _ => format!("write `crate = ::{written}`"),
    };
    Err(syn::Error::new_spanned(
        &path,
        format!("`{written}` means another thing in each module: {mend}"),
    ))
}

/// Moves on to the `,` before the next key, so that one mistake is one error.
fn skip_entry(input: ParseStream<'_>) {
    while !input.is_empty() {
        let ahead = input.fork();
        let is_divider = ahead.parse::<Token![,]>().is_ok() || ahead.parse::<Token![;]>().is_ok();
        let is_key = || {
            ahead
                .call(Ident::parse_any)
                .is_ok_and(|key| KEYS.contains(&key.to_string().as_str()))
        };
        if is_divider && (ahead.is_empty() || is_key()) || input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
