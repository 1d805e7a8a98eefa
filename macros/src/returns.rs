//! What `returns` cannot name, though it is a type.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, Type};

use crate::field::is_named;

/// Checks a type that `returns` names for a request line.
pub(crate) fn check(ty: &Type, line: &str) -> syn::Result<()> {
    let wrong = |message: String| Err(syn::Error::new_spanned(ty, message));
    let path = line.split('?').next().unwrap_or_default();
    // The two that answer without an object: a number as it is, and bytes.
    if path.ends_with("/$count") && primitive(ty).is_some() {
        return Ok(());
    }
    if path.ends_with("/$value") && primitive(ty).is_some() {
        return wrong("a `$value` is sent as bytes: write `returns = Content`".to_owned());
    }
    if let Type::Reference(reference) = ty
        && let Some(name) = primitive(&reference.elem)
    {
        let owned = if name == "str" { "String" } else { name };
        return wrong(format!(
            "Graph wraps a primitive in an object, which owns it: write `returns = Value<{owned}>`"
        ));
    }
    check_owned(ty.to_token_stream())?;
    let items = match ty {
        Type::Array(array) => Some(&*array.elem),
        Type::Slice(slice) => Some(&*slice.elem),
        Type::Path(_) => argument_of(ty, &["Vec", "VecDeque", "HashSet", "BTreeSet"]),
        _ => None,
    };
    if let Some(items) = items {
        return wrong(format!(
            "Graph answers with a list page by page: write `returns = Collection<{item}>`, or \
             `returns = Value<{list}>` for a list of primitives",
            item = text(items),
            list = text(ty),
        ));
    }
    match ty {
        Type::Path(_) => {
            if let Some(name) = primitive(ty) {
                return wrong(format!(
                    "Graph wraps a primitive in an object: write `returns = Value<{name}>`"
                ));
            }
            if let Some(answer) = argument_of(ty, &["Result"]) {
                let answer = text(answer);
                return wrong(format!(
                    "`send` gives a `Result` itself: write `returns = {answer}`"
                ));
            }
            let Some(answer) = argument_of(ty, &["Option"]) else {
                return Ok(());
            };
            let reads_anything = ["Collection", "Operation", "Content"];
            if reads_anything.iter().any(|name| is_named(answer, name)) {
                let answer = text(answer);
                return wrong(format!(
                    "a `{answer}` can hold nothing by itself: write `returns = {answer}`"
                ));
            }
            check(answer, line)
        }
        Type::Tuple(tuple) if tuple.elems.is_empty() => Ok(()),
        Type::Group(group) => check(&group.elem, line),
        Type::Paren(paren) => check(&paren.elem, line),
        Type::Macro(_) => Ok(()),
        _ => wrong(
            "an answer is a JSON object: name a struct that derives `serde::Deserialize`, as in \
             `returns = Profile`"
                .to_owned(),
        ),
    }
}

/// What JSON has without a name of its own.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "String", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize",
    "u8", "u16", "u32", "u64", "usize",
];

/// The first type argument of a type of one of these names.
fn argument_of<'a>(ty: &'a Type, names: &[&str]) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let first = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    first.filter(|_| names.iter().any(|name| last.ident == name))
}

fn primitive(ty: &Type) -> Option<&'static str> {
    PRIMITIVES
        .into_iter()
        .find(|name| matches!(ty, Type::Path(path) if path.path.is_ident(name)))
}

/// Checks that a type borrows nothing: neither a reference nor a lifetime stands in it.
fn check_owned(tokens: TokenStream) -> syn::Result<()> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => check_owned(group.stream())?,
            TokenTree::Punct(mark) if mark.as_char() == '&' => {
                return Err(syn::Error::new(
                    mark.span(),
                    "an answer outlives what it was read from, so it owns what it holds: leave out the `&`, and \
                     write `String` for `str`",
                ));
            }
            TokenTree::Punct(mark) if mark.as_char() == '\'' => {
                let name = tokens.next().filter(|name| name.to_string() != "static");
                if let Some(name) = name {
                    let lifetime = TokenStream::from_iter([TokenTree::Punct(mark), name]);
                    return Err(syn::Error::new_spanned(
                        lifetime,
                        "an answer outlives what it was read from, so it owns what it holds: name a type \
                         without a lifetime",
                    ));
                }
            }
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
    }
    Ok(())
}

/// A type as one writes it.
fn text(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    [
        (" :: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        ("[ ", "["),
        (" ]", "]"),
    ]
    .iter()
    .fold(tokens, |text, (from, to)| text.replace(from, to))
}
