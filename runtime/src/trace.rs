//! Spans and events of a call, behind the feature `tracing`; nothing without it.
//!
//! The names are those of OpenTelemetry's
//! [semantic conventions for HTTP](https://opentelemetry.io/docs/specs/semconv/http/http-spans/), with
//! `graph.*` for what is Graph's own. None holds a value of the call, a token, or a body.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};

use crate::client::RequestId;
use crate::error::Error;
use crate::response::Origin;

#[cfg(feature = "tracing")]
pub(crate) use on::{Span, retry, token};

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{Span, retry, token};

#[cfg(feature = "tracing")]
mod on {
    use tracing::field::{Empty, debug};
    use tracing::{Instrument as _, debug, info_span, warn};

    use super::*;

    /// The span of a call.
    #[derive(Clone)]
    pub(crate) struct Span(tracing::Span);

    impl Span {
        pub(crate) fn new(method: &Method, origin: &Origin) -> Self {
            let path = origin.declaration.path;
            Self(info_span!(
                "graph_action",
                otel.kind = "client",
                otel.name = %format_args!("{method} {path}"),
                otel.status_code = Empty,
                http.request.method = method.as_str(),
                url.template = path,
                server.address = origin.client.host().map(tracing::field::display),
                graph.version = origin.version.as_str(),
                http.response.status_code = Empty,
                http.request.resend_count = Empty,
                graph.request_id = Empty,
                graph.client_request_id = Empty,
                "error.type" = Empty,
            ))
        }

        /// Makes a call within the span.
        pub(crate) async fn enter<F: Future>(&self, call: F) -> F::Output {
            call.instrument(self.0.clone()).await
        }

        /// Writes an answer down.
        pub(crate) fn answered(
            &self,
            status: StatusCode,
            headers: &HeaderMap,
            id: RequestId,
            attempts: u32,
        ) {
            self.0.record("http.response.status_code", status.as_u16());
            if attempts > 1 {
                self.0.record("http.request.resend_count", attempts - 1);
            }
            let given = headers.get("request-id");
            if let Some(given) = given.and_then(|given| given.to_str().ok()) {
                self.0.record("graph.request_id", given);
            }
            self.0.record("graph.client_request_id", id.as_str());
        }

        /// Writes a failure down.
        pub(crate) fn failed(&self, error: &Error) {
            self.0.record("otel.status_code", "ERROR");
            match error.status().filter(|status| !status.is_success()) {
                Some(status) => self.0.record("error.type", status.as_str()),
                None if error.is_timeout() => self.0.record("error.type", "timeout"),
                None => self.0.record("error.type", debug(error.kind())),
            };
            if error.attempts() > 1 {
                self.0
                    .record("http.request.resend_count", error.attempts() - 1);
            }
        }
    }

    /// Tells that a call has to wait before it is sent again, or has no time to.
    pub(crate) fn retry(is_throttled: bool, is_in_time: bool, wait: Duration, attempts: u32) {
        if is_throttled {
            warn!(?wait, is_in_time, attempts, "throttled");
        } else {
            debug!(?wait, is_in_time, attempts, "to be sent again");
        }
    }

    /// Tells that a token was asked for.
    pub(crate) fn token(is_granted: bool) {
        debug!(is_granted, "asked for a token");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use super::*;

    #[derive(Clone)]
    pub(crate) struct Span;

    impl Span {
        pub(crate) fn new(_: &Method, _: &Origin) -> Self {
            Self
        }

        pub(crate) fn enter<F: Future>(&self, call: F) -> F {
            call
        }

        pub(crate) fn answered(&self, _: StatusCode, _: &HeaderMap, _: RequestId, _: u32) {}

        pub(crate) fn failed(&self, _: &Error) {}
    }

    pub(crate) fn retry(_: bool, _: bool, _: Duration, _: u32) {}

    pub(crate) fn token(_: bool) {}
}
