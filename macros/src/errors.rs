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
    // Short names, and ends like `a` and `b` or one `s`, differ as much as they need to.
    let stem = |name: &str| {
        let mut chars = name.chars();
        chars.next_back();
        chars.as_str().to_owned()
    };
    let is_long = left.len() > 6 && right.len() > 6;
    let is_end = left.starts_with(&stem(&right)) || right.starts_with(&stem(&left));
    left == right || is_long && !is_end && strsim::osa_distance(&left, &right) == 1
}
