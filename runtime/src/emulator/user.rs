//! The user of the emulated tenant, how she signs in, and what she has consented to.

use std::collections::{BTreeSet, HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use http::StatusCode;
use sha2::{Digest as _, Sha256};
use url::{Host, Url};
#[cfg(feature = "browser")]
use {
    crate::client::is_redirect,
    crate::error::BoxError,
    crate::transport::{HttpTransport, Transport as _},
    bytes::Bytes,
    http::Request,
    http::header::LOCATION,
};

use super::identity::{self, Refusal};
use super::server::{Incoming, Page, Service, new_id};

pub(super) const USER_ID: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
pub(super) const USER_NAME: &str = "AdeleV@contoso.example";

/// The scopes that are of no resource.
pub(super) const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What the user has begun, and what came of it.
pub(super) struct SignIns {
    consents: BTreeSet<String>,
    devices: HashMap<String, Device>,
    codes: HashMap<String, Code>,
    refresh_tokens: HashSet<String>,
}

/// A sign-in on another device.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) code: String,
    pub(super) user_code: String,
    asked: Asked,
    is_approved: bool,
}

/// What a sign-in asks for.
#[derive(Clone)]
pub(super) struct Asked {
    /// Permissions of Graph.
    pub(super) permissions: Vec<String>,
    /// Whether it is to last.
    pub(super) is_lasting: bool,
    /// Whether it asks who signs in.
    pub(super) has_id: bool,
}

impl Asked {
    pub(super) fn read(service: &Service, scope: &str) -> Result<Self, Refusal> {
        let has = |wanted| scope.split_whitespace().any(|scope| scope == wanted);
        Ok(Self {
            permissions: identity::permissions(service, scope)?,
            is_lasting: has("offline_access"),
            has_id: has("openid"),
        })
    }
}

/// A sign-in in a browser that came back.
struct Code {
    challenge: String,
    redirect: String,
    asked: Asked,
}

impl SignIns {
    pub(super) fn new(consents: Vec<String>) -> Self {
        Self {
            consents: consents.into_iter().collect(),
            devices: HashMap::new(),
            codes: HashMap::new(),
            refresh_tokens: HashSet::new(),
        }
    }

    pub(super) fn consents(&self) -> impl Iterator<Item = &str> {
        self.consents.iter().map(String::as_str)
    }

    pub(super) fn begin_device(&mut self, asked: Asked) -> Device {
        let device = Device {
            code: new_id(),
            user_code: new_id()[..8].to_ascii_uppercase(),
            asked,
            is_approved: false,
        };
        self.devices.insert(device.code.clone(), device.clone());
        device
    }

    /// The user signs in, and consents to what is asked for.
    pub(super) fn approve(&mut self, user_code: &str) -> bool {
        let mut devices = self.devices.values_mut();
        let Some(device) = devices.find(|device| device.user_code.eq_ignore_ascii_case(user_code))
        else {
            return false;
        };
        device.is_approved = true;
        let permissions = &device.asked.permissions;
        self.consents.extend(permissions.iter().cloned());
        true
    }

    pub(super) fn redeem_device(&mut self, code: &str) -> Result<Asked, Refusal> {
        match self.devices.get(code) {
            Some(device) if device.is_approved => {
                let asked = device.asked.clone();
                self.devices.remove(code);
                Ok(asked)
            }
            Some(_) => Err(Refusal::new(
                70_016,
                "authorization_pending",
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )),
            None => Err(Refusal::new(
                70_020,
                "expired_token",
                "The provided value for the input parameter 'device_code' is not valid. This device code \
                 has expired.",
            )),
        }
    }

    pub(super) fn redeem_code(
        &mut self,
        code: &str,
        verifier: &str,
        redirect: &str,
    ) -> Result<Asked, Refusal> {
        let Some(code) = self.codes.remove(code) else {
            return Err(Refusal::new(
                54_005,
                "invalid_grant",
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use \
                 an existing refresh token.",
            ));
        };
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != code.challenge {
            return Err(Refusal::new(
                501_481,
                "invalid_grant",
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ));
        }
        if redirect != code.redirect {
            return Err(Refusal::new(
                500_112,
                "invalid_client",
                "The reply address does not match the reply address provided when requesting Authorization \
                 code.",
            ));
        }
        Ok(code.asked)
    }

    pub(super) fn refresh(&self, token: &str, wanted: &[String]) -> Result<(), Refusal> {
        if !self.refresh_tokens.contains(token) {
            return Err(Refusal::new(
                70_000,
                "invalid_grant",
                "The provided value for the 'refresh_token' parameter is not valid. The token was issued \
                 to another app, is malformed, or has expired.",
            ));
        }
        self.consented(wanted)
    }

    pub(super) fn new_refresh_token(&mut self) -> String {
        let token = new_id();
        self.refresh_tokens.insert(token.clone());
        token
    }

    /// Refuses what the user has not consented to.
    pub(super) fn consented(&self, wanted: &[String]) -> Result<(), Refusal> {
        let is_consented = |wanted: &String| wanted == ".default" || self.consents.contains(wanted);
        if wanted.iter().all(is_consented) {
            return Ok(());
        }
        Err(Refusal::new(
            65_001,
            "invalid_grant",
            "The user or administrator has not consented to use the application. Send an interactive \
             authorization request for this user and resource.",
        ))
    }
}

/// Answers `GET /{tenant}/oauth2/v2.0/authorize`. The user is signed in already, and consents to what is asked
/// for.
pub(super) fn authorize(service: &Service, tenant: &str, incoming: &Incoming) -> Page {
    match sent_back(service, tenant, &incoming.query) {
        Ok(address) => Page::Redirect(address),
        Err(refusal) => Page::Html(StatusCode::BAD_REQUEST, html(&refusal.words())),
    }
}

fn sent_back(
    service: &Service,
    tenant: &str,
    query: &HashMap<String, String>,
) -> Result<String, Refusal> {
    let parameter = |name: &str| query.get(name).map_or("", String::as_str);
    identity::is_app(service, tenant, parameter("client_id"))?;
    let redirect = parameter("redirect_uri");
    let is_registered = Url::parse(redirect).is_ok_and(|url| {
        url.scheme() == "http" && url.host() == Some(Host::Domain("localhost")) && url.path() == "/"
    });
    if !is_registered {
        let message = "The redirect URI specified in the request does not match the redirect URIs \
                       configured for the application.";
        return Err(Refusal::new(50_011, "invalid_request", message));
    }
    if parameter("response_type") != "code" || parameter("code_challenge_method") != "S256" {
        let message = "The request must have the response type 'code', and a code challenge.";
        return Err(Refusal::new(900_144, "invalid_request", message));
    }
    let asked = Asked::read(service, parameter("scope"))?;
    let code = new_id();
    let mut sign_ins = service.sign_ins();
    sign_ins.consents.extend(asked.permissions.iter().cloned());
    sign_ins.codes.insert(
        code.clone(),
        Code {
            challenge: parameter("code_challenge").to_owned(),
            redirect: redirect.to_owned(),
            asked,
        },
    );
    let mut query = Serializer::new(String::new());
    query
        .append_pair("code", &code)
        .append_pair("state", parameter("state"));
    Ok(format!("{redirect}/?{}", query.finish()))
}

/// Follows an address as a browser does, to where it leads at last.
#[cfg(feature = "browser")]
pub(super) async fn browse(transport: &HttpTransport, address: &str) -> Result<(), BoxError> {
    let mut next = address.to_owned();
    loop {
        let request = Request::get(&next).body(Bytes::new())?;
        let answer = transport.send(request).await?;
        match answer.headers().get(LOCATION) {
            Some(location) if is_redirect(answer.status()) => {
                location.to_str()?.clone_into(&mut next);
            }
            _ if answer.status().is_success() => return Ok(()),
            _ => return Err(format!("the browser was answered with {}", answer.status()).into()),
        }
    }
}

/// Answers `GET /devicelogin`: with the code of a device, the user signs in there.
pub(super) fn device_login(service: &Service, incoming: &Incoming) -> Page {
    let code = incoming.query.get("code");
    let (status, words) = match code.map(|code| service.sign_ins().approve(code.trim())) {
        Some(true) => (
            StatusCode::OK,
            "You have signed in on your device as Adele Vance. You can close this window.",
        ),
        Some(false) => (
            StatusCode::NOT_FOUND,
            "That code did not work. Check the code and try again.",
        ),
        None => {
            let form = "<form>Enter the code that your device shows: <input name=code autofocus> <button>Next</button></form>";
            return Page::Html(StatusCode::OK, html("") + form);
        }
    };
    Page::Html(status, html(words))
}

/// A page that says something: none of it is what somebody typed.
fn html(words: &str) -> String {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    format!("<!doctype html><title>Sign in to the emulated tenant</title><p>{words}")
}
