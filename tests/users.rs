//! How does a user sign in, consent, and stay signed in?

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph_action::credential::{
    AuthorizationCode, ClientSecret, DeviceCode, OnBehalfOf, RefreshToken, SecretString, TokenStore,
};
use graph_action::emulator::Emulator;
use graph_action::transport::BoxFuture;
use graph_action::{BoxError, Client, Cloud, Error, ErrorKind, graph_action};
use graph_action_tests::rude::{Move, Rude, say};
use graph_action_tests::{RawServer, Recorder, answer, discreet, secret, watch, watched};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

#[graph_action(
    get = "/me",
    delegated = ["User.Read", "User.ReadWrite"],
    personal = "User.Read",
    application = [],
    returns = User
)]
struct GetMe;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    user_principal_name: String,
}

#[graph_action(
    get = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>",
    scope = ["DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All"],
    version = "beta"
)]
struct GetProfile;

#[graph_action(get = "/users", delegated = [], application = "User.Read.All")]
struct ForAppsOnly;

/// An emulator whose secrets are looked for in the logs.
async fn emulator(consents: &[&str]) -> Emulator {
    watched(Emulator::builder().consents(consents.iter().copied())).await
}

/// A client of a user who is asked by code, and how often he was.
fn by_code(emulator: &Emulator) -> (Client, Arc<AtomicUsize>) {
    let prompts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&prompts);
    let credential = emulator.device_code(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    (emulator.client_of(credential.unwrap()).unwrap(), prompts)
}

/// The forms that the token endpoint got, by name.
fn forms(emulator: &Emulator, name: &str) -> Vec<String> {
    let requests = emulator.requests();
    let values = requests
        .iter()
        .filter(|request| request.uri().path().ends_with("/token"));
    let value = |body: &[u8]| {
        let mut pairs = url::form_urlencoded::parse(body);
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    values.filter_map(|request| value(request.body())).collect()
}

#[tokio::test]
async fn consent_comes_step_by_step() {
    let emulator = emulator(&[]).await;
    let (graph, prompts) = by_code(&emulator);
    let me = GetMe.request().send(&graph).await.unwrap();
    assert_eq!(me.user_principal_name, emulator.user_name());
    GetMe.request().send(&graph).await.unwrap();
    assert_eq!(prompts.load(Ordering::SeqCst), 1);

    GetProfile
        .request(emulator.profile_id())
        .send(&graph)
        .await
        .unwrap();
    GetProfile
        .request(emulator.profile_id())
        .send(&graph)
        .await
        .unwrap();
    GetMe.request().send(&graph).await.unwrap();
    assert_eq!(prompts.load(Ordering::SeqCst), 2);

    // The least of what each action declares, and what makes the sign-in last.
    let root = emulator.root();
    let refreshes = forms(&emulator, "scope");
    assert_eq!(
        refreshes,
        [format!(
            "{root}/DeviceManagementConfiguration.Read.All openid profile offline_access"
        )]
    );
}

#[tokio::test]
async fn all_can_be_asked_for_ahead() {
    let emulator = emulator(&[]).await;
    let (graph, prompts) = by_code(&emulator);
    let permissions = ["User.Read", "DeviceManagementConfiguration.Read.All"];
    graph.sign_in(permissions).await.unwrap();
    GetMe.request().send(&graph).await.unwrap();
    GetProfile
        .request(emulator.profile_id())
        .send(&graph)
        .await
        .unwrap();
    graph.sign_in(permissions).await.unwrap();
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
    assert_eq!(forms(&emulator, "grant_type").len(), 1);
}

#[tokio::test]
async fn a_crowd_asks_the_user_once() {
    let emulator = emulator(&[]).await;
    let (graph, prompts) = by_code(&emulator);
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let graph = graph.clone();
        calls.spawn(async move { GetMe.request().send(&graph).await.map(drop) });
    }
    calls
        .join_all()
        .await
        .into_iter()
        .for_each(|result| result.unwrap());
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
    assert_eq!(forms(&emulator, "grant_type").len(), 1);
}

/// While a user is asked for one thing, he is not asked for another; and who waited finds him signed in.
#[tokio::test]
async fn a_user_is_asked_one_thing_at_a_time() {
    let emulator = emulator(&["User.Read", "DeviceManagementConfiguration.Read.All"]).await;
    let (graph, prompts) = by_code(&emulator);
    let me = GetMe.request();
    let profile = GetProfile.request(emulator.profile_id());
    let (me, profile) = tokio::join!(me.send(&graph), profile.send(&graph));
    me.unwrap();
    profile.unwrap();
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_cannot_call_is_told_before_he_is_asked() {
    let emulator = emulator(&[]).await;
    let (graph, prompts) = by_code(&emulator);
    let error = ForAppsOnly.request().send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Caller);
    assert_eq!(
        (prompts.load(Ordering::SeqCst), emulator.requests().len()),
        (0, 0)
    );
    let error = GetMe
        .request()
        .send(&emulator.client().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Caller);
    assert_eq!(emulator.requests().len(), 0);
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<(String, SecretString)>>>);

impl TokenStore for Memory {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = tokens.iter().rfind(|(own, _)| own == key);
        let token = token.map(|(_, token)| token.clone());
        Box::pin(async { Ok(token) })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        token: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.extend(token.map(|token| (key.to_owned(), token.clone())));
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_sign_in_survives_a_restart() {
    let emulator = emulator(&[]).await;
    let memory = Memory::default();
    let (prompts, seen) = (Arc::new(AtomicUsize::new(0)), memory.clone());
    let client = || {
        let count = Arc::clone(&prompts);
        let credential = emulator.device_code(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        emulator
            .client_of(credential.unwrap().store(memory.clone()))
            .unwrap()
    };
    GetMe.request().send(&client()).await.unwrap();
    GetMe.request().send(&client()).await.unwrap();
    GetMe.request().send(&client()).await.unwrap();
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
    let saved = seen.0.lock().unwrap();
    // Each exchange brings a newer one.
    assert_eq!(saved.len(), 3);
    let key = format!(
        "{}/{}/{}",
        emulator.root(),
        emulator.tenant_id(),
        emulator.client_id()
    );
    assert!(saved.iter().all(|(own, _)| *own == key), "{saved:?}");
    assert!(!format!("{saved:?}").contains(secrecy_of(&saved[0].1)));
}

fn secrecy_of(secret: &SecretString) -> &str {
    use graph_action::credential::ExposeSecret as _;
    secret.expose_secret()
}

/// A store that does not work.
struct Broken {
    loads: bool,
}

impl TokenStore for Broken {
    fn load<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, BoxError>> {
        Box::pin(async {
            match self.loads {
                true => Ok(None),
                false => Err("the keyring is locked".into()),
            }
        })
    }

    fn save<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async { Err("the disk is full".into()) })
    }
}

#[tokio::test]
async fn a_store_that_does_not_work_is_told() {
    let emulator = emulator(&[]).await;
    let client = |loads| {
        let credential = emulator.device_code(|_| {}).unwrap();
        emulator
            .client_of(credential.store(Broken { loads }))
            .unwrap()
    };
    // One that cannot be read is told once; then the user is asked, as without one.
    let graph = client(false);
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert_eq!(
        (error.kind(), emulator.requests().len()),
        (ErrorKind::Auth, 0)
    );
    assert!(discreet(&error).contains("the keyring is locked"));
    GetMe.request().send(&graph).await.unwrap();

    // The user has signed in all the same; that it will not last is told once.
    let graph = client(true);
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert!(discreet(&error).contains("the disk is full"));
    GetMe.request().send(&graph).await.unwrap();
    let profile = GetProfile.request(emulator.profile_id());
    profile.send(&graph).await.unwrap();
}

#[tokio::test]
async fn a_client_is_of_one_user() {
    watch();
    // Who signs in at each prompt, and that each grant lasts no time.
    let names = ["adele", "bob"];
    let count = AtomicUsize::new(0);
    let server = RawServer::start(move |request| {
        if request.contains("/devicecode") {
            let code = json!({
                "device_code": "canary",
                "user_code": "ABCD",
                "verification_uri": "https://x",
                "expires_in": "2",
                "interval": "0",
            });
            return answer("200 OK", &[], &code.to_string());
        }
        if request.contains("/token") {
            let name = names[count.fetch_add(1, Ordering::SeqCst) % 2];
            let id = json!({ "oid": name, "tid": "t", "sub": "x", "preferred_username": format!("{name}@contoso.example") });
            let id = URL_SAFE_NO_PAD.encode(id.to_string());
            let grant = json!({
                "access_token": format!("canary-{name}"),
                "expires_in": 0,
                "id_token": format!("e30.{id}.canary"),
            });
            return answer("200 OK", &[], &grant.to_string());
        }
        answer(
            "200 OK",
            &[("content-type", "application/json")],
            r#"{"userPrincipalName":"x"}"#,
        )
    });
    let credential = || DeviceCode::new("contoso.example", "tool", |_| {}).unwrap();
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let client = |credential| {
        Client::builder(credential)
            .cloud(cloud.clone())
            .build()
            .unwrap()
    };
    let graph = client(credential());
    GetMe.request().send(&graph).await.unwrap();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    let said = discreet(&error);
    assert!(
        said.contains("bob@contoso.example has signed in, and adele@contoso.example has before")
    );
    // Nobody else than who is to.
    let graph = client(credential().user("Bob@contoso.example"));
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert!(discreet(&error).contains("sign in as Bob@contoso.example"));
    GetMe.request().send(&graph).await.unwrap();
    // Nor anybody whose name is not said.
    let body = json!({
        "access_token": "canary",
        "expires_in": 3600,
        "device_code": "canary",
        "user_code": "ABCD",
        "verification_uri": "https://x",
        "interval": 0,
    });
    let platform = RawServer::answering(answer("200 OK", &[], &body.to_string()));
    let nameless = credential().user("Bob@contoso.example");
    let nameless = nameless.authority(platform.root()).unwrap();
    let error = GetMe.request().send(&client(nameless)).await.unwrap_err();
    assert!(discreet(&error).contains("does not say who has signed in"));
    let bearers = server.requests();
    let bearers = bearers
        .iter()
        .filter(|request| request.contains("canary-bob"));
    assert_eq!(bearers.count(), 1);
}

#[tokio::test]
async fn a_browser_signs_in() {
    let emulator = emulator(&[]).await;
    let credential = emulator
        .authorization_code()
        .unwrap()
        .user("adelev@contoso.example");
    let memory = Memory::default();
    let graph = emulator
        .client_of(credential.store(memory.clone()))
        .unwrap();
    let me = GetMe.request().send(&graph).await.unwrap();
    assert_eq!(me.user_principal_name, emulator.user_name());
    let requests = emulator.requests();
    let authorize = Url::parse(&format!("http://x{}", requests[0].uri())).unwrap();
    assert_eq!(
        authorize.path(),
        format!("/{}/oauth2/v2.0/authorize", emulator.tenant_id())
    );
    let query = |name: &str| {
        let mut pairs = authorize.query_pairs();
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    assert_eq!(
        query("scope"),
        format!(
            "{}/User.Read openid profile offline_access",
            emulator.root()
        )
    );
    assert_eq!(query("response_type"), "code");
    assert_eq!(query("response_mode"), "query");
    assert_eq!(query("login_hint"), "adelev@contoso.example");
    let able: Value = serde_json::from_str(&query("claims")).unwrap();
    assert_eq!(able["access_token"]["xms_cc"]["values"], json!(["cp1"]));
    let redirect = query("redirect_uri");
    assert!(redirect.starts_with("http://localhost:"), "{redirect}");
    let [redeemed] = &*forms(&emulator, "redirect_uri") else {
        panic!("one code is redeemed")
    };
    assert_eq!(*redeemed, redirect);
    let verifier = &forms(&emulator, "code_verifier")[0];
    assert!((43..=128).contains(&verifier.len()));
    // His sign-in is kept apart from those of others.
    assert!(
        memory.0.lock().unwrap()[0]
            .0
            .ends_with("/adelev@contoso.example")
    );
}

/// A client whose user is sent to `browse` with the redirect address and the state.
fn by_browser(
    browse: impl Fn(&str, &str) + Send + Sync + 'static,
    patience: Duration,
) -> (RawServer, Client) {
    watch();
    let grant = json!({ "access_token": "canary-token", "expires_in": 3600 }).to_string();
    let server = RawServer::start(move |request| match request.contains("/token") {
        true => answer("200 OK", &[], &grant),
        false => answer(
            "200 OK",
            &[("content-type", "application/json")],
            r#"{"userPrincipalName":"x"}"#,
        ),
    });
    let credential = AuthorizationCode::new("contoso.example", "tool").unwrap();
    let credential = credential.patience(patience).open_with(move |address| {
        let address = Url::parse(address)?;
        let query = |name: &str| {
            let mut pairs = address.query_pairs();
            pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        browse(&query("redirect_uri"), &query("state"));
        Ok(())
    });
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let graph = Client::builder(credential).cloud(cloud).build().unwrap();
    (server, graph)
}

/// Asks the loopback port, as a browser does.
fn get(redirect: &str, path: &str) -> String {
    let address = redirect.replace("http://localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn whoever_else_comes_to_the_loopback_port() {
    let browse = |redirect: &str, state: &str| {
        // A connection that says nothing holds nobody up.
        let _silent = TcpStream::connect(redirect.replace("http://localhost", "127.0.0.1"));
        for path in [
            "/favicon.ico".to_owned(),
            "/".to_owned(),
            "/?code=canary-wrong".to_owned(),
            "/?code=canary-wrong&state=guess".to_owned(),
            format!("/elsewhere?code=canary-wrong&state={state}"),
        ] {
            let page = get(redirect, &path);
            assert!(page.starts_with("HTTP/1.1 404 "), "{page}");
        }
        let page = get(
            redirect,
            &format!("/?code=canary-code&state={state}&session_state=x"),
        );
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        assert!(
            page.contains("You can close this window") && !page.contains("canary"),
            "{page}"
        );
        assert!(
            page.contains("no-store") && page.contains("no-referrer"),
            "{page}"
        );
    };
    let (server, graph) = by_browser(browse, Duration::from_secs(60));
    GetMe.request().send(&graph).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].contains("code=canary-code"));
}

#[tokio::test]
async fn a_user_who_declines_in_the_browser() {
    let browse = |redirect: &str, state: &str| {
        let said = "AADSTS65004%3A+User+declined+to+consent.%0D%0ATrace+ID%3A+1";
        let page = get(
            redirect,
            &format!("/?error=access_denied&error_description={said}&state={state}"),
        );
        assert!(
            page.contains("You are not signed in") && !page.contains("AADSTS"),
            "{page}"
        );
    };
    let (server, graph) = by_browser(browse, Duration::from_secs(60));
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(error.code(), Some("AADSTS65004"));
    assert_eq!(error.oauth_error(), Some("access_denied"));
    assert!(error.mend().unwrap().contains("declined"));
    discreet(&error);
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_never_comes_back() {
    let (server, graph) = by_browser(|_, _| {}, Duration::from_secs(3000));
    let began = Instant::now();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert!(error.is_timeout() && began.elapsed() >= Duration::from_secs(3000));
    discreet(&error);
    assert_eq!(server.requests().len(), 0);

    let credential = AuthorizationCode::new("contoso.example", "tool").unwrap();
    let credential = credential.open_with(|_| Err("there is no browser".into()));
    let graph = Client::new(credential).unwrap();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert!(discreet(&error).contains("there is no browser"));
}

/// A platform that says these things about a device, one after the other and the last for ever.
async fn device(answers: Vec<&'static str>) -> (Rude, Client, Arc<Mutex<Vec<String>>>) {
    watch();
    let count = AtomicUsize::new(0);
    let json = |status: &str, json: Value| {
        say(
            status,
            &[("content-type", "application/json")],
            &json.to_string(),
        )
    };
    let server = Rude::start(move |_, request| {
        if request.contains("/devicecode") {
            let code = json!({
                "device_code": "canary-device",
                "user_code": "ABCD\u{1b}[2J",
                "verification_uri": "https://microsoft.com/devicelogin",
                "expires_in": 900,
                "interval": 7,
            });
            return json("200 OK", code);
        }
        if !request.contains("/token") {
            return json("200 OK", json!({ "userPrincipalName": "x" }));
        }
        assert!(request.contains("device_code=canary-device"), "{request}");
        let index = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        match answers[index] {
            "" => json(
                "200 OK",
                json!({ "access_token": "canary-token", "expires_in": 3600 }),
            ),
            error => json(
                "400 Bad Request",
                json!({ "error": error, "error_description": "AADSTS1: No." }),
            ),
        }
    })
    .await;
    let shown = Arc::new(Mutex::new(Vec::new()));
    let prompts = Arc::clone(&shown);
    let credential = DeviceCode::new("organizations", "tool", move |prompt| {
        assert!(!format!("{prompt:?}").contains("canary"));
        prompts.lock().unwrap().push(prompt.to_string());
    });
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let builder = Client::builder(credential.unwrap()).cloud(cloud);
    (server, builder.build().unwrap(), shown)
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_person_is_not_that_of_the_call() {
    const PENDING: &str = "authorization_pending";
    let answers = [&[PENDING; 14][..], &["slow_down", PENDING, ""]].concat();
    let (server, graph, shown) = device(answers).await;
    let began = Instant::now();
    // The call itself has 100 s, and so has who waits for the same person.
    let (first, second) = tokio::join!(GetMe.request().send(&graph), GetMe.request().send(&graph));
    first.unwrap();
    second.unwrap();
    // Fifteen waits of 7 s, and two that are 5 s longer.
    let waited = began.elapsed();
    assert!(waited >= Duration::from_secs(15 * 7 + 2 * 12), "{waited:?}");
    assert!(
        waited < Duration::from_secs(15 * 7 + 2 * 12 + 2),
        "{waited:?}"
    );
    assert_eq!(server.seen().len(), 1 + 17 + 2);
    // What a terminal would obey is not shown.
    let shown = shown.lock().unwrap();
    assert_eq!(
        *shown,
        ["To sign in, open https://microsoft.com/devicelogin and enter the code ABCD [2J"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_that_nobody_enters() {
    let (server, graph, _) = device(vec!["authorization_pending"]).await;
    let began = Instant::now();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert!(error.is_timeout() && began.elapsed() > Duration::from_secs(880));
    discreet(&error);
    // 900 s at most, every 7 s.
    assert_eq!(server.seen().len(), 1 + 128);

    for error in [
        "authorization_declined",
        "expired_token",
        "bad_verification_code",
        "invalid_client",
    ] {
        let (server, graph, shown) = device(vec![error]).await;
        let refused = GetMe.request().send(&graph).await.unwrap_err();
        assert_eq!(refused.oauth_error(), Some(error));
        assert_eq!(refused.kind(), ErrorKind::Auth);
        discreet(&refused);
        assert_eq!(server.seen().len(), 2);
        // A person can try again at once.
        GetMe.request().send(&graph).await.unwrap_err();
        assert_eq!(shown.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn programs_that_hold_connections_to_the_loopback_port() {
    let browse = |redirect: &str, state: &str| {
        let address = redirect.replace("http://localhost", "127.0.0.1");
        let hogs: Vec<_> = (0..100)
            .map(|_| TcpStream::connect(&address).unwrap())
            .collect();
        let page = get(redirect, &format!("/?code=canary-code&state={state}"));
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        drop(hogs);
    };
    let (_, graph) = by_browser(browse, Duration::from_secs(60));
    GetMe.request().send(&graph).await.unwrap();
}

/// What a person does not do in time is not asked of him again by each who waits.
#[tokio::test(start_paused = true)]
async fn a_crowd_whose_person_does_not_come() {
    let (_, graph, shown) = device(vec!["authorization_pending"]).await;
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        let graph = graph.clone();
        calls.spawn(async move { GetMe.request().send(&graph).await.unwrap_err() });
    }
    for error in calls.join_all().await {
        assert!(error.is_timeout());
    }
    assert_eq!(shown.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_device_code_with_odd_numbers() {
    watch();
    for (expires_in, interval, is_shown) in [
        (json!(900), json!(1e19), true),
        (json!("900"), json!("5"), true),
        (json!(900), json!(null), true),
        (json!(900), json!(-1), true),
        (json!(4), json!(60), true),
        (json!(1e19), json!(0), true),
        (json!("soon"), json!(5), false),
    ] {
        let said = format!("{expires_in} {interval}");
        let server = Rude::start(move |_, request| {
            let body = match request.contains("/devicecode") {
                true => json!({
                    "device_code": "canary",
                    "user_code": "ABCD",
                    "verification_uri": "https://x",
                    "expires_in": expires_in,
                    "interval": interval,
                }),
                false => json!({ "access_token": "canary", "expires_in": 3600, "userPrincipalName": "x" }),
            };
            say("200 OK", &[("content-type", "application/json")], &body.to_string())
        })
        .await;
        let prompts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&prompts);
        let credential = DeviceCode::new("contoso.example", "tool", move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let cloud = Cloud::custom(server.root(), server.root()).unwrap();
        let graph = Client::builder(credential.unwrap())
            .cloud(cloud)
            .build()
            .unwrap();
        let sent = GetMe.request().send(&graph).await;
        assert_eq!(sent.is_ok(), is_shown, "{said}: {sent:?}");
        assert_eq!(
            prompts.load(Ordering::SeqCst),
            usize::from(is_shown),
            "{said}"
        );
    }
}

/// While the network is gone the code is still good.
#[tokio::test(start_paused = true)]
async fn a_network_that_is_gone_for_a_while() {
    watch();
    let server = Rude::start(move |number, request| {
        let body = json!({
            "device_code": "canary",
            "user_code": "ABCD",
            "verification_uri": "https://x",
            "access_token": "canary",
            "expires_in": 900,
            "userPrincipalName": "x",
        });
        match number {
            1..=12 if request.contains("device_code=") => Move::Reset,
            _ => say(
                "200 OK",
                &[("content-type", "application/json")],
                &body.to_string(),
            ),
        }
    })
    .await;
    let credential = DeviceCode::new("contoso.example", "tool", |_| {}).unwrap();
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let graph = Client::builder(credential).cloud(cloud).build().unwrap();
    GetMe.request().send(&graph).await.unwrap();
    assert_eq!(server.seen().len(), 1 + 12 + 1 + 1);
}

/// RFC 8628 section 3.5: a poll that is not answered says nothing, but to be slower.
#[tokio::test(start_paused = true)]
async fn a_poll_that_is_not_answered() {
    watch();
    let polls = AtomicUsize::new(0);
    let server = Rude::start(move |_, request| {
        let body = match request.contains("/devicecode") {
            true => json!({
                "device_code": "canary",
                "user_code": "ABCD",
                "verification_uri": "https://x",
                "expires_in": 900,
            }),
            false => {
                json!({ "access_token": "canary", "expires_in": 3600, "userPrincipalName": "x" })
            }
        };
        let headers = [("content-type", "application/json")];
        match request.contains("device_code=") && polls.fetch_add(1, Ordering::SeqCst) == 0 {
            true => Move::Later(Duration::from_secs(300), vec![]),
            false => say("200 OK", &headers, &body.to_string()),
        }
    })
    .await;
    let credential = DeviceCode::new("contoso.example", "tool", |_| {}).unwrap();
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let graph = Client::builder(credential).cloud(cloud).build().unwrap();
    GetMe.request().send(&graph).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    // The first waits for 5 s, is not answered for 100 s, and the second waits for 10 s.
    assert!(seen[2].at - seen[0].at >= Duration::from_secs(115));
}

/// Conditional access asks for more than the refresh token can bring: the person is asked for just that.
#[tokio::test(start_paused = true)]
async fn what_the_platform_wants_of_a_person_he_is_asked_for() {
    watch();
    let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["policy"]}}}"#;
    let server = Rude::start(move |_, request| {
        let json = |status: &str, json: Value| {
            say(
                status,
                &[("content-type", "application/json")],
                &json.to_string(),
            )
        };
        if request.contains("/devicecode") {
            return json(
                "200 OK",
                json!({
                    "device_code": "canary",
                    "user_code": "ABCD",
                    "verification_uri": "https://x",
                    "expires_in": 900,
                }),
            );
        }
        match request.contains("grant_type=refresh_token") {
            true => json(
                "400 Bad Request",
                json!({
                    "error": "interaction_required",
                    "error_description": "AADSTS53003: Access has been blocked.",
                    "claims": claims,
                }),
            ),
            false => json(
                "200 OK",
                json!({
                    "access_token": "canary-token",
                    "expires_in": 0,
                    "refresh_token": "canary-refresh",
                    "userPrincipalName": "x",
                }),
            ),
        }
    })
    .await;
    let credential = DeviceCode::new("contoso.example", "tool", |_| {}).unwrap();
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let graph = Client::builder(credential).cloud(cloud).build().unwrap();
    GetMe.request().send(&graph).await.unwrap();
    GetMe.request().send(&graph).await.unwrap();
    let seen = server.seen();
    let wanted: Vec<bool> = seen
        .iter()
        .map(|seen| seen.text.contains("capolids"))
        .collect();
    // Code, token, call; refresh, code with the claims, token with the claims, call.
    assert_eq!(wanted, [false, false, false, false, true, true, false]);
}

/// A code is good for one time: who lost the answer does not learn more from asking again.
#[tokio::test(start_paused = true)]
async fn a_code_is_redeemed_once() {
    watch();
    let server = Rude::start(|_, _| say("502 Bad Gateway", &[], "")).await;
    let credential = AuthorizationCode::new("contoso.example", "tool").unwrap();
    let credential = credential.open_with(|address| {
        let address = Url::parse(address)?;
        let query = |name: &str| {
            let mut pairs = address.query_pairs();
            pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        get(
            &query("redirect_uri"),
            &format!("/?code=canary&state={}", query("state")),
        );
        Ok(())
    });
    let cloud = Cloud::custom(server.root(), server.root()).unwrap();
    let graph = Client::builder(credential).cloud(cloud).build().unwrap();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 502);
    discreet(&error);
    assert_eq!(server.seen().len(), 1);
}

/// One in the store that is no longer good does not make the given one useless.
#[tokio::test]
async fn a_dead_token_in_the_store() {
    let emulator = emulator(&["User.Read"]).await;
    let memory = Memory::default();
    let by_code = emulator.device_code(|_| {}).unwrap().store(memory.clone());
    GetMe
        .request()
        .send(&emulator.client_of(by_code).unwrap())
        .await
        .unwrap();
    let good = secrecy_of(&memory.0.lock().unwrap()[0].1).to_owned();
    let key = format!(
        "{}/{}/{}/adele",
        emulator.root(),
        emulator.tenant_id(),
        emulator.client_id()
    );
    let dead = SecretString::from("canary-dead");
    memory.save(&key, Some(&dead)).await.unwrap();
    let client = |token: &str, user: &str| {
        let credential = RefreshToken::new(emulator.tenant_id(), emulator.client_id(), token);
        emulator
            .client_of(credential.unwrap().store(memory.clone(), user))
            .unwrap()
    };
    GetMe.request().send(&client(&good, "adele")).await.unwrap();
    // Now the store has a newer one, which is tried first; and only for the user that it is of.
    GetMe
        .request()
        .send(&client("canary-old", "adele"))
        .await
        .unwrap();
    GetMe
        .request()
        .send(&client("canary-old", "bob"))
        .await
        .unwrap_err();
    assert_eq!(
        forms(&emulator, "refresh_token")[..2],
        ["canary-dead".to_owned(), good]
    );
}

fn app(emulator: &Emulator) -> ClientSecret {
    emulator.credential().unwrap()
}

#[tokio::test]
async fn on_behalf_of_who_called() {
    let emulator = emulator(&["User.Read"]).await;
    let app = app(&emulator);
    let graph = emulator.client().unwrap();
    let bearer = emulator.api_token();
    for _ in 0..3 {
        // As for each call to the web API.
        let graph = graph
            .with_credential(OnBehalfOf::new(&app, &bearer).unwrap())
            .unwrap();
        let me = GetMe.request().send(&graph).await.unwrap();
        assert_eq!(me.user_principal_name, emulator.user_name());
    }
    let grants = forms(&emulator, "grant_type");
    assert_eq!(grants, ["urn:ietf:params:oauth:grant-type:jwt-bearer"]);
    assert_eq!(forms(&emulator, "requested_token_use"), ["on_behalf_of"]);
    assert_eq!(
        forms(&emulator, "scope"),
        [format!("{}/User.Read", emulator.root())]
    );

    // What the user has not consented to, nobody can ask him here.
    let behalf = OnBehalfOf::new(&app, &bearer).unwrap();
    let graph = graph.with_credential(behalf).unwrap();
    let error = GetProfile
        .request(emulator.profile_id())
        .send(&graph)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AADSTS65001"));
    assert!(error.mend().unwrap().contains("consent"));
    discreet(&error);

    // A token of somebody else's is another matter.
    let other = graph
        .with_credential(OnBehalfOf::new(&app, "canary.of.another").unwrap())
        .unwrap();
    let error = GetMe.request().send(&other).await.unwrap_err();
    assert_eq!(error.code(), Some("AADSTS500131"));
    discreet(&error);
}

#[tokio::test]
async fn the_claims_that_a_user_has_to_bring_are_passed_on() {
    watch();
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let body = json!({
        "error": "interaction_required",
        "error_description": "AADSTS50079: Due to a change, you must enroll in multi-factor authentication.",
        "claims": claims,
    });
    let server = RawServer::answering(answer("400 Bad Request", &[], &body.to_string()));
    let app = ClientSecret::new("contoso.example", "api", "canary-secret").unwrap();
    let behalf = OnBehalfOf::new(&app.authority(server.root()).unwrap(), "canary.token").unwrap();
    let graph = Client::builder(behalf).build().unwrap();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert_eq!(error.claims(), Some(claims));
    assert_eq!(error.oauth_error(), Some("interaction_required"));
    discreet(&error);
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_and_renewed() {
    let emulator = emulator(&["User.Read"]).await;
    let memory = Memory::default();
    let (graph, _) = {
        let credential = emulator.device_code(|_| {}).unwrap().store(memory.clone());
        (emulator.client_of(credential).unwrap(), ())
    };
    GetMe.request().send(&graph).await.unwrap();
    let token = secrecy_of(&memory.0.lock().unwrap()[0].1).to_owned();
    secret(&token);
    let credential = RefreshToken::new(emulator.tenant_id(), emulator.client_id(), &token).unwrap();
    let graph = emulator.client_of(credential).unwrap();
    GetMe.request().send(&graph).await.unwrap();
    // A web app proves to be itself.
    let credential = RefreshToken::of(&app(&emulator), &token).unwrap();
    GetMe
        .request()
        .send(&emulator.client_of(credential).unwrap())
        .await
        .unwrap();
    assert_eq!(
        forms(&emulator, "client_secret"),
        [emulator.client_secret()]
    );

    // Nobody is there to be asked for more.
    let error = GetProfile
        .request(emulator.profile_id())
        .send(&graph)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("AADSTS65001"));
    let dead = RefreshToken::new(emulator.tenant_id(), emulator.client_id(), "canary").unwrap();
    let error = GetMe
        .request()
        .send(&emulator.client_of(dead).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.oauth_error(), Some("invalid_grant"));
    discreet(&error);
}

/// `consumers` has its own permissions.
#[tokio::test]
async fn a_personal_account_is_told_apart() {
    #[graph_action(get = "/me/profile", delegated = "User.Read", personal = [], application = [])]
    struct WorkOnly;

    let recorder = Recorder::default();
    for (tenant, is_supported) in [
        ("consumers", false),
        ("9188040d-6c67-4c5b-b112-36a304b66dad", false),
        ("organizations", true),
        ("contoso.example", true),
    ] {
        let credential = RefreshToken::new(tenant, "tool", "canary").unwrap();
        let builder = Client::builder(credential).transport(recorder.clone());
        let error = WorkOnly
            .request()
            .send(&builder.build().unwrap())
            .await
            .unwrap_err();
        assert_eq!(
            error.kind() != ErrorKind::Caller,
            is_supported,
            "{tenant}: {error}"
        );
    }
}

#[test]
fn what_nobody_can_sign_in_with_is_refused() {
    let refused = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Config);
        discreet(&error);
    };
    refused(RefreshToken::new("tenant", "app", "").unwrap_err());
    refused(RefreshToken::new("tenant", "", "canary").unwrap_err());
    refused(DeviceCode::new("../x", "app", |_| {}).unwrap_err());
    refused(AuthorizationCode::new("a/b", "app").unwrap_err());
    let app = ClientSecret::new("tenant", "app", "canary").unwrap();
    refused(OnBehalfOf::new(&app, "").unwrap_err());
}
