//! Does a value in a path stay what it is, and within its segment?

use graph_action::{Error, ErrorKind, PathValue, graph_action};
use graph_action_tests::Recorder;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use url::Url;
use uuid::Uuid;

#[graph_action(get = "/users/<id>/messages", scope = "Mail.Read")]
struct Get;

/// The path that goes out, without the version. Where a value is refused, nothing does.
fn path_of(value: impl PathValue) -> Result<String, Error> {
    let recorder = Recorder::default();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let sent = runtime.block_on(Get.request(value).send(&recorder.client()));
    let requests = recorder.requests();
    if let Err(error) = sent {
        assert!(requests.is_empty());
        return Err(error);
    }
    let path = requests[0].uri().path_and_query().unwrap().as_str();
    Ok(path.strip_prefix("/v1.0").unwrap().to_owned())
}

#[test]
fn values_that_are_no_segment_are_refused() {
    for value in ["", ".", "..", "a\r\nb", "\t", "a\0", "\u{7f}", "a\u{85}"] {
        let error = path_of(value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{value:?}");
        let said = error.to_string();
        let begins = "GET /users/<id>/messages (v1.0): the value of `id` cannot be sent: ";
        assert!(said.starts_with(begins), "{said}");
    }
}

#[test]
fn values_are_encoded_no_more_than_they_need() {
    for (value, segment) in [
        ("19:abc@thread.tacv2", "19:abc@thread.tacv2"),
        ("AAMkAD=", "AAMkAD="),
        ("a,b;c+d!e$f&g'h(i)*", "a,b;c+d!e$f&g'h(i)*"),
        ("a-b._~", "a-b._~"),
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("100% %2F", "100%25%20%252F"),
        ("a\\b", "a%5Cb"),
        ("<x>\"{y}|^`[z]", "%3Cx%3E%22%7By%7D%7C%5E%60%5Bz%5D"),
        ("Jürgen", "J%C3%BCrgen"),
        ("...", "..."),
        ("%2e%2e", "%252e%252e"),
    ] {
        assert_eq!(
            path_of(value).unwrap(),
            format!("/users/{segment}/messages")
        );
    }
}

#[test]
fn every_type_of_value_is_written_as_graph_expects_it() {
    struct Own;
    impl std::fmt::Display for Own {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("in ")?;
            write!(out, "pieces/{}", 1)
        }
    }
    impl PathValue for Own {}
    let id = Uuid::from_u128(0xabc);
    let borrowed: &&str = &"a";
    for (written, expected) in [
        (path_of(String::from("a")), "a"),
        (path_of(borrowed), "a"),
        (path_of(std::borrow::Cow::Borrowed("a")), "a"),
        (path_of(Box::new("a")), "a"),
        (path_of(std::rc::Rc::<str>::from("a")), "a"),
        (path_of(std::sync::Arc::new(1)), "1"),
        (path_of(-7_i64), "-7"),
        (
            path_of(u128::MAX),
            "340282366920938463463374607431768211455",
        ),
        (path_of(true), "true"),
        (path_of('é'), "%C3%A9"),
        (path_of(id), "00000000-0000-0000-0000-000000000abc"),
        (path_of(Own), "in%20pieces%2F1"),
    ] {
        assert_eq!(written.unwrap(), format!("/users/{expected}/messages"));
    }
}

proptest! {
    #[test]
    fn any_value_comes_back_or_is_refused(value in any::<String>()) {
        survives(&value)?;
    }

    #[test]
    fn any_value_of_awkward_characters_comes_back(value in "[./%?#\\\\ @:;=&'a<\u{e9}]{0,8}") {
        survives(&value)?;
    }
}

/// By an independent parser of addresses, the value is the second of three segments, and nothing else
/// of the address comes from it.
fn survives(value: &str) -> Result<(), TestCaseError> {
    let refused = matches!(value, "" | "." | "..") || value.chars().any(char::is_control);
    let path = match path_of(value) {
        Ok(path) => path,
        Err(error) => {
            prop_assert!(refused, "{value:?}: {error}");
            return Ok(());
        }
    };
    prop_assert!(!refused, "{value:?} became {path}");
    let url = Url::parse(&format!("https://graph.microsoft.com{path}")).unwrap();
    let segments: Vec<&str> = url.path_segments().unwrap().collect();
    prop_assert_eq!(segments.len(), 3);
    let decoded = percent_decode_str(segments[1]).decode_utf8().unwrap();
    prop_assert_eq!(decoded, value);
    prop_assert_eq!((url.query(), url.fragment()), (None, None));
    Ok(())
}
