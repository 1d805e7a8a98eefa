//! Gathers errors, so that one run of the compiler shows every mistake.

use std::fmt::Display;
use std::mem;

use quote::ToTokens;

/// The mistakes found so far. Dropping it without asking for them is a bug, and panics.
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    checked: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self {
            found: Vec::new(),
            checked: false,
        }
    }

    /// Adds a mistake, with the caret under all of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// Whether there is a mistake so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn finish(mut self) -> Vec<syn::Error> {
        self.checked = true;
        mem::take(&mut self.found)
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

/// Whether two names are so much alike that one was probably meant to be the other.
pub(crate) fn is_nearly(left: &str, right: &str) -> bool {
    let squash = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let (left, right) = (squash(left), squash(right));
    // `id` and `ids`, `id1` and `id2` differ as much as they need to.
    let stem = |name: &str| {
        name.trim_end_matches(|char: char| char == 's' || char.is_ascii_digit())
            .to_owned()
    };
    let is_long = left.len() > 3 && right.len() > 3;
    left == right
        || is_long && stem(&left) != stem(&right) && strsim::osa_distance(&left, &right) == 1
}
