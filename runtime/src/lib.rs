//! Call Microsoft Graph by declaring the call.
//!
//! ```no_run
//! use graph_action::{Client, credential::ClientSecret, graph_action};
//!
//! /// Creates an enrollment token for an Android for Work profile.
//! #[graph_action(
//!     post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
//!     scope = "DeviceManagementConfiguration.ReadWrite.All",
//!     version = "beta"
//! )]
//! pub struct CreateToken {
//!     pub token_validity_in_seconds: i32,
//! }
//!
//! # async fn example(profile_id: &str) -> Result<(), graph_action::Error> {
//! let graph = Client::new(ClientSecret::from_env()?)?;
//! CreateToken { token_validity_in_seconds: 3600 }
//!     .request(profile_id)
//!     .send(&graph)
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`graph_action`] documents the declaration, [`credential`] the ways to sign in, [`Error`] what can
//! go wrong.
//!
//! # Features
//!
//! - `reqwest`, with each of the next two: [`HttpTransport`](transport); without it a client is given its transport.
//! - `aws-lc`, by default: its cryptography is that of AWS, with a key exchange that is safe from quantum computers.
//! - `ring`: it is that of `ring`, which is built sooner. With neither it is what the program installs as rustls's own;
//!   with both, and with `emulator`, `aws-lc`.
//! - `emulator`: an embedded Graph to run tests and examples against.
//! - `gzip`, `brotli`, `zstd`: answers may come compressed; the limits hold for what they unpack to.
//! - `tracing`: a span for each call, and events for what happens on its way.
//! - `certificate`, `browser`, `azure`, `keyring`: further [ways to sign in](credential).
//! - `chrono`, `jiff`, `time`: the dates of these crates are [values of a path](PathValue).

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used)]

mod action;
mod client;
mod cloud;
mod collection;
mod content;
pub mod credential;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
mod flags;
mod host;
mod nullable;
mod operation;
mod path;
mod properties;
mod request;
mod response;
mod retry;
mod trace;
pub mod transport;

#[doc = include_str!("graph_action.md")]
pub use graph_action_macros::graph_action;

pub use self::action::{Action, ApiVersion, Caller, Declaration, Permissions};
pub use self::client::{Client, ClientBuilder};
pub use self::cloud::Cloud;
pub use self::collection::Collection;
pub use self::content::Content;
pub use self::error::{BoxError, Error, ErrorDetail, ErrorKind, InnerError, Unreadable};
pub use self::flags::Flags;
pub use self::nullable::Nullable;
pub use self::operation::Operation;
pub use self::path::{PathValue, QueryValue, Values};
pub use self::request::Request;
pub use self::response::{Answer, Detailed, FromResponse, Value};
pub use self::retry::Retry;
pub use {bytes, http, serde};

/// What `#[graph_action]` emits names these items; they are no interface.
#[doc(hidden)]
pub mod __private {
    pub use graph_action_macros::instead;
    pub use http::Method;
    pub use serde::{Serialize, Serializer};

    pub use crate::action::{Action, ApiVersion, Declaration, Permissions, scope};
    pub use crate::nullable::Nullable;
    pub use crate::path::{Alias, Part, PathValue, Piece, QueryValue};
    pub use crate::properties::{Serialized, properties};
    pub use crate::request::{Payload, Request, request, request_with_headers, stub};
}
