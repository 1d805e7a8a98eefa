//! An app that signs in with its certificate.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::app::{App, Assert, Proof, on_its_own_behalf};
use super::environment;
use crate::error::Error;
use crate::transport::BoxFuture;

/// How long an assertion is good; the platform takes ten minutes at most.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// By how much the clocks may differ before the platform says so.
const SKEW: Duration = Duration::from_secs(60);

/// An application without a user that signs in with its certificate, by an
/// [assertion](https://learn.microsoft.com/entra/identity-platform/certificate-credentials) that it signs with the
/// private key: PS256, with the certificate's `x5t#S256`.
///
/// ```no_run
/// use graph_action::{Client, credential::ClientCertificate};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pem = std::fs::read("app.pem")?;
/// let graph = Client::new(ClientCertificate::from_pem("contoso.example", "client-id", &pem)?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    pub(super) app: App,
}

on_its_own_behalf!(ClientCertificate);

impl ClientCertificate {
    /// The credential of the app `client_id` in `tenant`, with a certificate and its RSA key in PEM, in either
    /// order. Of several certificates the first one is the app's.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when there is no certificate or no RSA key that is
    /// not encrypted, `tenant` is neither an id nor a domain, or `client_id` is empty.
    pub fn from_pem(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        pem: &[u8],
    ) -> Result<Self, Error> {
        let sections =
            pem::parse_many(pem).map_err(|source| wrong("is no PEM").with_source(source))?;
        let section =
            |is_it: fn(&str) -> bool| sections.iter().find(|section| is_it(section.tag()));
        let certificate = section(|tag| tag == "CERTIFICATE")
            .ok_or_else(|| wrong("has no section `CERTIFICATE`: add the certificate to the key"))?;
        let key = section(|tag| tag.ends_with("PRIVATE KEY"))
            .ok_or_else(|| wrong("has no section `PRIVATE KEY`: add the key to the certificate"))?;
        if key.tag().starts_with("ENCRYPTED") || key.headers().get("Proc-Type").is_some() {
            return Err(wrong(
                "has a key that is encrypted: decrypt it, or use a PKCS#12 file with its password",
            ));
        }
        let key = Zeroizing::new(pem::encode(key));
        Self::new(tenant, client_id, certificate.contents(), &key)
    }

    /// The credential of the app `client_id` in `tenant`, with a certificate and its RSA key in a PKCS#12 file
    /// (`.pfx`, `.p12`). A file without a password has the empty one.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when the file cannot be read or the password is
    /// another, when there is no RSA key with its certificate in it, `tenant` is neither an id nor a domain, or
    /// `client_id` is empty.
    pub fn from_pkcs12(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        file: &[u8],
        password: &str,
    ) -> Result<Self, Error> {
        let store = KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Relaxed).map_err(
            |source| {
                wrong("is no PKCS#12, or has another password").with_source(source.to_string())
            },
        )?;
        let (_, chain) = store
            .private_key_chain()
            .ok_or_else(|| wrong("has no private key"))?;
        let certificate = chain
            .certs()
            .first()
            .ok_or_else(|| wrong("has no certificate of its private key"))?;
        let key = pem::Pem::new("PRIVATE KEY", chain.key().as_der());
        let key = Zeroizing::new(pem::encode(&key));
        Self::new(tenant, client_id, certificate.as_der(), &key)
    }

    /// The credential that the environment holds: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
    /// `AZURE_CLIENT_CERTIFICATE_PATH` (PEM, or PKCS#12 by its ending `.pfx` or `.p12`),
    /// `AZURE_CLIENT_CERTIFICATE_PASSWORD` if it has one, and `AZURE_AUTHORITY_HOST` for another identity
    /// platform than that of the client's cloud.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of the first three is not set or the file
    /// cannot be read, or those of [`from_pem`](Self::from_pem), [`from_pkcs12`](Self::from_pkcs12) and
    /// [`authority`](Self::authority).
    pub fn from_env() -> Result<Self, Error> {
        let tenant = environment::variable("AZURE_TENANT_ID")?;
        let client_id = environment::variable("AZURE_CLIENT_ID")?;
        let path = environment::variable("AZURE_CLIENT_CERTIFICATE_PATH")?;
        let file = fs::read(&path).map(Zeroizing::new);
        let file = file.map_err(|source| {
            Error::config(format!("the certificate `{path}` cannot be read")).with_source(source)
        })?;
        let ending = Path::new(&path).extension().unwrap_or_default();
        let is_pkcs12 = ["pfx", "p12"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known));
        let credential = if is_pkcs12 {
            let password = environment::variable("AZURE_CLIENT_CERTIFICATE_PASSWORD");
            let password = Zeroizing::new(password.unwrap_or_default());
            Self::from_pkcs12(tenant, client_id, &file, &password)
        } else {
            Self::from_pem(tenant, client_id, &file)
        };
        environment::with_authority(credential?, Self::authority)
    }

    fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        certificate: &[u8],
        key: &str,
    ) -> Result<Self, Error> {
        let key = EncodingKey::from_rsa_pem(key.as_bytes())
            .map_err(|source| wrong("has a key that is no RSA key").with_source(source))?;
        let signature = Signature {
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)),
            key,
        };
        signature
            .sign("", "", SystemTime::now())
            .map_err(|source| wrong("has a key that cannot sign").with_source(source))?;
        let proof = Proof::Assertion(Arc::new(signature));
        let app = App::new(tenant, client_id, proof)?;
        Ok(Self { app })
    }
}

fn wrong(what: &str) -> Error {
    Error::config(format!("the certificate {what}"))
}

/// The private key, and which certificate it belongs to.
struct Signature {
    thumbprint: String,
    key: EncodingKey,
}

impl Signature {
    /// An assertion: RFC 7523 section 3, with the certificate in its header: RFC 7515 section 4.1.8.
    fn sign(
        &self,
        client_id: &str,
        audience: &str,
        now: SystemTime,
    ) -> jsonwebtoken::errors::Result<Zeroizing<String>> {
        let seconds = |time: SystemTime| {
            let since = time.duration_since(SystemTime::UNIX_EPOCH);
            since.unwrap_or_default().as_secs()
        };
        let header = Header {
            x5t_s256: Some(self.thumbprint.clone()),
            ..Header::new(Algorithm::PS256)
        };
        let claims = json!({
            "aud": audience,
            "exp": seconds(now + LIFETIME),
            "iat": seconds(now),
            "iss": client_id,
            "jti": Uuid::new_v4().to_string(),
            "nbf": seconds(now - SKEW),
            "sub": client_id,
        });
        let encode = |json: String| URL_SAFE_NO_PAD.encode(json);
        let header = encode(serde_json::to_string(&header)?);
        let message = format!("{header}.{}", encode(claims.to_string()));
        // Not by the provider that the process may have chosen, or may have to choose first.
        let sign = aws_lc::DEFAULT_PROVIDER.signer_factory;
        let signature = sign(&Algorithm::PS256, &self.key)?.try_sign(message.as_bytes())?;
        Ok(Zeroizing::new(format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode(signature)
        )))
    }
}

impl Assert for Signature {
    fn assert<'a>(
        &'a self,
        app: &'a App,
        audience: &'a str,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Zeroizing<String>, Error>> {
        Box::pin(async move {
            self.sign(app.client_id(), audience, now)
                .map_err(|source| Error::auth("the assertion cannot be signed").with_source(source))
        })
    }
}
