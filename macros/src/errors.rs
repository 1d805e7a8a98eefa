//! Gathers errors, so that one run of the compiler shows every mistake.

use std::fmt::Display;

use quote::ToTokens;

/// The mistakes found so far. Dropping it without asking for them is a bug, and panics.
pub(crate) struct Errors {
    found: Option<syn::Error>,
    checked: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self {
            found: None,
            checked: false,
        }
    }

    /// Adds a mistake, with the caret under all of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            found => *found = Some(error),
        }
    }

    pub(crate) fn finish(mut self) -> Option<syn::Error> {
        self.checked = true;
        self.found.take()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(
            self.checked || std::thread::panicking(),
            "errors were gathered and never checked"
        );
    }
}

/// The one of `known` that `word` was probably meant to be.
pub(crate) fn nearest(
    word: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
