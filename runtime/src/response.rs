//! `FromResponse`: how an answer is read.

use std::any::TypeId;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// A type that `returns` can name: any type that is [`Deserialize`](serde::Deserialize), read from
/// JSON, or `()`, which asks nothing of the answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from an answer",
    label = "not a type that `returns` can name",
    note = "derive `serde::Deserialize` for it"
)]
pub trait FromResponse: Sized {
    /// Reads an answer of a 2xx status, with its whole body.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Answer`](crate::ErrorKind::Answer), when the answer does not fit the type.
    fn from_response(response: Response<Bytes>) -> Result<Self, Error>;
}

impl<T: DeserializeOwned + 'static> FromResponse for T {
    fn from_response(response: Response<Bytes>) -> Result<Self, Error> {
        // `()` is `null` to serde, and Graph may answer anything where nothing is documented.
        let takes_nothing = TypeId::of::<T>() == TypeId::of::<()>();
        let json = if takes_nothing {
            b"null"
        } else {
            response.body().as_ref()
        };
        serde_json::from_slice(json).map_err(|source| misfit(&response, source))
    }
}

fn misfit(response: &Response<Bytes>, source: serde_json::Error) -> Error {
    if response.body().is_empty() {
        return Error::answer(
            "the answer is empty, and the declaration's `returns` names a type with content",
        )
        .with_ids(response.headers());
    }
    let error = Error::answer(format!(
        "the answer does not fit the type that `returns` names, at line {} column {}",
        source.line(),
        source.column()
    ));
    // The parser quotes strings of the answer, any of which may be a secret.
    let quotes = source.to_string().contains('"');
    let error = if quotes {
        error
    } else {
        error.with_source(source)
    };
    error.with_ids(response.headers())
}
