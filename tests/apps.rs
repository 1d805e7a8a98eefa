//! How does an app sign in, by what it has?

use std::env;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use azure_core::credentials::{AccessToken as AzureToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as AzureDuration, OffsetDateTime};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use graph_action::credential::{
    AccessToken, AuthorizationCode, AzureCredential, Chain, ClientAssertion, ClientCertificate,
    ClientSecret, Credential, DeviceCode, Environment, KeyringStore, ManagedIdentity, OnBehalfOf,
    RefreshToken, StaticToken, TokenRequest, WorkloadIdentity,
};
use graph_action::transport::BoxFuture;
use graph_action::{Caller, Client, Cloud, Error, ErrorKind, graph_action};
use graph_action_tests::{RawServer, Recorder, answer, discreet, emulator, watch};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, LocalKeyId, PrivateKey, PrivateKeyChain};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::json;

#[graph_action(get = "/users", scope = "User.Read.All")]
struct ListUsers;

#[graph_action(get = "/me", delegated = "User.Read", application = [])]
struct GetMe;

const TENANT: &str = "contoso.example";

/// A platform that grants a token to whoever asks, and a Graph.
fn server() -> RawServer {
    watch();
    RawServer::start(|request| match request.contains("/oauth2/") {
        true => answer(
            "200 OK",
            &[],
            r#"{"access_token":"canary-token","expires_in":3600}"#,
        ),
        false => answer("204 No Content", &[], ""),
    })
}

fn client(server: &RawServer, credential: impl Credential) -> Client {
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    Client::builder(credential).cloud(cloud).build().unwrap()
}

/// A certificate and its key.
struct Pair {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Pair {
    fn new(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        Self { certificate, key }
    }

    fn pkcs12(&self, password: &str) -> Vec<u8> {
        let key = PrivateKey::from_der(&self.key.serialize_der()).unwrap();
        let certificate = Certificate::from_der(self.certificate.der()).unwrap();
        let chain = PrivateKeyChain::new(LocalKeyId(vec![1]), key, [certificate]);
        let mut store = KeyStore::new();
        store.add_entry("app", KeyStoreEntry::PrivateKeyChain(chain));
        store.writer(password).write().unwrap()
    }
}

#[tokio::test]
async fn a_certificate_signs_in() {
    let pair = Pair::new(&PKCS_RSA_SHA256);
    let (certificate, key) = (pair.certificate.pem(), pair.key.serialize_pem());
    let other = Pair::new(&PKCS_RSA_SHA256).certificate.pem();
    let of = |pem: String| ClientCertificate::from_pem(TENANT, "app", pem.as_bytes());
    let credentials = [
        of(format!("{certificate}{key}")),
        of(format!("{key}{certificate}")),
        of(format!(
            "Bag Attributes\n  friendlyName: app\n{certificate}{other}\n{key}"
        )),
        ClientCertificate::from_pkcs12(TENANT, "app", &pair.pkcs12("canary"), "canary"),
        ClientCertificate::from_pkcs12(TENANT, "app", &pair.pkcs12(""), ""),
    ];
    for credential in credentials {
        let server = server();
        let graph = client(&server, credential.unwrap());
        ListUsers.request().send(&graph).await.unwrap();
        let request = &server.requests()[0];
        assert!(request.contains("client_assertion=ey") && !request.contains("client_secret"));
    }
}

#[test]
fn a_certificate_that_cannot_sign_is_refused() {
    let pair = Pair::new(&PKCS_RSA_SHA256);
    let (certificate, key) = (pair.certificate.pem(), pair.key.serialize_pem());
    let curve = Pair::new(&PKCS_ECDSA_P256_SHA256);
    let refused = |credential: Result<ClientCertificate, Error>, word: &str| {
        let error = credential.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(discreet(&error).contains(word), "{error:?}");
    };
    let of = |pem: &str| ClientCertificate::from_pem(TENANT, "app", pem.as_bytes());
    refused(of("canary"), "CERTIFICATE");
    refused(of(&key), "add the certificate");
    refused(of(&certificate), "add the key");
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nY2FuYXJ5\n-----END ENCRYPTED PRIVATE KEY-----\n";
    refused(of(&format!("{certificate}{encrypted}")), "decrypt it");
    refused(
        of(&format!(
            "{}{}",
            curve.certificate.pem(),
            curve.key.serialize_pem()
        )),
        "no RSA key",
    );
    let broken = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    refused(of(&format!("{certificate}{broken}")), "no RSA key");
    let pkcs12 =
        |file: &[u8], password| ClientCertificate::from_pkcs12(TENANT, "app", file, password);
    refused(pkcs12(b"canary", ""), "PKCS#12");
    refused(pkcs12(&pair.pkcs12("canary"), "other"), "another password");
    refused(pkcs12(&curve.pkcs12("x"), "x"), "no RSA key");
    let tenant =
        ClientCertificate::from_pem("../x", "app", format!("{certificate}{key}").as_bytes());
    refused(tenant, "tenant");
}

/// `Environment`, in a process whose environment is `variables`.
fn environment<V: AsRef<OsStr>>(variables: &[(&str, V)]) -> String {
    let mut test = Command::new(env::current_exe().unwrap());
    test.args(["--exact", "what_the_environment_holds", "--nocapture"]);
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("AZURE_")) {
        test.env_remove(name);
    }
    test.env("CHILD", "1")
        .envs(variables.iter().map(|(name, value)| (name, value)));
    let output = test.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("canary"), "{said}");
    let line = said.lines().find_map(|line| line.split_once("found: "));
    line.unwrap().1.to_owned()
}

#[test]
fn what_the_environment_holds() {
    if env::var_os("CHILD").is_some() {
        match Environment::new() {
            Ok(credential) => println!("found: {credential:?} at {:?}", credential.authorities()),
            Err(error) => println!("found: {:?} {error} {error:?}", error.kind()),
        }
        return;
    }
    let folder = env!("CARGO_TARGET_TMPDIR");
    let pair = Pair::new(&PKCS_RSA_SHA256);
    let (pem, pfx) = (format!("{folder}/app.pem"), format!("{folder}/app.PFX"));
    fs::write(&pem, pair.certificate.pem() + &pair.key.serialize_pem()).unwrap();
    fs::write(&pfx, pair.pkcs12("canary")).unwrap();
    let app = [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "app")];
    let with = |more: &[(&str, &str)]| environment(&[&app, more].concat());

    let none = environment::<&str>(&[]);
    assert!(
        none.starts_with("Config") && none.contains("AZURE_CLIENT_SECRET"),
        "{none}"
    );
    assert_eq!(with(&[]), none);
    let secret = ("AZURE_CLIENT_SECRET", "canary");
    assert!(with(&[secret]).contains("\"AZURE_CLIENT_SECRET\""));
    let missing = environment(&[secret]);
    assert!(
        missing.starts_with("Config") && missing.contains("AZURE_TENANT_ID"),
        "{missing}"
    );
    let file = ("AZURE_CLIENT_CERTIFICATE_PATH", &*pem);
    assert!(with(&[file]).contains("\"AZURE_CLIENT_CERTIFICATE_PATH\""));
    assert!(with(&[secret, file]).contains("\"AZURE_CLIENT_SECRET\""));
    assert!(with(&[("AZURE_CLIENT_SECRET", ""), file]).contains("CERTIFICATE_PATH"));
    let file = ("AZURE_CLIENT_CERTIFICATE_PATH", &*pfx);
    let password = ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "canary");
    assert!(with(&[file, password]).contains("\"AZURE_CLIENT_CERTIFICATE_PATH\""));
    assert!(with(&[file]).contains("another password"));
    let file = ("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere");
    assert!(with(&[file]).contains("`/nowhere` cannot be read"));
    let token = ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token");
    assert!(with(&[token]).contains("\"AZURE_FEDERATED_TOKEN_FILE\""));
    let host = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    assert!(with(&[secret, host]).ends_with("at [\"https://login.microsoftonline.us\"]"));
    // Not what it is, where it is no text.
    let secret = OsStr::from_bytes(b"canary\xff");
    let odd = environment(&[
        ("AZURE_TENANT_ID", OsStr::new(TENANT)),
        ("AZURE_CLIENT_ID", OsStr::new("app")),
        ("AZURE_CLIENT_SECRET", secret),
    ]);
    assert!(odd.contains("`AZURE_CLIENT_SECRET` is no Unicode"), "{odd}");
    let secret = ("AZURE_CLIENT_SECRET", "canary");
    let host = ("AZURE_AUTHORITY_HOST", "http://login.example");
    assert!(with(&[secret, host]).starts_with("Config"));
}

/// A credential that counts how often it is asked, and says this.
struct Counted(Arc<AtomicUsize>, fn() -> Result<AccessToken, Error>, Caller);

impl Credential for Counted {
    fn caller(&self) -> Option<Caller> {
        Some(self.2)
    }

    fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { (self.1)() })
    }
}

#[tokio::test]
async fn a_chain_takes_the_first_that_is_there() {
    let counts: [Arc<AtomicUsize>; 3] = Default::default();
    let counted = |index: usize, give, caller| Counted(Arc::clone(&counts[index]), give, caller);
    let absent = || Err(Error::unavailable("there is no cat here"));
    // Good for no time, so that each call asks.
    let there = || Ok(AccessToken::new("canary-token")?.expires_in(std::time::Duration::ZERO));
    let recorder = Recorder::default();
    let build = |chain: Chain| {
        Client::builder(chain)
            .transport(recorder.clone())
            .build()
            .unwrap()
    };
    let graph = build(
        Chain::new()
            .or_maybe(None::<StaticToken>)
            .or(counted(0, absent, Caller::Application))
            .or(counted(1, there, Caller::Application))
            .or(counted(2, there, Caller::Application)),
    );
    // All of them are apps.
    assert_eq!(
        GetMe.request().send(&graph).await.unwrap_err().kind(),
        ErrorKind::Caller
    );
    ListUsers.request().send(&graph).await.unwrap();
    ListUsers.request().send(&graph).await.unwrap();
    assert_eq!(
        counts.each_ref().map(|count| count.load(Ordering::SeqCst)),
        [1, 2, 0]
    );

    let nobody = build(Chain::new().or(counted(0, absent, Caller::Application)));
    let error = ListUsers.request().send(&nobody).await.unwrap_err();
    assert!(
        discreet(&error).contains("there is no cat here"),
        "{error:?}"
    );
    let error = ListUsers
        .request()
        .send(&build(Chain::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}

/// Of calls for different scopes one searches the chain, and all of them go on as the same.
#[tokio::test]
async fn a_crowd_before_a_chain() {
    #[graph_action(get = "/groups", delegated = "Group.Read.All", application = [])]
    struct ListGroups;

    /// Is not there at first, and slow then.
    struct Late(AtomicUsize);

    impl Credential for Late {
        fn caller(&self) -> Option<Caller> {
            Some(Caller::Delegated)
        }

        fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
            let is_first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                tokio::task::yield_now().await;
                match is_first {
                    true => Err(Error::unavailable("not yet")),
                    false => AccessToken::new("canary-late"),
                }
            })
        }
    }

    let recorder = Recorder::default();
    let there = || AccessToken::new("canary-there");
    let chain = Chain::new().or(Late(AtomicUsize::new(0))).or(Counted(
        Arc::default(),
        there,
        Caller::Delegated,
    ));
    let graph = Client::builder(chain)
        .transport(recorder.clone())
        .build()
        .unwrap();
    let (me, groups) = tokio::join!(
        GetMe.request().send(&graph),
        ListGroups.request().send(&graph)
    );
    me.unwrap();
    groups.unwrap();
    for request in recorder.requests() {
        assert_eq!(request.headers()["authorization"], "Bearer canary-there");
    }
}

/// An error that does not say "not there" is no reason to go on as somebody else; nor may a link hang.
#[tokio::test(start_paused = true)]
async fn a_chain_does_not_go_on_as_somebody_else() {
    let emulator = emulator().await;
    let adele = || emulator.device_code(|_| {}).unwrap();
    let chain = Chain::new()
        .or(adele().user("bob@contoso.example"))
        .or(emulator.credential().unwrap());
    let graph = emulator.client_of(chain).unwrap();
    let error = ListUsers.request().send(&graph).await.unwrap_err();
    assert!(
        discreet(&error).contains("AdeleV@contoso.example has signed in"),
        "{error:?}"
    );

    let stuck = ClientAssertion::new(TENANT, "app", |_| std::future::pending()).unwrap();
    let graph = emulator
        .client_of(Chain::new().or(stuck).or(adele()))
        .unwrap();
    let error = ListUsers.request().send(&graph).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn a_chain_ends_at_a_refusal() {
    let emulator = emulator().await;
    let wrong = ClientSecret::new(emulator.tenant_id(), emulator.client_id(), "canary").unwrap();
    let chain = Chain::new().or(wrong).or(emulator.credential().unwrap());
    let error = ListUsers
        .request()
        .send(&emulator.client_of(chain).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AADSTS7000215"));
    discreet(&error);

    // A machine without an identity is passed over.
    let metadata = RawServer::answering(answer(
        "400 Bad Request",
        &[],
        r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
    ));
    let machine = ManagedIdentity::system_assigned()
        .address(metadata.root())
        .unwrap();
    let chain = Chain::new().or(machine).or(emulator.credential().unwrap());
    let error = ListUsers
        .request()
        .send(&emulator.client_of(chain).unwrap())
        .await
        .unwrap_err();
    // The token was granted, and the emulated Graph knows no such path.
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(metadata.requests().len(), 1);
}

/// A credential of Azure's libraries.
#[derive(Debug)]
struct Azure(Arc<Mutex<Vec<String>>>, String);

#[async_trait::async_trait]
impl TokenCredential for Azure {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AzureToken> {
        self.0
            .lock()
            .unwrap()
            .extend(scopes.iter().map(|scope| (*scope).to_owned()));
        let end = OffsetDateTime::now_utc() + AzureDuration::hours(1);
        match self.1.is_empty() {
            true => Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Credential,
                "please run `az login`",
            )),
            false => Ok(AzureToken::new(self.1.clone(), end)),
        }
    }
}

#[tokio::test]
async fn a_credential_of_azure() {
    #[graph_action(
        get = "/groups",
        delegated = "Group.Read.All",
        application = "Group.Read.All"
    )]
    struct ListGroups;

    let payload = STANDARD.encode(r#"{"scp":"User.Read Group.Read.All","x":"canary"}"#);
    let token = format!("e30.{}.x", payload.trim_end_matches('='));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let recorder = Recorder::default();
    let build = |token: &str, asked: &Arc<Mutex<Vec<String>>>| {
        let credential = AzureCredential::new(Arc::new(Azure(Arc::clone(asked), token.to_owned())));
        let credential = credential.caller(Caller::Delegated);
        assert!(!format!("{credential:?}").contains("e30"));
        Client::builder(credential)
            .transport(recorder.clone())
            .build()
            .unwrap()
    };
    let graph = build(&token, &asked);
    GetMe.request().send(&graph).await.unwrap();
    // The token says what it opens.
    ListGroups.request().send(&graph).await.unwrap();
    assert_eq!(
        *asked.lock().unwrap(),
        ["https://graph.microsoft.com/.default"]
    );

    let error = GetMe.request().send(&build("", &asked)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(discreet(&error).contains("please run `az login`"));
}

#[tokio::test]
async fn azure_cannot_bring_claims() {
    watch();
    let claims = STANDARD.encode(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#);
    let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\"");
    let server = RawServer::start(move |_| {
        answer("401 Unauthorized", &[("www-authenticate", &challenge)], "")
    });
    let asked = Arc::default();
    let credential = AzureCredential::new(Arc::new(Azure(Arc::clone(&asked), "canary".to_owned())));
    let error = ListUsers
        .request()
        .send(&client(&server, credential))
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert!(discreet(&error).contains("a credential of Azure cannot be asked for"));
    assert_eq!(
        (asked.lock().unwrap().len(), server.requests().len()),
        (1, 1)
    );
}

/// Each cloud has its own identity platform, and its own scope.
#[tokio::test]
async fn a_cloud_is_asked_at_its_own_platform() {
    for (cloud, authority) in [
        (Cloud::GLOBAL, "https://login.microsoftonline.com"),
        (Cloud::US_GOV_L4, "https://login.microsoftonline.us"),
        (Cloud::US_GOV_L5, "https://login.microsoftonline.us"),
        (Cloud::CHINA, "https://login.chinacloudapi.cn"),
        (Cloud::BLEU, "https://login.sovcloud-identity.fr"),
        (Cloud::DELOS, "https://login.sovcloud-identity.de"),
        (Cloud::GOV_SG, "https://login.sovcloud-identity.sg"),
    ] {
        let asked = |builder: graph_action::ClientBuilder| async move {
            let recorder = Recorder::default();
            let graph = builder.transport(recorder.clone()).build().unwrap();
            // The recorder grants nothing.
            ListUsers.request().send(&graph).await.unwrap_err();
            let requests = recorder.requests();
            let body = String::from_utf8(requests[0].body().to_vec()).unwrap();
            let mut pairs = url::form_urlencoded::parse(body.as_bytes());
            let scope = pairs
                .find(|(name, _)| name == "scope")
                .unwrap()
                .1
                .into_owned();
            (requests[0].uri().to_string(), scope)
        };
        let secret = || ClientSecret::new(TENANT, "app", "canary").unwrap();
        let graph = cloud.graph().to_owned();
        let expected = (
            format!("{authority}/{TENANT}/oauth2/v2.0/token"),
            format!("{graph}/.default"),
        );
        assert_eq!(
            asked(Client::builder(secret()).cloud(cloud.clone())).await,
            expected
        );
        // The root of a known cloud says as much.
        assert_eq!(asked(Client::builder(secret()).root(graph)).await, expected);
        // A gateway before a cloud is asked with a token of the cloud.
        let builder = Client::builder(secret())
            .cloud(cloud)
            .root("https://gateway.example/graph");
        assert_eq!(asked(builder).await, expected);
    }
}

/// Fails to compile if a type is `Serialize`: then two implementations fit.
macro_rules! is_not_serialize {
    ($($type:ty),*) => {$({
        trait Either<A> {
            fn is() {}
        }
        impl<T: ?Sized> Either<()> for T {}
        impl<T: ?Sized + serde::Serialize> Either<u8> for T {}
        <$type as Either<_>>::is();
    })*};
}

#[tokio::test]
async fn no_credential_shows_its_secret() {
    let pair = Pair::new(&PKCS_RSA_SHA256);
    let pem = pair.certificate.pem() + &pair.key.serialize_pem();
    let secret = ClientSecret::new(TENANT, "app", "canary").unwrap();
    let assertion = ClientAssertion::new(TENANT, "app", |_| async { Ok("canary".to_owned()) });
    let shown: [&dyn Debug; 14] = [
        &secret,
        &ClientCertificate::from_pem(TENANT, "app", pem.as_bytes()).unwrap(),
        &assertion.unwrap(),
        &WorkloadIdentity::new(TENANT, "app", "file").unwrap(),
        &ManagedIdentity::system_assigned(),
        &OnBehalfOf::new(&secret, "canary").unwrap(),
        &DeviceCode::new(TENANT, "app", |_| {}).unwrap(),
        &AuthorizationCode::new(TENANT, "app").unwrap(),
        &RefreshToken::new(TENANT, "app", "canary").unwrap(),
        &AzureCredential::new(Arc::new(Azure(Arc::default(), "x".to_owned()))),
        &StaticToken::new("canary").unwrap(),
        &AccessToken::new("canary").unwrap(),
        &Chain::new().or(secret.clone()),
        &KeyringStore::new("service"),
    ];
    for shown in shown {
        let shown = format!("{shown:?} {shown:#?}");
        assert!(
            !shown.contains("canary") && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }
    is_not_serialize!(
        ClientSecret,
        ClientCertificate,
        ClientAssertion,
        WorkloadIdentity,
        ManagedIdentity,
        OnBehalfOf,
        DeviceCode,
        AuthorizationCode,
        RefreshToken,
        AzureCredential,
        StaticToken,
        AccessToken,
        Chain,
        Environment,
        Client,
        Error
    );
    // Nor does a form that is sent.
    let server = server();
    ListUsers
        .request()
        .send(&client(&server, secret))
        .await
        .unwrap();
    let form = &server.requests()[0];
    assert!(form.contains("client_secret=canary"));
    let claims = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } }).to_string();
    let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    assert!(form.contains(&claims), "{form}");
}
