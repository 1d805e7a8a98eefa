//! The two calls as an expert writes them with reqwest: once as one does, and once with all that its public API
//! offers to save.

pub(crate) mod direct;
pub(crate) mod plain;

use std::error::Error;

use serde::{Deserialize, Serialize};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    token_validity_in_seconds: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GetMemberGroups {
    security_enabled_only: bool,
}

#[derive(Deserialize)]
struct Ids {
    value: Vec<String>,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
}

fn form(root: &str) -> String {
    format!(
        "grant_type=client_credentials&client_id=app&client_secret=secret&scope={root}/.default"
    )
}
