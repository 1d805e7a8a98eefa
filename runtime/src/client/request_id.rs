//! `RequestId`: under which id Graph logs a request.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use uuid::Builder;
use uuid::fmt::Hyphenated;

/// The header that says it.
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// The id of a request, a UUID as it is written.
#[derive(Clone, Copy)]
pub(crate) struct RequestId([u8; Hyphenated::LENGTH]);

impl RequestId {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        let mut id = [0; Hyphenated::LENGTH];
        // Nobody gains from guessing it, so it need not come from the system.
        let uuid = Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
        uuid.hyphenated().encode_lower(&mut id);
        Self(id)
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("a UUID is written in ASCII")
    }

    /// As it stands in a header.
    pub(crate) fn value(self) -> HeaderValue {
        // With an owner from the start, since whoever sends it clones it.
        HeaderValue::from_maybe_shared(Bytes::from_owner(self.0))
            .expect("a UUID is written in ASCII")
    }
}
