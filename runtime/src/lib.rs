//! Call Microsoft Graph by declaring the call.

mod action;
mod client;
pub mod credential;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
mod host;
mod path;
mod request;
mod response;
pub mod transport;

pub use graph_action_macros::graph_action;

pub use self::action::{Action, ApiVersion, Caller, Permissions};
pub use self::client::{Client, ClientBuilder};
pub use self::error::{BoxError, Error, ErrorKind, InnerError};
pub use self::path::PathValue;
pub use self::request::Request;
pub use self::response::FromResponse;

/// What `#[graph_action]` emits names these items; they are no interface.
#[doc(hidden)]
pub mod __private {
    pub use http::Method;
    pub use serde;

    pub use crate::action::{Action, ApiVersion, Permissions};
    pub use crate::path::{Part, PathValue};
    pub use crate::request::{Payload, Request, request, stub};
}
