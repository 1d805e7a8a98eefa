//! `Action`: what a declaration says about a call.

use std::fmt;

use http::Method;

use crate::response::FromResponse;

/// A call of Microsoft Graph, as declared with [`#[graph_action]`](crate::graph_action), which
/// implements this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action",
    note = "put `#[graph_action(...)]` on the struct that holds its parameters"
)]
pub trait Action {
    /// What is declared of it.
    const DECLARATION: &'static Declaration;
    /// What the answer is read as.
    type Response: FromResponse;
}

/// What is declared of an action. Only `#[graph_action]` makes one: it may come to say more.
#[derive(Debug)]
pub struct Declaration {
    /// The HTTP method.
    pub method: Method,
    /// The request line after the version, with its `<placeholder>`s, as declared.
    pub path: &'static str,
    /// The version of the API that has the action.
    pub version: ApiVersion,
    /// Who may call, and with which permissions.
    pub permissions: Permissions,
    /// Whether sending it twice does no harm: every `get`, `put` and `delete`, and what is declared
    /// `idempotent`.
    pub is_idempotent: bool,
}

impl Declaration {
    /// That of an action that is not known.
    #[doc(hidden)]
    pub const UNKNOWN: &'static Self = &Self {
        method: Method::GET,
        path: "",
        version: ApiVersion::V1,
        permissions: Permissions {
            delegated: &[],
            personal: &[],
            application: &[],
        },
        is_idempotent: false,
    };
}

/// A version of the Graph API, the first segment of every address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `v1.0`: generally available.
    V1,
    /// `beta`: in preview, and subject to change.
    Beta,
}

impl ApiVersion {
    /// As it stands in an address: `v1.0` or `beta`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The permissions that open an action, by kind of caller: any one of a list suffices, the least
/// privileged stands first. An empty list says that this kind of caller is not supported.
///
/// They are the three rows of the table "Permissions" on a page of
/// [Graph's reference](https://learn.microsoft.com/graph/permissions-overview).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permissions {
    /// Delegated, work or school account.
    pub delegated: &'static [&'static str],
    /// Delegated, personal Microsoft account.
    pub personal: &'static [&'static str],
    /// Application.
    pub application: &'static [&'static str],
}

impl Permissions {
    /// The permissions of one kind of caller.
    pub const fn of(&self, caller: Caller) -> &'static [&'static str] {
        match caller {
            Caller::Delegated => self.delegated,
            Caller::Personal => self.personal,
            Caller::Application => self.application,
        }
    }
}

/// What `scope` declares: the same permissions with a work or school account's user and without a user.
///
/// No method of [`Permissions`], since the compiler would explain a path to it that leads nowhere twice.
pub const fn scope(permissions: &'static [&'static str]) -> Permissions {
    Permissions {
        delegated: permissions,
        personal: &[],
        application: permissions,
    }
}

/// The kinds of caller that Graph tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// An app on behalf of a user with a work or school account.
    Delegated,
    /// An app on behalf of a user with a personal Microsoft account.
    Personal,
    /// An app on its own behalf, without a user.
    Application,
}

impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Delegated => "a user with a work or school account",
            Self::Personal => "a user with a personal Microsoft account",
            Self::Application => "an application without a user",
        })
    }
}
