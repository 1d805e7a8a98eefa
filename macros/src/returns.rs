//! What `returns` cannot name, though it is a type.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Checks a type that `returns` names for a request line.
pub(crate) fn check(ty: &Type, line: &str) -> syn::Result<()> {
    let path = line.split('?').next().unwrap_or_default();
    // The two that answer without an object: a number as it is, and bytes.
    if path.ends_with("/$count") && primitive(ty).is_some() {
        return Ok(());
    }
    let wrong = if path.ends_with("/$value") && primitive(ty).is_some() {
        Some("a `$value` is sent as bytes: write `returns = Content`".to_owned())
    } else {
        reason(ty).map(|reason| format!("{reason}: write `returns = {}`", meant(ty)))
    };
    match wrong {
        Some(message) => Err(syn::Error::new_spanned(ty, message)),
        None => check_owned(ty.to_token_stream()),
    }
}

/// Why a type cannot be read from an answer, where that can be seen.
fn reason(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Group(group) => reason(&group.elem),
        Type::Paren(paren) => reason(&paren.elem),
        Type::Macro(_) => None,
        Type::Tuple(tuple) if tuple.elems.is_empty() => None,
        _ if is_bytes(ty) => Some("an answer of bytes is `Content`"),
        Type::Array(_) | Type::Slice(_) => Some("Graph answers with a list page by page"),
        Type::Reference(reference) => reason(&reference.elem),
        Type::Path(_) => {
            if primitive(ty).is_some() {
                return Some("Graph wraps a primitive in an object");
            }
            let (name, arguments) = standard(ty)?;
            match (name.as_str(), arguments.as_slice()) {
                ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", _) => {
                    Some("Graph answers with a list page by page")
                }
                ("Result", [_, _]) => Some("`send` gives a `Result` itself"),
                ("Option", [answer]) => match standard(answer) {
                    Some((name, _))
                        if matches!(name.as_str(), "Collection" | "Operation" | "Content") =>
                    {
                        Some("such an answer can hold nothing by itself")
                    }
                    _ => reason(answer),
                },
                ("Box", [answer]) => reason(answer),
                _ => None,
            }
        }
        _ => Some(
            "an answer is a JSON object, which a struct that derives `serde::Deserialize` names",
        ),
    }
}

/// What to name instead.
fn meant(ty: &Type) -> String {
    match ty {
        Type::Group(group) => return meant(&group.elem),
        Type::Paren(paren) => return meant(&paren.elem),
        Type::Reference(reference) => return meant(&reference.elem),
        _ if is_bytes(ty) => return "Content".to_owned(),
        Type::Array(array) => return format!("Collection<{}>", owned(&array.elem)),
        Type::Slice(slice) => return format!("Collection<{}>", owned(&slice.elem)),
        Type::Path(_) => {}
        _ => return "Profile".to_owned(),
    }
    if let Some(name) = primitive(ty) {
        return format!("Value<{}>", if name == "str" { "String" } else { name });
    }
    let Some((name, arguments)) = standard(ty) else {
        return text(ty);
    };
    match (name.as_str(), arguments.as_slice()) {
        ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [item, ..]) => {
            format!("Collection<{}>", owned(item))
        }
        ("Result", [answer, _]) | ("Box", [answer]) => meant(answer),
        ("Option", [answer]) if reason(answer).is_none() => text(answer),
        ("Option", [answer]) => match meant(answer) {
            // It can be empty without an `Option`.
            list if list.starts_with("Collection") || list == "Content" => list,
            other => format!("Option<{other}>"),
        },
        _ => text(ty),
    }
}

/// What a list holds, as a type that owns it.
fn owned(item: &Type) -> String {
    match item {
        Type::Reference(reference) => owned(&reference.elem),
        _ if primitive(item) == Some("str") => "String".to_owned(),
        _ => text(item),
    }
}

/// What JSON has without a name of its own.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "String", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize",
    "u8", "u16", "u32", "u64", "usize",
];

fn primitive(ty: &Type) -> Option<&'static str> {
    let (name, arguments) = standard(ty)?;
    let mut primitives = PRIMITIVES.into_iter().filter(|_| arguments.is_empty());
    primitives.find(|primitive| name == *primitive)
}

fn is_bytes(ty: &Type) -> bool {
    let item = match ty {
        Type::Array(array) => Some(&*array.elem),
        Type::Slice(slice) => Some(&*slice.elem),
        Type::Reference(reference) => return is_bytes(&reference.elem),
        _ => match standard(ty) {
            Some((name, arguments)) if name == "Vec" => arguments.first().copied(),
            Some((name, _)) => return name == "Bytes",
            None => None,
        },
    };
    item.is_some_and(|item| primitive(item) == Some("u8"))
}

/// The name and the type arguments of a type of the standard library or of this crate: one that is named
/// alone, or by its whole path. A user's own of the same name is another.
fn standard(ty: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(path) = ty else {
        return None;
    };
    let segments: Vec<&PathSegment> = path.path.segments.iter().collect();
    let (last, before) = segments.split_last()?;
    let roots = ["std", "core", "alloc", "graph_action", "bytes"];
    let is_known = before.is_empty() || roots.iter().any(|root| before[0].ident == root);
    let arguments = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        PathArguments::None | PathArguments::Parenthesized(_) => Vec::new(),
    };
    (is_known && path.qself.is_none()).then(|| (last.ident.to_string(), arguments))
}

/// Checks that a type borrows nothing: neither a reference nor a lifetime stands in it.
fn check_owned(tokens: TokenStream) -> syn::Result<()> {
    let mut tokens = tokens.into_iter();
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

/// What `returns` should say for a type that was written in quotes.
pub(crate) fn unquoted(text: &str) -> String {
    match syn::parse_str::<Type>(text) {
        Ok(ty) if reason(&ty).is_some() => meant(&ty),
        Ok(_) => text.to_owned(),
        Err(_) => "Profile".to_owned(),
    }
}
