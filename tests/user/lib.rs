//! A user's crate that allows nothing, has `graph-action` under another name, and declares every form
//! of action. `tests/hygiene.rs` runs the compiler and clippy over it.

#![deny(warnings, missing_docs)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(
    clippy::missing_docs_in_private_items,
    clippy::unwrap_used,
    clippy::panic
)]
#![deny(
    future_incompatible,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    unused,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    keyword_idents,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_crate_dependencies,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![forbid(unsafe_code)]

use graph::{Client, Error, graph_action};
use serde::{Deserialize, Serialize};

/// Creates an enrollment token.
#[graph_action(
    post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
    scope = "DeviceManagementConfiguration.ReadWrite.All",
    version = "beta",
    crate = ::graph
)]
#[derive(Debug, Clone, Copy)]
pub struct CreateToken {
    /// In seconds.
    pub token_validity_in_seconds: i32,
}

/// Reads a profile.
#[graph_action(
    get = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>",
    scope = "DeviceManagementConfiguration.Read.All",
    version = "beta",
    returns = Profile,
    crate = ::graph
)]
#[derive(Debug, Clone, Copy)]
pub struct GetProfile;

/// A profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The token.
    pub token_value: Option<String>,
}

/// Every form at once.
#[graph_action(
    patch = "/teams/<team_id>/channels/<channel>/tabs/<r_tab>",
    delegated = ["TeamsTab.ReadWrite.All"],
    application = [],
    crate = ::graph
)]
#[derive(Debug, Clone)]
pub struct UpdateTab<'a, T, const N: usize>
where
    T: Clone,
{
    /// The team.
    pub team_id: &'a str,
    /// The name.
    pub display_name: Option<&'a str>,
    /// Its settings.
    pub configuration: T,
    /// Not sent.
    #[serde(skip)]
    pub others: [T; N],
}

/// Borrows only.
#[graph_action(post = "/me/<id>/note", scope = "Notes.Create", crate = ::graph)]
#[derive(Debug, Clone, Copy)]
pub struct Note<'a> {
    /// The text.
    pub text: &'a str,
}

/// Deprecated, and with many arguments.
#[graph_action(
    get = "/a/<a>/b/<b>/c/<c>/d/<d>/e/<e>/f/<f>/g/<g>?$top=<top>",
    scope = "User.Read.All",
    crate = ::graph
)]
#[derive(Debug, Clone, Copy)]
#[deprecated]
pub struct Long;

/// Borrows under a bound.
#[graph_action(post = "/me/<id>/bound", scope = "Notes.Create", crate = ::graph)]
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a>
where
    &'a str: Clone,
{
    /// The text.
    pub text: &'a str,
    /// The tag of what is changed.
    #[graph(header = "If-Match")]
    pub etag: Option<&'a str>,
    /// Old.
    #[deprecated]
    pub id: u32,
}

/// Deletes a user; of no use outside this crate.
#[graph_action(delete = "/users/<id>", scope = "User.ReadWrite.All", crate = ::graph)]
#[derive(Debug, Clone, Copy)]
struct DeleteUser;

/// Sends them all.
///
/// # Errors
///
/// Those of the calls.
pub async fn send(graph: &Client) -> Result<Profile, Error> {
    CreateToken {
        token_validity_in_seconds: 60,
    }
    .request("id")
    .send(graph)
    .await?;
    let tab = UpdateTab {
        team_id: "team",
        display_name: None,
        configuration: (),
        others: [()],
    };
    tab.request("channel", 1).send(graph).await?;
    Note { text: "text" }.request("id").send(graph).await?;
    DeleteUser.request("id").send(graph).await?;
    GetProfile.request("id").send(graph).await
}
