//! As one writes it: addresses put together, builders, `json`.

use reqwest::Client;

use super::{BoxError, CreateToken, GetMemberGroups, Grant, Ids, form};

/// A client that has its token.
pub(crate) struct Graph {
    client: Client,
    root: String,
    token: String,
}

impl Graph {
    pub(crate) async fn new(root: &str) -> Result<Self, BoxError> {
        let client = Client::builder().no_proxy().build()?;
        let grant: Grant = client
            .post(format!("{root}/contoso.example/oauth2/v2.0/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(root))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(Self {
            client,
            root: root.to_owned(),
            token: grant.access_token,
        })
    }

    pub(crate) async fn create_token(&self, id: &str) -> Result<(), BoxError> {
        self.client
            .post(format!(
                "{}/beta/deviceManagement/androidForWorkEnrollmentProfiles/{id}/createToken",
                self.root
            ))
            .bearer_auth(&self.token)
            .json(&CreateToken {
                token_validity_in_seconds: 3600,
            })
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    pub(crate) async fn member_groups(&self, id: &str) -> Result<Vec<String>, BoxError> {
        let ids: Ids = self
            .client
            .post(format!("{}/v1.0/users/{id}/getMemberGroups", self.root))
            .bearer_auth(&self.token)
            .json(&GetMemberGroups {
                security_enabled_only: false,
            })
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(ids.value)
    }
}
