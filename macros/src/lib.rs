//! The attribute macro of [graph-action](https://docs.rs/graph-action), which re-exports and
//! documents it. Depend on that crate: what the macro emits names its items.

#![warn(clippy::unwrap_used)]

mod args;
mod declaration;
mod errors;
mod expand;
mod field;
mod path;
mod returns;
mod serde_attrs;
#[cfg(test)]
mod snapshots;

use proc_macro2::{Span, TokenStream, TokenTree};
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
    let Ok(parsed) = syn::parse2::<DeriveInput>(item.clone()) else {
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

/// Whether an item is meant to be a struct, however far it is written.
fn is_struct(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter();
    tokens.any(|token| matches!(token, TokenTree::Ident(word) if word == "struct"))
}
