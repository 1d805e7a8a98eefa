//! Rows 43 to 49 and 66: error bodies, and a token that is refused.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use graph_action::credential::{AccessToken, Credential, StaticToken, TokenRequest};
use graph_action::transport::BoxFuture;
use graph_action::{Caller, Client, Error, ErrorKind, graph_action};

use graph_action_tests::watch;

use crate::case::{Case, DO, List};
use graph_action_tests::rude::{Move, Rude, done, host, reply, say};

/// What comes of an answer that is an error.
async fn error(status: &str, headers: &[(&str, &str)], body: &str) -> Error {
    let bytes = reply(status, headers, body);
    let case = Case::new(move |_, _| Move::SayAndClose(bytes.clone())).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.status().unwrap().as_str(), &status[..3]);
    error
}

#[tokio::test(start_paused = true)]
async fn row_43_html_of_a_gateway() {
    let html = "<html><body>canary</body></html>";
    let error = error("502 Bad Gateway", &[("content-type", "text/html")], html).await;
    assert_eq!(error.code(), None);
    assert_eq!(error.message(), None);
}

#[tokio::test(start_paused = true)]
async fn row_44_an_empty_403() {
    let error = error("403 Forbidden", &[], "").await;
    assert!(error.is_forbidden());
    assert!(error.to_string().contains("403 Forbidden"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn row_45_json_that_is_cut() {
    error("400 Bad Request", &[], r#"{"error":{"code":"canary"#).await;
    let bytes =
        b"HTTP/1.1 400 Bad Request\r\nrequest-id: theirs\r\ncontent-length: 99\r\n\r\n{\"error\":";
    let case = Case::new(move |_, _| Move::SayAndClose(bytes.to_vec())).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 400);
}

#[tokio::test(start_paused = true)]
async fn row_46_a_code_that_nobody_knows() {
    let body = r#"{"error":{"code":"newCode","message":"New.","target":"name","details":[
        {"code":"a","message":"b","target":"c"},{"code":1},null],
        "innerError":{"code":"newer","message":"Newer.","innererror":{"code":"newest"}}}}"#;
    let headers = [("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let error = error("418 I'm a teapot", &headers, body).await;
    assert_eq!(
        error.codes().collect::<Vec<_>>(),
        ["newCode", "newer", "newest"]
    );
    assert_eq!(error.message(), Some("New."));
    assert_eq!(error.target(), Some("name"));
    assert_eq!(error.details()[0].code(), Some("a"));
    assert_eq!(error.details()[0].message(), Some("b"));
    assert_eq!(error.details()[0].target(), Some("c"));
    assert_eq!(error.details()[1].code(), None);
    let details = format!(r#"{{"error":{{"details":[{}{{}}]}}}}"#, "{},".repeat(999));
    let many = self::error("400 Bad Request", &[], &details).await;
    assert_eq!(many.details().len(), 64);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(error.date(), Some(date));
    assert!(
        error
            .to_string()
            .contains("418 I'm a teapot, newCode: New. (request-id theirs)")
    );
}

#[tokio::test(start_paused = true)]
async fn row_47_inner_errors_a_thousand_deep() {
    let inner = r#"{"code":"inner","innererror":"#.repeat(1000);
    let body = format!(
        r#"{{"error":{{"code":"outer","innererror":{inner}null{}"#,
        "}".repeat(1002)
    );
    let error = error("400 Bad Request", &[], &body).await;
    assert_eq!(error.code(), Some("outer"));
    let depth = error.codes().count();
    assert!((2..100).contains(&depth), "{depth}");
}

#[tokio::test(start_paused = true)]
async fn row_48_codes_that_are_none() {
    for code in ["1", "\"\"", "null", "{}", "[1]", "true"] {
        let body = format!(r#"{{"error":{{"code":{code},"message":"Words."}}}}"#);
        let error = error("400 Bad Request", &[], &body).await;
        assert_eq!(error.code(), None, "{code}");
        assert_eq!(error.message(), Some("Words."));
    }
    for body in [
        r#"{"error":[]}"#,
        r#"{"error":null}"#,
        "[]",
        "1",
        "\"canary\"",
    ] {
        assert_eq!(error("400 Bad Request", &[], body).await.code(), None);
    }
    let error = error(
        "400 Bad Request",
        &[],
        r#"{"error":"a","error_description":"b"}"#,
    )
    .await;
    assert_eq!((error.code(), error.message()), (Some("a"), Some("b")));
}

#[tokio::test(start_paused = true)]
async fn row_49_capitals() {
    let body = r#"{"Error":{"Code":"NotFound","Message":"Gone.","InnerError":{"Code":"Deleted"}}}"#;
    let error = error("404 Not Found", &[], body).await;
    assert_eq!(error.codes().collect::<Vec<_>>(), ["NotFound", "Deleted"]);
    assert_eq!(error.message(), Some("Gone."));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_too_long_or_no_text_keeps_its_status() {
    let long = format!(
        r#"{{"error":{{"code":"canary","message":"{}"}}}}"#,
        "a".repeat(70_000)
    );
    let refused = error("400 Bad Request", &[], &long).await;
    assert_eq!(refused.code(), None);
    let case = Case::with(
        move |_, _| say("400 Bad Request", &[], &long),
        |builder| builder.max_error(1 << 20),
    );
    let case = case.await;
    let refused = DO.request().send(&case.graph).await.unwrap_err();
    assert!(refused.code().is_some());
    // What fits is not printed to its end.
    let long = format!(
        r#"{{"error":{{"code":"long","message":"{}"}}}}"#,
        "a".repeat(60_000)
    );
    let error = error("400 Bad Request", &[], &long).await;
    assert_eq!(error.message().unwrap().len(), 60_000);
    assert!(error.to_string().len() < 3000);
    let body = r#"{"error":{"code":"odd","message":"\u001b\u0007.."}}"#;
    let mut bytes = reply("400 Bad Request", &[], body);
    let dots = bytes.len() - 5;
    bytes[dots..dots + 2].copy_from_slice(b"\xff\xfe");
    let case = Case::new(move |_, _| Move::SayAndClose(bytes.clone())).await;
    let error = case
        .check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
    assert_eq!(error.code(), Some("odd"));
    assert!(!error.to_string().contains(char::is_control));
}

/// Gives one token after another.
struct Tokens(Arc<AtomicUsize>);

impl Credential for Tokens {
    fn caller(&self) -> Option<Caller> {
        None
    }

    fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { AccessToken::new(format!("canary-{number}")) })
    }
}

/// A server that knows the tokens of a list, and a client that has one after another.
async fn knows(tokens: &'static [&'static str]) -> (Rude, Client) {
    watch();
    let server = Rude::start(move |_, request| {
        let mut tokens = tokens.iter();
        match tokens.any(|token| request.contains(&format!("Bearer canary-{token}\r\n"))) {
            true => done(),
            false => say("401 Unauthorized", &[("www-authenticate", "Bearer")], ""),
        }
    })
    .await;
    let tokens = Tokens(Arc::default());
    let graph = Client::builder(tokens).root(server.root()).build().unwrap();
    (server, graph)
}

#[tokio::test(start_paused = true)]
async fn row_66_a_token_that_is_refused() {
    let (server, graph) = knows(&["1"]).await;
    let sent = DO.request().send_detailed(&graph).await.unwrap();
    assert_eq!(sent.attempts, 2);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|seen| seen.text.ends_with(r#"{"secret":"canary-body"}"#))
    );
    // The other token is kept.
    DO.request().send(&graph).await.unwrap();
    assert_eq!(server.seen().len(), 3);
    // One that is refused too is no reason to go on.
    let (server, graph) = knows(&["2"]).await;
    let error = DO.request().send(&graph).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.attempts(), 2);
    assert_eq!(server.seen().len(), 2);
    // Nor is one that cannot be renewed.
    let case = Case::new(|_, _| say("401 Unauthorized", &[], "")).await;
    case.check(DO.request().send(&case.graph).await, 1)
        .unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn row_66_a_late_refusal_leaves_the_new_token() {
    watch();
    // Both begin with the first token. One is refused at once, the other when there is a new one.
    let server = Rude::start(|number, request| {
        let refusal = reply("401 Unauthorized", &[], "");
        match request.contains("Bearer canary-0\r\n") {
            true if number == 0 => Move::Later(Duration::from_secs(9), refusal),
            true => Move::Say(refusal),
            false => done(),
        }
    })
    .await;
    let tokens = Tokens(Arc::default());
    let asked = Arc::clone(&tokens.0);
    let graph = Client::builder(tokens).root(server.root()).build().unwrap();
    let late = DO.request();
    let late = late.send(&graph);
    let prompt = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        DO.request().send(&graph).await
    };
    let (late, prompt) = futures_util::future::join(late, prompt).await;
    late.unwrap();
    prompt.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn row_66_a_token_that_cannot_be_renewed_leaves_the_refusal() {
    struct Once(AtomicUsize);

    impl Credential for Once {
        fn caller(&self) -> Option<Caller> {
            None
        }

        fn token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
            let is_first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                match is_first {
                    true => AccessToken::new("canary"),
                    false => Err(Error::auth("no more")),
                }
            })
        }
    }

    let case = Case::new(|_, _| say("401 Unauthorized", &[], "")).await;
    let once = Once(AtomicUsize::new(0));
    let graph = Client::builder(once)
        .root(case.server.root())
        .build()
        .unwrap();
    let error = case.check(DO.request().send(&graph).await, 1).unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert!(error.source().unwrap().to_string().contains("no more"));
}

fn jwt(claims: &str) -> String {
    format!("e30.{}.canary", URL_SAFE_NO_PAD.encode(claims))
}

/// The error of an action that needs one of two permissions as a user and another as an application.
async fn refused(token: StaticToken) -> Error {
    #[graph_action(
        get = "/users/<id>",
        delegated = ["User.Read", "User.ReadWrite"],
        personal = [],
        application = "User.Read.All"
    )]
    struct GetUser;

    let server = Rude::start(|_, _| {
        let body = r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}"#;
        say("403 Forbidden", &[], body)
    })
    .await;
    watch();
    let graph = Client::builder(token).root(server.root()).build().unwrap();
    let error = GetUser.request("1").send(&graph).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
    error
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_permissions() {
    let token = StaticToken::new(jwt(r#"{"roles":["Mail.Read","Group.Read.All"]}"#)).unwrap();
    let error = refused(token).await;
    assert!(error.is_forbidden());
    assert_eq!(error.needed_permissions(), Some(&["User.Read.All"][..]));
    let granted = ["Mail.Read".to_owned(), "Group.Read.All".to_owned()];
    assert_eq!(error.granted_permissions(), Some(&granted[..]));
    let words = "403 Forbidden, Authorization_RequestDenied: Insufficient privileges.; an application without a \
                 user needs User.Read.All, and the token has Mail.Read, Group.Read.All (request-id theirs)";
    assert!(error.to_string().ends_with(words), "{error}");

    let token = StaticToken::new(jwt(r#"{"scp":"Mail.Read openid"}"#)).unwrap();
    let error = refused(token).await;
    assert_eq!(
        error.needed_permissions(),
        Some(&["User.Read", "User.ReadWrite"][..])
    );
    let words = "a user with a work or school account needs User.Read or User.ReadWrite, and the token has \
                 Mail.Read, openid";
    assert!(error.to_string().contains(words), "{error}");

    let token = StaticToken::new(jwt(r#"{"scp":"User.ReadWrite"}"#)).unwrap();
    let error = refused(token).await;
    let words =
        "the token has User.ReadWrite, which suffices by the declaration, so the reason is another";
    assert!(error.to_string().contains(words), "{error}");

    let token = StaticToken::new(jwt("{}")).unwrap();
    let error = refused(token).await;
    assert_eq!(error.granted_permissions(), Some(&[][..]));
    let words = "needs User.Read.All, and the token has no permission";
    assert!(error.to_string().contains(words), "{error}");

    // A token is opaque by its contract; what cannot be read is not guessed.
    for token in ["canary", "a.canary.c", "a.e30", &jwt("canary"), &jwt("[]")] {
        let error = refused(StaticToken::new(token).unwrap().caller(Caller::Application)).await;
        assert_eq!(error.needed_permissions(), Some(&["User.Read.All"][..]));
        assert_eq!(
            error.granted_permissions().map(<[String]>::len),
            (token == "a.e30").then_some(0)
        );
    }
    let error = refused(StaticToken::new("canary").unwrap()).await;
    assert_eq!(error.needed_permissions(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_another_page_names_them_too() {
    let case = Case::new(|number, request| match number {
        0 => {
            let host = host(request);
            let body = format!(r#"{{"value":[],"@odata.nextLink":"http://{host}/v1.0/more"}}"#);
            say("200 OK", &[], &body)
        }
        _ => say("403 Forbidden", &[], ""),
    })
    .await;
    let token = StaticToken::new(jwt(r#"{"roles":[]}"#)).unwrap();
    let graph = Client::builder(token)
        .root(case.server.root())
        .build()
        .unwrap();
    let mut page = List.request().send(&graph).await.unwrap();
    let error = page.next_page().await.unwrap_err();
    assert_eq!(error.needed_permissions(), Some(&["User.Read.All"][..]));
}
