//! What can be said of one call, and not of its action?

use std::time::Duration;

use graph_action::{ApiVersion, ErrorKind, Nullable, graph_action};
use graph_action_tests::{RawServer, Recorder, answer};
use proptest::prelude::*;
use serde::Serialize;

#[graph_action(get = "/users", scope = "User.Read.All")]
struct List;

#[tokio::test]
async fn query_options_are_appended_and_encoded() {
    let request = List
        .request()
        .select(["id", "displayName"])
        .expand("manager($select=id)")
        .filter("displayName eq 'A & B' or mail ne null")
        .order_by("displayName desc")
        .search("\"displayName:Adele\"")
        .top(5)
        .skip(10)
        .count()
        .query("$skiptoken", "a+b=")
        .query("absent", None::<&str>);
    assert_eq!(
        request.path().unwrap(),
        "/users?$select=id,displayName&$expand=manager($select=id)\
         &$filter=displayName%20eq%20'A%20%26%20B'%20or%20mail%20ne%20null\
         &$orderby=displayName%20desc&$search=%22displayName:Adele%22&$top=5&$skip=10&$count=true\
         &$skiptoken=a%2Bb="
    );

    #[graph_action(get = "/users?$top=<top>", scope = "User.Read.All")]
    struct Paged;
    assert_eq!(
        Paged.request(1).skip(2).path().unwrap(),
        "/users?$top=1&$skip=2"
    );
    assert!(Paged.request(1).top(2).path().is_err());
    assert_eq!(
        Paged.request(1).query("a=b&c", "d").path().unwrap(),
        "/users?$top=1&a%3Db%26c=d"
    );
}

#[tokio::test]
async fn headers_are_sent_as_they_are_said() {
    let recorder = Recorder::default();
    let request = List
        .request()
        .header("Workbook-Session-Id", "session {1}")
        .header("Absent", None::<&str>)
        .prefer("outlook.timezone=\"UTC\"")
        .prefer("respond-async")
        .consistency_level("eventual")
        .if_match("W/\"1\"");
    request.send(&recorder.client()).await.unwrap();
    let requests = recorder.requests();
    let headers = requests[0].headers();
    assert_eq!(headers["workbook-session-id"], "session {1}");
    assert_eq!(headers["consistencylevel"], "eventual");
    assert_eq!(headers["if-match"], "W/\"1\"");
    let preferences: Vec<_> = headers.get_all("prefer").iter().collect();
    assert_eq!(preferences, ["outlook.timezone=\"UTC\"", "respond-async"]);
    assert!(!headers.contains_key("absent"));
}

#[tokio::test]
async fn what_would_change_the_request_otherwise_is_refused() {
    let recorder = Recorder::default();
    let graph = recorder.client();
    for request in [
        List.request().header("X", "a\r\nb"),
        List.request().header("X\r\n", "a"),
        List.request().header("", "a"),
        List.request().prefer("a\nb"),
        List.request().header("Authorization", "Bearer mine"),
        List.request().header("host", "evil.example"),
        List.request().header("Content-Length", "3"),
        List.request().header("Transfer-Encoding", "chunked"),
        List.request().query("", "b"),
        List.request().top(1).top(2),
        List.request().query("a", "b\r"),
    ] {
        let error = request.send(&graph).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
    }
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn a_field_can_be_a_header() {
    #[graph_action(patch = "/plans/<id>", scope = "Tasks.ReadWrite")]
    struct Update<'a> {
        #[graph(header = "If-Match")]
        etag: &'a str,
        #[graph(header = "Prefer")]
        preference: Option<&'a str>,
        title: &'a str,
    }

    let recorder = Recorder::default();
    let update = Update {
        etag: "W/\"1\"",
        preference: None,
        title: "t",
    };
    update.request(1).send(&recorder.client()).await.unwrap();
    let update = Update {
        etag: "*",
        preference: Some("return=representation"),
        title: "t",
    };
    update
        .request(1)
        .header("If-Match", "W/\"2\"")
        .send(&recorder.client())
        .await
        .unwrap();
    let requests = recorder.requests();
    assert_eq!(requests[0].headers()["if-match"], "W/\"1\"");
    assert!(!requests[0].headers().contains_key("prefer"));
    assert_eq!(requests[0].body().as_ref(), br#"{"title":"t"}"#);
    let unconditional = Update {
        etag: "*",
        preference: None,
        title: "t",
    };
    let request = unconditional.request(1).header("If-Match", None::<&str>);
    assert!(!request.headers().unwrap().contains_key("if-match"));
    assert_eq!(requests[1].headers()["if-match"], "W/\"2\"");
    assert_eq!(requests[1].headers()["prefer"], "return=representation");
}

#[tokio::test]
async fn a_field_can_be_the_whole_body() {
    #[graph_action(
        post = "/groups/<id>/members/$ref",
        scope = "GroupMember.ReadWrite.All"
    )]
    struct AddMember {
        #[graph(body)]
        member: Reference,
    }
    #[derive(Serialize)]
    struct Reference {
        #[serde(rename = "@odata.id")]
        id: String,
    }
    #[graph_action(post = "/me/sendMail", delegated = "Mail.Send", application = [])]
    struct SendMime {
        #[graph(body = "text/plain")]
        mime: String,
    }
    #[graph_action(put = "/me/photo/$value", delegated = "User.ReadWrite", application = [])]
    struct Photo<'a> {
        #[graph(body = "image/jpeg")]
        bytes: &'a [u8],
    }

    let recorder = Recorder::default();
    let graph = recorder.client();
    let member = Reference {
        id: "https://graph.microsoft.com/v1.0/users/1".to_owned(),
    };
    AddMember { member }.request(1).send(&graph).await.unwrap();
    SendMime {
        mime: "RnJvbQ==".to_owned(),
    }
    .request()
    .send(&graph)
    .await
    .unwrap();
    Photo { bytes: &[0, 255] }
        .request()
        .send(&graph)
        .await
        .unwrap();
    let requests = recorder.requests();
    let sent = |index: usize| {
        let request = &requests[index];
        (
            request.headers()["content-type"].to_str().unwrap(),
            request.body().to_vec(),
        )
    };
    assert_eq!(
        sent(0),
        (
            "application/json",
            br#"{"@odata.id":"https://graph.microsoft.com/v1.0/users/1"}"#.to_vec()
        )
    );
    assert_eq!(sent(1), ("text/plain", b"RnJvbQ==".to_vec()));
    assert_eq!(sent(2), ("image/jpeg", vec![0, 255]));
}

#[test]
fn a_property_can_be_absent_null_or_a_value() {
    #[graph_action(patch = "/users/<id>", scope = "User.ReadWrite.All")]
    #[derive(Default, serde::Deserialize, Debug, PartialEq)]
    #[serde(default)]
    struct Update {
        absent: Nullable<i32>,
        null: Nullable<i32>,
        value: Nullable<i32>,
        #[serde(rename = "@odata.type")]
        odata_type: Option<&'static str>,
        #[serde(rename = "manager@odata.bind")]
        manager: Nullable<String>,
    }

    let update = Update {
        null: Nullable::Null,
        value: 5.into(),
        ..Update::default()
    };
    let body = update.request(1).body().unwrap().to_vec();
    assert_eq!(body, br#"{"null":null,"value":5}"#);
}

#[tokio::test]
async fn a_call_can_go_to_the_other_version() {
    let recorder = Recorder::default();
    List.request()
        .api_version(ApiVersion::Beta)
        .send(&recorder.client())
        .await
        .unwrap();
    assert_eq!(recorder.requests()[0].uri().path(), "/beta/users");
    // An error names the version that was called.
    let server = RawServer::answering(answer("404 Not Found", &[], ""));
    let request = List.request().api_version(ApiVersion::Beta);
    let error = request.send(&server.client()).await.unwrap_err();
    assert!(
        error.to_string().starts_with("GET /users (beta): "),
        "{error}"
    );
}

#[tokio::test]
async fn a_call_ends_when_its_time_is_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    let token = graph_action::credential::StaticToken::new("canary").unwrap();
    let graph = graph_action::Client::builder(token)
        .root(root)
        .build()
        .unwrap();
    // The server takes the connection and says nothing.
    let request = List.request().timeout(Duration::from_millis(1));
    let error = request.send(&graph).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(
        error.to_string().contains("no answer came in time"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_value_of_a_header_is_sent_as_it_is_or_refused(value in any::<String>()) {
        let request = List.request().header("X", value.as_str());
        let is_sendable = !value.chars().any(char::is_control);
        match request.headers() {
            Some(headers) => {
                prop_assert!(is_sendable);
                prop_assert_eq!(headers["x"].as_bytes(), value.as_bytes());
                // Beside it only `Accept`.
                prop_assert_eq!(headers.len(), 2);
            }
            None => prop_assert!(!is_sendable),
        }
    }
}

proptest! {
    #[test]
    fn any_pair_of_a_query_comes_back(name in "[^\\p{Cc}$]{1,9}", value in any::<String>()) {
        let request = List.request().top(1).query(&name, value.as_str());
        let is_sendable = !value.chars().any(char::is_control);
        let Ok(line) = request.path() else {
            prop_assert!(!is_sendable);
            return Ok(());
        };
        let url = url::Url::parse(&format!("https://graph.microsoft.com{line}")).unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("$top".to_owned(), "1".to_owned()), (name, value)]);
        prop_assert_eq!((url.path(), url.fragment()), ("/users", None));
    }
}
