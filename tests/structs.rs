//! Which structs can be actions, and what does each of them send?

use std::borrow::Cow;

use graph_action::{ErrorKind, Nullable, Request, graph_action};
use graph_action_tests::{RawServer, answer};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

/// Sends a request to a server that answers 204, and gives the request line and the body it got.
async fn sent<A: graph_action::Action<Response = ()>>(request: Request<A>) -> (String, String) {
    let server = RawServer::answering(answer("204 No Content", &[], ""));
    request.send(&server.client()).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
    let has_type = head.contains("\r\ncontent-type: application/json");
    assert_eq!(has_type, !body.is_empty(), "{head}");
    (line.to_owned(), body.to_owned())
}

#[tokio::test]
async fn a_unit_struct_sends_no_body() {
    #[graph_action(post = "/me/revokeSignInSessions", scope = "User.RevokeSessions.All")]
    struct RevokeSessions;

    let (line, body) = sent(RevokeSessions.request()).await;
    assert_eq!(line, "POST /v1.0/me/revokeSignInSessions");
    assert_eq!(body, "");
}

#[tokio::test]
async fn a_post_without_a_body_says_so() {
    #[graph_action(post = "/me/revokeSignInSessions", scope = "User.RevokeSessions.All")]
    struct RevokeSessions;

    let server = RawServer::answering(answer("200 OK", &[], ""));
    RevokeSessions
        .request()
        .send(&server.client())
        .await
        .unwrap();
    // Without it the front ends of Graph answer 411 Length Required.
    assert!(server.requests()[0].contains("\r\ncontent-length: 0\r\n"));
}

#[tokio::test]
async fn an_empty_struct_sends_an_empty_object() {
    #[graph_action(post = "/me/calendar/refresh", scope = "Calendars.ReadWrite")]
    struct Refresh {}

    assert_eq!(sent(Refresh {}.request()).await.1, "{}");
}

#[tokio::test]
async fn a_struct_of_placeholders_sends_no_body() {
    #[graph_action(
        post = "/teams/<team_id>/archive",
        scope = "TeamSettings.ReadWrite.All"
    )]
    struct Archive {
        team_id: u32,
    }

    let (line, body) = sent(Archive { team_id: 7 }.request()).await;
    assert_eq!(
        (line.as_str(), body.as_str()),
        ("POST /v1.0/teams/7/archive", "")
    );
}

#[tokio::test]
async fn every_method_is_sent() {
    #[graph_action(get = "/users/<id>", scope = "User.Read.All")]
    struct Get;
    #[graph_action(put = "/users/<id>", scope = "User.ReadWrite.All", version = "v1.0")]
    struct Put {
        name: String,
    }
    #[graph_action(patch = "/users/<id>", scope = "User.ReadWrite.All", version = "beta")]
    struct Patch {
        name: String,
    }
    #[graph_action(delete = "/users/<id>", scope = "User.ReadWrite.All")]
    struct Delete;

    let body = r#"{"name":"a"}"#;
    let name = || "a".to_owned();
    let of = |(line, body): (String, String)| format!("{line} {body}");
    assert_eq!(of(sent(Get.request(1)).await), "GET /v1.0/users/1 ");
    assert_eq!(
        of(sent(Put { name: name() }.request(1)).await),
        format!("PUT /v1.0/users/1 {body}")
    );
    assert_eq!(
        of(sent(Patch { name: name() }.request(1)).await),
        format!("PATCH /beta/users/1 {body}")
    );
    assert_eq!(of(sent(Delete.request(1)).await), "DELETE /v1.0/users/1 ");
}

#[tokio::test]
async fn placeholders_are_fields_or_arguments_in_the_order_of_the_line() {
    #[graph_action(
        post = "/sites/<site>/lists/<list>/items/<r_item>/versions/<version>/restoreVersion",
        scope = "Sites.ReadWrite.All"
    )]
    struct Restore<'a> {
        list: &'a str,
        comment: &'a str,
        version: &'static str,
    }

    let restore = Restore {
        list: "tasks",
        comment: "oops",
        version: "2.0",
    };
    let (line, body) = sent(restore.request("root", 17)).await;
    assert_eq!(
        line,
        "POST /v1.0/sites/root/lists/tasks/items/17/versions/2.0/restoreVersion"
    );
    assert_eq!(body, r#"{"comment":"oops"}"#);
}

#[tokio::test]
async fn properties_are_spelled_as_the_service_spells_them() {
    #[graph_action(post = "/deviceManagement/x/<type>", scope = "Device.Read.All")]
    struct Everything {
        r#type: &'static str,
        r#ref: i32,
        sha256_file_hash: &'static str,
        #[serde(rename = "SaveToSentItems")]
        save_to_sent_items: bool,
        absent: Option<i32>,
        present: Option<i32>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        empty: Vec<i32>,
        #[serde(default)]
        nothing: std::option::Option<()>,
    }

    let everything = Everything {
        r#type: "segment",
        r#ref: 1,
        sha256_file_hash: "00",
        save_to_sent_items: true,
        absent: None,
        present: Some(2),
        empty: Vec::new(),
        nothing: None,
    };
    let (line, body) = sent(everything.request()).await;
    assert_eq!(line, "POST /v1.0/deviceManagement/x/segment");
    assert_eq!(
        body,
        r#"{"ref":1,"sha256FileHash":"00","SaveToSentItems":true,"present":2}"#
    );
}

#[test]
fn a_plain_struct_is_serialized_as_serde_would() {
    // The first is written by the macro, the second by serde's derive.
    macro_rules! twins {
        ({ $($field:ident: $type:ty = $value:expr,)* }) => {{
            #[graph_action(post = "/x", scope = "Device.Read.All")]
            #[derive(Debug, Clone)]
            #[allow(non_snake_case)]
            struct Written<'a> {
                $($field: $type,)*
                /// Left out.
                absent: Option<&'a str>,
                also: Nullable<&'a str>,
            }
            #[derive(Serialize)]
            #[serde(rename_all = "camelCase")]
            #[allow(non_snake_case)]
            struct Derived<'a> {
                $($field: $type,)*
                #[serde(skip_serializing_if = "Option::is_none")]
                absent: Option<&'a str>,
                #[serde(skip_serializing_if = "Nullable::is_absent")]
                also: Nullable<&'a str>,
            }
            for (absent, also) in [
                (None, Nullable::Absent),
                (Some("a"), Nullable::Null),
                (None, Nullable::Value("b")),
            ] {
                let written = Written { $($field: $value,)* absent, also };
                let derived = Derived { $($field: $value,)* absent, also };
                let body = serde_json::to_string(&derived).unwrap();
                assert_eq!(serde_json::to_string(&written).unwrap(), body);
                assert_eq!(written.request().body(), Some(body.as_bytes()));
                let value = serde_json::to_value(&derived).unwrap();
                assert_eq!(serde_json::to_value(written.clone()).unwrap(), value);
            }
        }};
    }

    #[graph_action(get = "/me", scope = "User.Read")]
    struct Unit;
    assert_eq!(serde_json::to_string(&Unit).unwrap(), "null");

    twins!({});
    twins!({ one: i32 = 1, });
    twins!({
        r#type: u8 = 1,
        _private: u8 = 2,
        trailing_: u8 = 3,
        two__lines: u8 = 4,
        sha256_hash: u8 = 5,
        a_1: u8 = 6,
        camelCase: u8 = 7,
        PascalCase: u8 = 8,
        URL: u8 = 9,
        straße_ähnlich: u8 = 10,
    });
    twins!({
        text: &'static str = "\u{1}\"",
        list: Vec<Option<f64>> = vec![None, Some(1.5)],
        nested: Option<Option<bool>> = Some(None),
        map: std::collections::BTreeMap<u8, ()> = [(1, ())].into(),
        array: [(); 2] = [(), ()],
    });
}

#[test]
fn the_first_property_that_cannot_be_written_is_the_error() {
    struct Refusal(&'static str);
    impl Serialize for Refusal {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom(self.0))
        }
    }

    #[graph_action(post = "/x", scope = "Device.Read.All")]
    struct Refused {
        before: u8,
        first: Refusal,
        second: Option<Refusal>,
    }

    let refused = Refused {
        before: 1,
        first: Refusal("the first"),
        second: Some(Refusal("the second")),
    };
    let request = refused.request();
    let error = request.path().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    let source = std::error::Error::source(error).unwrap();
    assert_eq!(source.to_string(), "the first");
    assert_eq!(request.body(), None);
}

#[tokio::test]
async fn generic_structs_keep_their_bounds() {
    #[graph_action(post = "/me/<id>/set", scope = "User.ReadWrite")]
    #[derive(Clone)]
    struct Set<'a, T: Clone, const N: usize = 2>
    where
        T: PartialEq,
    {
        id: Cow<'a, str>,
        value: T,
        #[serde(skip)]
        others: [T; N],
    }

    impl<T: Clone + PartialEq, const N: usize> Set<'_, T, N> {
        fn is_first(&self) -> bool {
            self.others[0] == self.value
        }
    }

    let set = Set {
        id: "a b".into(),
        value: vec![1, 2],
        others: [vec![1, 2], vec![]],
    };
    assert!(set.is_first());
    let (line, body) = sent(set.clone().request()).await;
    assert_eq!(
        (line.as_str(), body.as_str()),
        ("POST /v1.0/me/a%20b/set", r#"{"value":[1,2]}"#)
    );
}

#[tokio::test]
async fn a_request_outlives_what_the_struct_borrows() {
    #[graph_action(post = "/me/<id>/note", scope = "User.ReadWrite")]
    struct Note<'a> {
        text: &'a str,
    }

    let request = {
        let text = String::from("borrowed");
        Note { text: &text }.request(text.len())
    };
    // A task owns all that it works on.
    let task = tokio::spawn(sent(request));
    assert_eq!(
        task.await.unwrap(),
        (
            "POST /v1.0/me/8/note".to_owned(),
            r#"{"text":"borrowed"}"#.to_owned()
        )
    );
}

#[tokio::test]
async fn derives_and_serde_attributes_of_the_user_hold() {
    #[graph_action(post = "/me/<id>/set", scope = "User.ReadWrite")]
    #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
    #[serde(default)]
    struct Above {
        id: String,
        some_name: Option<String>,
        #[serde(flatten)]
        rest: Nested,
    }
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    struct Nested {
        deep: i32,
    }

    // The names of the service hold in both directions.
    let text = json!({ "id": "1", "someName": "n", "deep": 2 });
    let above: Above = serde_json::from_value(text).unwrap();
    assert_eq!(above.some_name.as_deref(), Some("n"));
    assert_eq!(
        serde_json::to_value(&above).unwrap(),
        json!({ "someName": "n", "deep": 2 })
    );
    let above = Above {
        id: "1".into(),
        some_name: None,
        rest: Nested { deep: 3 },
    };
    assert_eq!(sent(above.request()).await.1, r#"{"deep":3}"#);
}

mod elsewhere {
    use graph_action::graph_action;

    /// Visible to the crate.
    #[graph_action(get = "/users/<id>", scope = "User.Read.All")]
    pub(crate) struct Visible;

    /// Visible to the parent.
    #[graph_action(get = "/users/<id>", scope = "User.Read.All")]
    pub(super) struct ToParent {
        pub(super) id: u8,
    }
}

#[tokio::test]
async fn a_method_is_as_visible_as_its_struct() {
    assert_eq!(
        sent(elsewhere::Visible.request(1)).await.0,
        "GET /v1.0/users/1"
    );
    assert_eq!(
        sent(elsewhere::ToParent { id: 2 }.request()).await.0,
        "GET /v1.0/users/2"
    );
}

#[graph_action(get = "/users/<id>", scope = "User.Read.All")]
#[cfg(not(test))]
struct Absent {
    field: ThisTypeDoesNotExist,
}

#[cfg(test)]
#[graph_action(post = "/users/<id>", scope = "User.Read.All")]
#[cfg(test)]
struct Present {
    #[cfg(not(test))]
    absent: ThisTypeDoesNotExist,
    #[cfg(test)]
    present: i32,
}

#[tokio::test]
async fn a_struct_is_compiled_where_its_cfg_holds() {
    assert_eq!(
        sent(Present { present: 1 }.request(1)).await.1,
        r#"{"present":1}"#
    );
}

macro_rules! declare {
    ($name:ident, $line:literal, $scope:literal, $field:ident: $type:ty, $returns:ty) => {
        #[graph_action(post = $line, scope = $scope, returns = $returns)]
        struct $name {
            $field: $type,
            inside: u8,
        }
    };
}

#[tokio::test]
async fn a_macro_can_declare() {
    declare!(Declared, "/users/<id>/x", "User.Read.All", some_name: Option<Box<str>>, ());
    let declared = Declared {
        some_name: Some("a".into()),
        inside: 1,
    };
    let (line, body) = sent(declared.request(5)).await;
    assert_eq!(line, "POST /v1.0/users/5/x");
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        json!({ "someName": "a", "inside": 1 })
    );
}

#[tokio::test]
async fn an_action_can_be_sent_again() {
    #[graph_action(get = "/users/<id>", scope = "User.Read.All")]
    struct Get;

    let get = Get;
    assert_eq!(sent(get.request("a")).await.0, "GET /v1.0/users/a");
    assert_eq!(
        sent(get.request(String::from("b"))).await.0,
        "GET /v1.0/users/b"
    );
}

#[tokio::test]
async fn what_only_looks_like_a_mistake_is_none() {
    mod own {
        #[derive(serde::Deserialize)]
        pub(super) struct Vec<T> {
            _first: T,
        }
    }

    #[graph_action(post = "/sites/<site>/pages/<page_1>", scope = "Sites.Manage.All")]
    #[derive(Deserialize)]
    #[serde(rename_all(deserialize = "kebab-case"))]
    struct Sized {
        #[cfg_attr(all(), allow(dead_code), doc = "with `skip`, and so on")]
        full_size: u32,
        page_2: u32,
    }

    #[graph_action(get = "/oidc/userinfo", delegated = "openid", application = [], returns = own::Vec<u32>)]
    struct UserInfo;

    #[graph_action(get = "/users?id=<a>&id=<b>", scope = "User.ReadBasic.All", returns = Option<Value>)]
    struct Twice;

    #[graph_action(get = "/users/$count", scope = "User.Read.All", returns = u64)]
    struct Count;

    #[graph_action(get = "/users/<type>", scope = "User.Read.All", returns = std::collections::HashMap<String, Value>)]
    struct Keyword;

    let sized: Sized = serde_json::from_value(json!({ "full-size": 1, "page-2": 2 })).unwrap();
    let (line, body) = sent(sized.request("a", 1)).await;
    assert_eq!(line, "POST /v1.0/sites/a/pages/1");
    assert_eq!(body, r#"{"fullSize":1,"page2":2}"#);
    assert_eq!(UserInfo.request().path().unwrap(), "/oidc/userinfo");
    assert_eq!(Twice.request(1, 2).path().unwrap(), "/users?id=1&id=2");
    assert_eq!(Count.request().path().unwrap(), "/users/$count");
    assert_eq!(Keyword.request("a").path().unwrap(), "/users/a");
}
