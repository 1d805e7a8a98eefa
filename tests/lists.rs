//! Does a list come whole, page after page, and from nowhere else than it should?

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{Stream, TryStreamExt as _};
use graph_action::credential::StaticToken;
use graph_action::{ApiVersion, Caller, Client, Collection, Error, ErrorKind, Value, graph_action};
use graph_action_tests::{RawServer, answer};
use serde::Deserialize;

#[graph_action(get = "/users", scope = "User.Read.All", returns = Collection<User>)]
struct List;

#[derive(Debug, PartialEq, Deserialize)]
struct User {
    id: u32,
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// A server of three pages, the last with a delta link; `{root}` stands for its address.
fn pages() -> RawServer {
    paged(|path| match path {
        "/v1.0/users?$count=true" => {
            r#"{"@odata.count":4,"@odata.nextLink":"{root}/v1.0/users?$skiptoken=2","value":[{"id":1},{"id":2}]}"#
        }
        "/v1.0/users?$skiptoken=2" => {
            r#"{"@odata.nextLink":"{root}/v1.0/users?$skiptoken=3","value":[]}"#
        }
        "/v1.0/users?$skiptoken=3" => {
            r#"{"@odata.deltaLink":"{root}/v1.0/users?$deltatoken=4","value":[{"id":3},{"id":4}]}"#
        }
        _ => r#"{"value":[{"id":5}]}"#,
    })
}

fn paged(page: impl Fn(&str) -> &'static str + Send + 'static) -> RawServer {
    RawServer::start(move |request| {
        let path = request.split(' ').nth(1).unwrap();
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        answer(
            "200 OK",
            JSON,
            &page(path).replace("{root}", &format!("http://{host}")),
        )
    })
}

async fn all<T>(items: impl Stream<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    items.try_collect().await
}

#[tokio::test]
async fn items_come_from_every_page() {
    let server = pages();
    let request = List.request().count().consistency_level("eventual");
    let first = request.send(&server.client()).await.unwrap();
    assert_eq!(first.count(), Some(4));
    let ids: Vec<u32> = all(first.into_items())
        .await
        .unwrap()
        .iter()
        .map(|user| user.id)
        .collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    // What the first call needs, Graph asks of every page.
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert!(request.contains("\r\nconsistencylevel: eventual\r\n"));
        assert!(request.contains("\r\nauthorization: Bearer canary-token\r\n"));
        assert!(request.contains("\r\naccept: application/json\r\n"));
    }
}

#[tokio::test]
async fn pages_come_one_by_one() {
    let server = pages();
    let mut page = List.request().count().send(&server.client()).await.unwrap();
    let mut sizes = vec![page.value.len()];
    while page.next_page().await.unwrap() {
        sizes.push(page.value.len());
    }
    assert_eq!(sizes, [2, 0, 2]);
    assert!(page.delta_link().unwrap().ends_with("$deltatoken=4"));
    assert!(!page.next_page().await.unwrap());

    let first = List.request().count().send(&server.client()).await.unwrap();
    let pages = all(first.into_pages()).await.unwrap();
    let sizes: Vec<usize> = pages.iter().map(|page| page.value.len()).collect();
    assert_eq!(sizes, [2, 0, 2]);
    assert!(pages[2].delta_link().unwrap().ends_with("$deltatoken=4"));
}

#[tokio::test]
async fn a_kept_link_is_resumed_from() {
    let server = pages();
    let graph = server.client();
    let first = List.request().count().send(&graph).await.unwrap();
    let link = first.next_link().unwrap();
    let rest = List.request().follow(&graph, link).await.unwrap();
    assert_eq!(all(rest.into_items()).await.unwrap().len(), 2);
    let link = format!("{}/v1.0/users?$deltatoken=4", server.root());
    let request = List.request().consistency_level("eventual").if_match("W/1");
    let changed = request.follow(&graph, &link).await.unwrap();
    assert_eq!(changed.value, [User { id: 5 }]);
    let requests = server.requests();
    let last = requests.last().unwrap();
    assert!(last.contains("\r\nconsistencylevel: eventual\r\n"));
    // That is said of one resource.
    assert!(!last.contains("if-match"));
}

#[tokio::test]
async fn a_link_is_not_followed_for_a_caller_that_is_not_supported() {
    #[graph_action(
        get = "/me/messages",
        delegated = "Mail.Read",
        application = [],
        returns = Collection<User>
    )]
    struct Messages;

    let server = pages();
    let token = StaticToken::new("canary")
        .unwrap()
        .caller(Caller::Application);
    let graph = Client::builder(token).root(server.root()).build().unwrap();
    let link = format!("{}/v1.0/me/messages?$skiptoken=2", server.root());
    let followed = Messages.request().follow(&graph, &link).await.unwrap_err();
    let in_beta = Messages.request().api_version(ApiVersion::Beta);
    let sent = in_beta.send(&graph).await.unwrap_err();
    for (error, call) in [(followed, "(v1.0)"), (sent, "(beta)")] {
        assert_eq!(error.kind(), ErrorKind::Caller);
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("GET /me/messages {call}: ")),
            "{said}"
        );
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_link_to_elsewhere_is_not_followed() {
    let elsewhere = RawServer::answering(answer("200 OK", JSON, r#"{"value":[]}"#));
    let server = pages();
    let graph = server.client();
    let host = server.root().trim_start_matches("http://");
    for link in [
        format!("{}/v1.0/users", elsewhere.root()),
        format!(
            "http://{host}@{}/v1.0/users",
            elsewhere.root().trim_start_matches("http://")
        ),
        format!("http://user@{host}/v1.0/users"),
        format!("https://{host}/v1.0/users"),
        "https://graph.microsoft.com.evil.example/v1.0/users".to_owned(),
        "http://graph.microsoft.com/v1.0/users".to_owned(),
        "/v1.0/users".to_owned(),
        String::new(),
    ] {
        let error = List.request().follow(&graph, &link).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer, "{link}");
    }
    assert!(server.requests().is_empty() && elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_circle_of_pages_ends() {
    let server = paged(|path| match path {
        "/v1.0/users?$skiptoken=2" => {
            r#"{"@odata.nextLink":"{root}/v1.0/users?$skiptoken=3","value":[{"id":2}]}"#
        }
        _ => r#"{"@odata.nextLink":"{root}/v1.0/users?$skiptoken=2","value":[{"id":1}]}"#,
    });
    let first = List.request().send(&server.client()).await.unwrap();
    let mut items = pin!(first.into_items());
    for id in [1, 2, 1] {
        assert_eq!(items.try_next().await.unwrap(), Some(User { id }));
    }
    let error = items.try_next().await.unwrap_err();
    assert!(error.to_string().contains("leads back"), "{error}");
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_misfit_is_told_by_its_place() {
    for (body, place) in [
        (r#"{"value":[{"id":1},null]}"#, "`value[1]`"),
        (r#"{"value":[{"id":1},{"id":"canary"}]}"#, "`value[1].id`"),
        (r#"{"value":{}}"#, "`value`"),
        (r#"{"value":[{"id":[1]}]}"#, "`value[0].id`"),
        (r#"{"value":[{"id":{"id":1}}]}"#, "`value[0].id`"),
        (r#"{"value":[{"id":-1},{"id":2}]}"#, "`value[0].id`"),
        (r#"{"value":[{"id":1.5}]}"#, "`value[0].id`"),
        (r#"{"value":[{"id":true}]}"#, "`value[0].id`"),
        (r#"{"value":[{"id":1},{}]}"#, "`value[1]`"),
        (
            r#"{"value":[{"id":1},{"name":"x"}],"@odata.count":1}"#,
            "`value[1]`",
        ),
        (
            "{\n\"value\": [\n{\"id\": 1},\n{\"id\": \"x\"}\n]}",
            "`value[1].id`",
        ),
        (r#"{"value":[1"#, "`value[0]`"),
        (r#"{"value":[{"id":1}"#, "`value`"),
        (r#"{"value":[{"id":1}]} x"#, "`.`"),
        (r#"{"id":1}"#, "`.`"),
        ("1", "`.`"),
    ] {
        let server = RawServer::answering(answer("200 OK", &[("request-id", "theirs")], body));
        let error = List.request().send(&server.client()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Answer);
        assert_eq!(error.request_id(), Some("theirs"));
        assert!(error.to_string().contains(place), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

/// An error of the type itself has no line where it is of the whole answer; where it is of an item, `serde_json` has read
/// on to the end of the list before it says so.
#[tokio::test]
async fn a_misfit_that_the_type_finds_is_told_by_its_place() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Color;

    impl TryFrom<String> for Color {
        type Error = &'static str;

        fn try_from(_: String) -> Result<Self, Self::Error> {
            Err("no color")
        }
    }

    #[graph_action(get = "/me/color", scope = "User.Read", returns = Color)]
    struct Whole;
    #[graph_action(get = "/me/colors", scope = "User.Read", returns = Value<Vec<Color>>)]
    struct Many;

    let server = RawServer::answering(answer("200 OK", JSON, r#""canary""#));
    let error = Whole.request().send(&server.client()).await.unwrap_err();
    assert!(error.to_string().contains("`.`"), "{error}");
    let server = RawServer::answering(answer("200 OK", JSON, r#"{"value":["canary"]}"#));
    let error = Many.request().send(&server.client()).await.unwrap_err();
    assert!(error.to_string().contains("`value`"), "{error}");
}

#[tokio::test]
async fn a_page_that_did_not_come_can_be_asked_for_again() {
    let count = AtomicUsize::new(0);
    let server = RawServer::start(move |request| {
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        let next =
            format!(r#"{{"@odata.nextLink":"http://{host}/v1.0/users?$skiptoken=2","value":[]}}"#);
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => answer("200 OK", JSON, &next),
            1 => answer("503 Service Unavailable", &[], ""),
            _ => answer("200 OK", JSON, r#"{"value":[{"id":2}]}"#),
        }
    });
    let mut page = List.request().send(&server.client()).await.unwrap();
    assert_eq!(page.next_page().await.unwrap_err().status().unwrap(), 503);
    // Nor is it lost when nobody waits for it any more.
    drop(page.next_page());
    assert!(page.next_link().is_some());
    assert!(page.next_page().await.unwrap());
    assert_eq!(page.value, [User { id: 2 }]);
    assert!(!page.next_page().await.unwrap());
}

#[tokio::test]
async fn an_error_on_a_later_page_ends_the_items() {
    let server = RawServer::start(|request| {
        if request.contains("skiptoken") {
            return answer("503 Service Unavailable", &[], "");
        }
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        let body = format!(
            r#"{{"@odata.nextLink":"http://{host}/v1.0/users?$skiptoken=2","value":[{{"id":1}}]}}"#
        );
        answer("200 OK", JSON, &body)
    });
    let first = List.request().send(&server.client()).await.unwrap();
    let mut items = pin!(first.into_items());
    assert!(items.try_next().await.unwrap().is_some());
    assert_eq!(items.try_next().await.unwrap_err().status().unwrap(), 503);
    assert_eq!(items.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn a_primitive_is_taken_out_of_its_value() {
    #[graph_action(post = "/me/checkMemberGroups", scope = "User.Read.All", returns = Value<Vec<String>>)]
    struct Check {
        group_ids: Vec<String>,
    }
    #[graph_action(get = "/me/items/$count", scope = "User.Read.All", returns = i32)]
    struct Count;

    let server = RawServer::answering(answer(
        "200 OK",
        JSON,
        r#"{"@odata.context":"x","value":["a","b"]}"#,
    ));
    let check = Check {
        group_ids: vec!["a".to_owned()],
    };
    assert_eq!(
        check.request().send(&server.client()).await.unwrap().value,
        ["a", "b"]
    );
    // With a byte order mark, as some services send it.
    let server = RawServer::answering(answer(
        "200 OK",
        &[("content-type", "text/plain")],
        "\u{feff}42",
    ));
    assert_eq!(Count.request().send(&server.client()).await.unwrap(), 42);
}
