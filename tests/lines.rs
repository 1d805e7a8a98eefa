//! What does a request line become, whatever the values?

use std::borrow::Cow;
use std::fmt;

use graph_action::{Error, ErrorKind, PathValue, Request, graph_action};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use url::Url;

fn line<A>(request: &Request<A>) -> &str {
    request.path().unwrap()
}

#[track_caller]
fn refused<A>(request: &Request<A>) -> &Error {
    let error = request.path().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    error
}

#[graph_action(
    get = "/reports/getTeamsUserActivityCounts(period='<period>')",
    scope = "Reports.Read.All"
)]
struct Quoted;

#[test]
fn quotes_of_a_value_are_doubled_within_quotes() {
    let path = |value: &str| line(&Quoted.request(value)).to_owned();
    let at = |value: &str| format!("/reports/getTeamsUserActivityCounts(period='{value}')");
    assert_eq!(path("D7"), at("D7"));
    assert_eq!(path("O'Brien"), at("O''Brien"));
    assert_eq!(path("a/b c?#%"), at("a%2Fb%20c%3F%23%25"));
    assert_eq!(path("a,b)(=:@"), at("a,b)(=:@"));
    assert_eq!(path(""), at(""));
    refused(&Quoted.request("a\r\nb"));
}

#[test]
fn an_absent_argument_drops_out_and_a_function_without_arguments_has_no_parentheses() {
    #[graph_action(
        get = "/workbook/charts/<chart>/image(width=<width>,height=<height>,fittingMode='<mode>')",
        scope = "Files.Read"
    )]
    struct Image<'a> {
        width: Option<i32>,
        height: Option<i32>,
        mode: Option<&'a str>,
    }

    let path = |width, height, mode| {
        line(
            &Image {
                width,
                height,
                mode,
            }
            .request("c"),
        )
        .to_owned()
    };
    assert_eq!(path(None, None, None), "/workbook/charts/c/image");
    assert_eq!(
        path(Some(5), None, None),
        "/workbook/charts/c/image(width=5)"
    );
    assert_eq!(
        path(None, Some(6), None),
        "/workbook/charts/c/image(height=6)"
    );
    assert_eq!(
        path(Some(5), None, Some("fit")),
        "/workbook/charts/c/image(width=5,fittingMode='fit')"
    );
}

#[test]
fn a_bare_argument_cannot_become_another() {
    #[graph_action(get = "/workbook/tables/itemAt(index=<index>)", scope = "Files.Read")]
    struct ItemAt;

    assert_eq!(line(&ItemAt.request(3)), "/workbook/tables/itemAt(index=3)");
    assert_eq!(
        line(&ItemAt.request(None::<i32>)),
        "/workbook/tables/itemAt"
    );
    assert_eq!(
        line(&ItemAt.request("2019-11-01T00:00:00+01:00")),
        "/workbook/tables/itemAt(index=2019-11-01T00:00:00+01:00)"
    );
    let error = refused(&ItemAt.request(vec![1])).to_string();
    assert!(error.contains("declare it under an alias"), "{error}");
    for value in ["1,other=2", "1)", "(1", "a'b", "a b", "@p", ""] {
        let error = refused(&ItemAt.request(value)).to_string();
        assert!(
            error.contains("the value of `index` cannot be sent"),
            "{error}"
        );
    }
}

#[test]
fn a_key_is_never_left_out() {
    type Absent = Option<&'static str>;
    type Several = Vec<&'static str>;

    #[graph_action(
        delete = "/applications(appId='<id>')",
        scope = "Application.ReadWrite.All"
    )]
    struct DeleteByAlias {
        id: Absent,
    }
    #[graph_action(
        delete = "/applications(appId='<id>')",
        scope = "Application.ReadWrite.All"
    )]
    struct DeleteNone {
        id: Several,
    }
    #[graph_action(get = "/items('<id>')", scope = "Files.Read")]
    struct GetNone {
        id: Several,
    }

    // The line without it is that of all applications.
    let error = refused(&DeleteByAlias { id: None }.request()).to_string();
    let words = "the value of `id` cannot be sent: a key cannot be left out";
    assert!(error.contains(words), "{error}");
    refused(&DeleteNone { id: Vec::new() }.request());
    refused(&GetNone { id: Vec::new() }.request());
    let request = DeleteByAlias { id: Some("a") }.request();
    assert_eq!(line(&request), "/applications(appId='a')");
}

#[test]
fn literal_arguments_and_keys_stay_as_they_are() {
    #[graph_action(
        get = "/reports/getCounts(period='D7')/delta()",
        scope = "Reports.Read.All"
    )]
    struct Literal;
    #[graph_action(
        patch = "/applications(appId='<app_id>')/items('<item>')/rows(<row>)",
        scope = "Application.ReadWrite.All"
    )]
    struct Keys;
    #[graph_action(
        get = "/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'<standard>')",
        scope = "User.Read"
    )]
    struct Qualified;

    assert_eq!(
        line(&Literal.request()),
        "/reports/getCounts(period='D7')/delta()"
    );
    assert_eq!(
        line(&Keys.request("a-b", "O'B", 7)),
        "/applications(appId='a-b')/items('O''B')/rows(7)"
    );
    assert_eq!(
        line(&Qualified.request("Iana")),
        "/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')"
    );
}

#[test]
fn functions_and_casts_stand_in_the_middle_of_a_path() {
    #[graph_action(
        post = "/worksheets/<id>/range(address='<address>')/microsoft.graph.workbookRange/clear",
        scope = "Files.ReadWrite"
    )]
    struct Clear {
        address: String,
        apply_to: &'static str,
    }

    let clear = Clear {
        address: "A1:B2".to_owned(),
        apply_to: "contents",
    };
    let request = clear.request("{00-11}");
    assert_eq!(
        line(&request),
        "/worksheets/%7B00-11%7D/range(address='A1:B2')/microsoft.graph.workbookRange/clear"
    );
    assert_eq!(
        request.body(),
        Some(br#"{"applyTo":"contents"}"#.as_slice())
    );
}

#[graph_action(
    post = "/me/drive/root:/<path..>:/createLink",
    scope = "Files.ReadWrite"
)]
struct Rest;

#[test]
fn the_rest_of_a_path_keeps_its_slashes() {
    assert_eq!(
        line(&Rest.request("a b/c#d.txt")),
        "/me/drive/root:/a%20b/c%23d.txt:/createLink"
    );
    // Another `:` would end the path within the path.
    assert_eq!(
        line(&Rest.request("a:/x")),
        "/me/drive/root:/a%3A/x:/createLink"
    );
    for value in ["", "/a", "a/", "a//b", "../a", "a/..", "a/./b", "a\n"] {
        refused(&Rest.request(value));
    }
}

#[test]
fn a_value_can_be_part_of_a_segment() {
    #[graph_action(get = "/sites/<host>:/sites/<name>", scope = "Sites.Read.All")]
    struct Site;

    assert_eq!(
        line(&Site.request("contoso.sharepoint.com", "a/b")),
        "/sites/contoso.sharepoint.com:/sites/a%2Fb"
    );
}

#[graph_action(
    get = "/users?$select=<select>&$top=<top>&$format=application/json&q='<q>'",
    scope = "User.Read.All"
)]
struct Query {
    select: Vec<&'static str>,
    top: Option<u32>,
    q: Option<String>,
}

#[test]
fn a_query_drops_what_is_absent_and_joins_what_is_several() {
    let path = |select: &[&'static str], top, q: Option<&str>| {
        let query = Query {
            select: select.to_vec(),
            top,
            q: q.map(str::to_owned),
        };
        line(&query.request()).to_owned()
    };
    assert_eq!(path(&[], None, None), "/users?$format=application/json");
    assert_eq!(
        path(&["id", "mail"], Some(5), Some("O'B & c+d")),
        "/users?$select=id,mail&$top=5&$format=application/json&q='O''B%20%26%20c%2Bd'"
    );
}

#[test]
fn a_query_whose_pairs_are_all_absent_is_none() {
    #[graph_action(
        get = "/users/<id>/events?startDateTime=<start>&endDateTime=<end>",
        scope = "Calendars.Read"
    )]
    struct Events {
        start: Option<&'static str>,
    }

    let events = Events { start: None };
    assert_eq!(line(&events.request(1, None::<&str>)), "/users/1/events");
    assert_eq!(
        line(&events.request(1, "2026-01-01")),
        "/users/1/events?endDateTime=2026-01-01"
    );
    assert_eq!(
        line(&events.request(1, ["a", "b"])),
        "/users/1/events?endDateTime=a,b"
    );
    assert_eq!(
        line(&events.request(1, vec![1, 2])),
        "/users/1/events?endDateTime=1,2"
    );
}

#[test]
fn a_collection_under_an_alias_is_json() {
    #[graph_action(
        get = "/security/labels/computeInheritance(labelIds=@ids,locale='<locale>')?@ids=<ids>",
        scope = "SensitivityLabel.Read"
    )]
    struct Compute;

    assert_eq!(
        line(&Compute.request("en-US", ["a", "b\"&"])),
        "/security/labels/computeInheritance(labelIds=@ids,locale='en-US')?@ids=%5B%22a%22,%22b%5C%22%26%22%5D"
    );
    assert_eq!(
        line(&Compute.request("en-US", [1, 2])),
        "/security/labels/computeInheritance(labelIds=@ids,locale='en-US')?@ids=%5B1,2%5D"
    );
}

#[derive(Clone, Copy)]
enum Role {
    Reviewer,
    Approver,
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
        })
    }
}

impl PathValue for Role {}

#[test]
fn enums_and_flags_are_values() {
    #[graph_action(
        get = "/accessReviews/<role>/filterByCurrentUser(on='<on>',all='<all>')",
        scope = "AccessReview.Read.All"
    )]
    struct Filter {
        all: Vec<Role>,
    }

    let filter = Filter {
        all: vec![Role::Reviewer, Role::Approver],
    };
    assert_eq!(
        line(&filter.request(Role::Approver, Some(Role::Reviewer))),
        "/accessReviews/approver/filterByCurrentUser(on='reviewer',all='reviewer,approver')"
    );
}

#[test]
fn a_keyword_is_a_name_like_any_other() {
    #[graph_action(post = "/x/<type>/<match>/<gen>?ref=<ref>", scope = "User.Read")]
    struct Keywords {
        r#type: u8,
    }

    assert_eq!(
        line(&Keywords { r#type: 1 }.request(2, 3, 4)),
        "/x/1/2/3?ref=4"
    );
}

#[cfg(test)]
mod dates {
    use super::*;

    #[graph_action(
        get = "/reports/getPstnCalls(from=<from>,to=<to>)",
        scope = "CallRecords.Read.All"
    )]
    struct Calls;

    #[test]
    fn dates_are_written_as_graph_reads_them() {
        let date = time::Date::from_ordinal_date(2019, 305).unwrap();
        let moment = time::OffsetDateTime::from_unix_timestamp(1_572_566_400).unwrap();
        let expected = "/reports/getPstnCalls(from=2019-11-01,to=2019-11-01T00:00:00Z)";
        assert_eq!(line(&Calls.request(date, moment)), expected);

        let date = chrono::NaiveDate::from_ymd_opt(2019, 11, 1).unwrap();
        let moment = date.and_hms_opt(0, 0, 0).unwrap().and_utc();
        assert_eq!(line(&Calls.request(date, moment)), expected);

        let date = jiff::civil::date(2019, 11, 1);
        let moment = jiff::Timestamp::from_second(1_572_566_400).unwrap();
        assert_eq!(line(&Calls.request(date, moment)), expected);
    }
}

/// By an independent parser, an address is made of these segments and pairs, decoded.
fn taken_apart(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let url = Url::parse(&format!("https://graph.microsoft.com{line}")).unwrap();
    assert_eq!(url.fragment(), None);
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let segments = url.path_segments().unwrap().map(decoded).collect();
    let pairs = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()));
    (segments, pairs.collect())
}

fn is_text(value: &str) -> bool {
    !value.chars().any(char::is_control)
}

proptest! {
    #[test]
    fn any_bare_argument_comes_back_or_is_refused(value in any::<String>()) {
        #[graph_action(get = "/f(a=<a>,b=1)", scope = "Files.Read")]
        struct Bare;

        if let Ok(line) = Bare.request(value.as_str()).path() {
            let (segments, _) = taken_apart(line);
            prop_assert_eq!(&segments, &[format!("f(a={value},b=1)")]);
            prop_assert!(!value.is_empty() && !value.contains([',', '(', ')', '\'', '=', '@', '/']));
        }
    }

    #[test]
    fn any_key_comes_back(value in any::<String>()) {
        #[graph_action(get = "/f('<a>')", scope = "Files.Read")]
        struct Key;

        let request = Key.request(value.as_str());
        let Ok(line) = request.path() else {
            prop_assert!(!is_text(&value));
            return Ok(());
        };
        let (segments, _) = taken_apart(line);
        prop_assert_eq!(&segments, &[format!("f('{}')", value.replace('\'', "''"))]);
    }

    #[test]
    fn any_collection_under_an_alias_comes_back(ids in any::<Vec<String>>()) {
        #[graph_action(get = "/f(a=@a)?@a=<a>", scope = "Files.Read")]
        struct Aliased;

        let request = Aliased.request(&ids);
        let (segments, pairs) = taken_apart(line(&request));
        prop_assert_eq!(&segments, &["f(a=@a)"]);
        prop_assert_eq!(pairs.len(), 1);
        let read: Vec<String> = serde_json::from_str(&pairs[0].1).unwrap();
        prop_assert_eq!((pairs[0].0.as_str(), read), ("@a", ids));
    }

    #[test]
    fn any_quoted_argument_comes_back(value in any::<String>()) {
        let request = Quoted.request(value.as_str());
        let Ok(line) = request.path() else {
            prop_assert!(!is_text(&value));
            return Ok(());
        };
        let (segments, pairs) = taken_apart(line);
        prop_assert_eq!((segments.len(), pairs.len()), (2, 0));
        let argument = segments[1].strip_prefix("getTeamsUserActivityCounts(period='").unwrap();
        let argument = argument.strip_suffix("')").unwrap();
        // Every quote of the value is two, so the argument ends where it should.
        prop_assert_eq!(argument.replace("''", "").matches('\'').count(), 0);
        prop_assert_eq!(argument.replace("''", "'"), value);
    }

    #[test]
    fn any_value_of_a_query_comes_back(select in "[^\\p{Cc}]{0,9}", q in any::<Option<String>>(), top in any::<Option<u32>>()) {
        let is_sendable = q.as_deref().is_none_or(is_text);
        let leaked: &'static str = Box::leak(select.clone().into_boxed_str());
        let query = Query { select: vec![leaked], top, q: q.clone() };
        let request = query.request();
        let Ok(line) = request.path() else {
            prop_assert!(!is_sendable);
            return Ok(());
        };
        let (segments, pairs) = taken_apart(line);
        prop_assert_eq!(segments, ["users"]);
        let mut expected = vec![("$select".to_owned(), select)];
        expected.extend(top.map(|top| ("$top".to_owned(), top.to_string())));
        expected.push(("$format".to_owned(), "application/json".to_owned()));
        expected.extend(q.map(|q| ("q".to_owned(), format!("'{}'", q.replace('\'', "''")))));
        prop_assert_eq!(pairs, expected);
    }

    #[test]
    fn any_rest_of_a_path_comes_back(value in any::<String>()) {
        let parts: Vec<&str> = value.split('/').collect();
        let is_sendable = is_text(&value) && parts.iter().all(|part| !matches!(*part, "" | "." | ".."));
        let request = Rest.request(Cow::Borrowed(value.as_str()));
        let Ok(line) = request.path() else {
            prop_assert!(!is_sendable);
            return Ok(());
        };
        prop_assert!(is_sendable);
        prop_assert_eq!(line.matches(':').count(), 2);
        let (segments, _) = taken_apart(line);
        let within = segments[3..segments.len() - 1].join("/");
        prop_assert_eq!(within.strip_suffix(':').unwrap(), value);
    }
}
