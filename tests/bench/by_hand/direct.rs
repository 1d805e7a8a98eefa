//! As little as reqwest's public API needs: the root parsed once, the headers made once, the request built without a
//! builder.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Request, Response, Url, retry};

use super::{BoxError, CreateToken, GetMemberGroups, Grant, Ids, form};

/// A client that has its token.
pub(crate) struct Graph {
    client: Client,
    root: Url,
    bearer: HeaderValue,
}

impl Graph {
    pub(crate) async fn new(root: &str) -> Result<Self, BoxError> {
        // Neither is for a call that is sent once, to an address that answers itself.
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .retry(retry::never())
            .build()?;
        let grant = client
            .post(format!("{root}/contoso.example/oauth2/v2.0/token"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form(root))
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?;
        let grant: Grant = serde_json::from_slice(&grant)?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", grant.access_token))?;
        bearer.set_sensitive(true);
        Ok(Self {
            client,
            root: root.parse()?,
            bearer,
        })
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Response, BoxError> {
        let mut url = self.root.clone();
        url.set_path(path);
        let mut request = Request::new(Method::POST, url);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.bearer.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.into());
        Ok(self.client.execute(request).await?.error_for_status()?)
    }

    pub(crate) async fn create_token(&self, id: &str) -> Result<(), BoxError> {
        let path =
            format!("/beta/deviceManagement/androidForWorkEnrollmentProfiles/{id}/createToken");
        let body = serde_json::to_vec(&CreateToken {
            token_validity_in_seconds: 3600,
        })?;
        self.post(&path, body).await?;
        Ok(())
    }

    pub(crate) async fn member_groups(&self, id: &str) -> Result<Vec<String>, BoxError> {
        let path = format!("/v1.0/users/{id}/getMemberGroups");
        let body = serde_json::to_vec(&GetMemberGroups {
            security_enabled_only: false,
        })?;
        let answer = self.post(&path, body).await?.bytes().await?;
        let ids: Ids = serde_json::from_slice(&answer)?;
        Ok(ids.value)
    }
}
