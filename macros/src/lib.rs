//! The attribute macro of [graph-action](https://docs.rs/graph-action), which re-exports and
//! documents it. Depend on that crate: what the macro emits names its items.

#![warn(clippy::unwrap_used)]

mod args;
mod declaration;
mod errors;
mod expand;
mod field;
mod mend;
mod path;
mod returns;
mod serde_attrs;
#[cfg(test)]
mod snapshots;

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use syn::DeriveInput;

use crate::args::ActionArgs;
use crate::declaration::{Declaration, NOT_A_STRUCT};
use crate::errors::Errors;

// Documented where it is re-exported, so that its links lead into the runtime.
#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn graph_action(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand(args.into(), &item.into()).into()
}

/// Puts what stands in its parentheses in the place of the item below it.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn instead(
    args: proc_macro::TokenStream,
    _item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    args
}

fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let parsed = syn::parse2::<DeriveInput>(item.clone());
    let Ok(parsed) = parsed.or_else(|_| syn::parse2(escaped(item.clone()))) else {
        if is_struct(item) {
            // It has a mistake that the compiler reports itself.
            return item.clone();
        }
        let error = syn::Error::new(Span::call_site(), NOT_A_STRUCT).into_compile_error();
        return quote!(#item #error);
    };
    let mut errors = Errors::new();
    let args = ActionArgs::parse(args, &mut errors);
    match Declaration::new(args, &parsed, errors) {
        Ok(declaration) => expand::action(&declaration),
        Err(mistaken) => expand::stub(*mistaken),
    }
}

/// The item with the fields raw that are named like a keyword, as the compiler reads on after its error.
fn escaped(item: TokenStream) -> TokenStream {
    let mut tokens = item.into_iter().peekable();
    let mut escaped = Vec::new();
    while let Some(token) = tokens.next() {
        let is_name = matches!(tokens.peek(), Some(TokenTree::Punct(mark))
            if mark.as_char() == ':' && mark.spacing() == Spacing::Alone);
        escaped.push(match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let mut fields = Group::new(Delimiter::Brace, self::escaped(group.stream()));
                fields.set_span(group.span());
                TokenTree::Group(fields)
            }
            TokenTree::Ident(word) if is_name && is_keyword(&word) => {
                TokenTree::Ident(Ident::new_raw(&word.to_string(), word.span()))
            }
            token => token,
        });
    }
    escaped.into_iter().collect()
}

/// Whether a word is a keyword that can be written raw.
fn is_keyword(word: &Ident) -> bool {
    let word = word.to_string();
    let is_path = matches!(word.as_str(), "self" | "Self" | "super" | "crate" | "_");
    syn::parse_str::<Ident>(&word).is_err() && !is_path && !word.starts_with("r#")
}

/// Whether an item is meant to be a struct, however far it is written.
fn is_struct(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter();
    tokens.any(|token| matches!(token, TokenTree::Ident(word) if word == "struct"))
}
