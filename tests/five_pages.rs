//! Does each of the five pages that the project started from work as it says? Each test is one page:
//! its version, its table of permissions, its request and its answer, against the embedded service.
//! Where the pages themselves are at hand (`GRAPH_DATA` names the folder beside theirs), what the test
//! holds of a page is compared with it.

use std::{env, fs, path::Path};

use graph_action::credential::StaticToken;
use graph_action::emulator::Emulator;
use graph_action::{
    Action, ApiVersion, Caller, Client, ErrorKind, Permissions, Request, graph_action,
};
use graph_action_tests::{emulator, skipped};
use http::{Method, header};
use serde_json::{Value, json};

const PERMISSION: &str = "DeviceManagementConfiguration.ReadWrite.All";

#[tokio::test]
async fn page_000_russian_2021() {
    #[graph_action(
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        scope = "DeviceManagementConfiguration.ReadWrite.All",
        version = "beta"
    )]
    struct CreateToken {
        token_validity_in_seconds: i32,
    }

    is_as_declared::<CreateToken>("000_fad68be07b27b0c7.txt", ApiVersion::Beta, &[PERMISSION]);
    let page = CreateToken {
        token_validity_in_seconds: 6,
    };
    works_for_an_app("beta", |id| page.request(id)).await;
}

#[tokio::test]
async fn page_001_german_2018() {
    #[graph_action(
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        scope = "DeviceManagementConfiguration.ReadWrite.All",
        application = []
    )]
    struct CreateToken {
        token_validity_in_seconds: i32,
    }

    is_as_declared::<CreateToken>("001_7b798a31fd8ea802.txt", ApiVersion::V1, &[]);
    let page = CreateToken {
        token_validity_in_seconds: 6,
    };
    works_for_a_user_only("v1.0", |id| page.request(id)).await;
}

#[tokio::test]
async fn page_002_portuguese_2021() {
    #[graph_action(
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        delegated = "DeviceManagementConfiguration.ReadWrite.All",
        personal = [],
        application = "DeviceManagementConfiguration.ReadWrite.All",
        version = "beta"
    )]
    struct CreateToken {
        token_validity_in_seconds: i32,
    }

    is_as_declared::<CreateToken>("002_c530763eee431a18.txt", ApiVersion::Beta, &[PERMISSION]);
    let page = CreateToken {
        token_validity_in_seconds: 6,
    };
    works_for_an_app("beta", |id| page.request(id)).await;
}

#[tokio::test]
async fn page_003_spanish_2018() {
    #[graph_action(
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        delegated = "DeviceManagementConfiguration.ReadWrite.All",
        application = [],
        version = "v1.0"
    )]
    struct CreateToken {
        token_validity_in_seconds: i32,
    }

    is_as_declared::<CreateToken>("003_712a00797cb8675a.txt", ApiVersion::V1, &[]);
    let page = CreateToken {
        token_validity_in_seconds: 6,
    };
    works_for_a_user_only("v1.0", |id| page.request(id)).await;
}

#[tokio::test]
async fn page_004_japanese_2019() {
    #[graph_action(
        post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        scope = "DeviceManagementConfiguration.ReadWrite.All",
        application = [],
        version = "beta"
    )]
    struct CreateToken {
        token_validity_in_seconds: i32,
    }

    is_as_declared::<CreateToken>("004_05432e00d186c1e4.txt", ApiVersion::Beta, &[]);
    let page = CreateToken {
        token_validity_in_seconds: 6,
    };
    works_for_a_user_only("beta", |id| page.request(id)).await;
}

/// What the page says of method, path, version and permissions is what the action has.
fn is_as_declared<A: Action>(page: &str, version: ApiVersion, application: &'static [&str]) {
    assert_eq!(A::DECLARATION.method, Method::POST);
    assert_eq!(A::DECLARATION.version, version);
    assert_eq!(
        A::DECLARATION.permissions,
        Permissions {
            delegated: &[PERMISSION],
            personal: &[],
            application
        }
    );
    let Some(data) = env::var_os("GRAPH_DATA") else {
        skipped(&format!(
            "GRAPH_DATA is not set: {page} is not compared with the page itself"
        ));
        return;
    };
    // Cargo runs a test in the folder of its package, and GRAPH_DATA is named from the root.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join(data).join("../seeds").join(page)).unwrap();
    let path = A::DECLARATION
        .path
        .replace("<id>", "{androidForWorkEnrollmentProfileId}");
    assert!(text.contains(&format!("\nPOST {path}\n")));
    assert!(text.contains(&format!(
        "\nPOST https://graph.microsoft.com/{version}{path}\n"
    )));
    assert!(text.contains("\n  \"tokenValidityInSeconds\": 6\n"));
    assert!(text.contains("\nHTTP/1.1 204 No Content\n"));
    // The rows of the table: work or school, personal, application.
    let rows: Vec<bool> = text
        .lines()
        .skip_while(|line| *line != "|:---|:---|")
        .skip(1)
        .take(3)
        .map(|row| row.contains(PERMISSION))
        .collect();
    assert_eq!(rows, [true, false, !application.is_empty()]);
}

/// The request of the page, sent by an app, is what the page documents.
async fn works_for_an_app<A>(version: &str, request: impl Fn(&str) -> Request<A>)
where
    A: Action<Response = ()>,
{
    let emulator = emulator().await;
    let app = emulator.client().unwrap();
    request(emulator.profile_id()).send(&app).await.unwrap();
    is_as_documented(&emulator, version);
}

/// An app is refused before anything is sent; sent by a user, the request is what the page documents.
async fn works_for_a_user_only<A>(version: &str, request: impl Fn(&str) -> Request<A>)
where
    A: Action<Response = ()>,
{
    let emulator = emulator().await;
    let app = emulator.client().unwrap();
    let error = request(emulator.profile_id()).send(&app).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Caller);
    let said = error.to_string();
    assert!(
        said.contains("does not support an application without a user"),
        "{said}"
    );
    assert!(said.contains(PERMISSION), "{said}");
    assert!(emulator.requests().is_empty());

    let token = StaticToken::new(emulator.user_token(&[PERMISSION])).unwrap();
    let builder = Client::builder(token.caller(Caller::Delegated)).root(emulator.root());
    let user = builder.build().unwrap();
    request(emulator.profile_id()).send(&user).await.unwrap();
    is_as_documented(&emulator, version);
}

/// The last request is the one of the page.
fn is_as_documented(emulator: &Emulator, version: &str) {
    let requests = emulator.requests();
    let request = requests.last().unwrap();
    let id = emulator.profile_id();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.uri().path(),
        format!("/{version}/deviceManagement/androidForWorkEnrollmentProfiles/{id}/createToken")
    );
    assert_eq!(request.uri().query(), None);
    assert!(header_of(request, header::AUTHORIZATION).starts_with("Bearer "));
    assert_eq!(header_of(request, header::ACCEPT), "application/json");
    assert_eq!(header_of(request, header::CONTENT_TYPE), "application/json");
    assert_eq!(header_of(request, header::CONTENT_LENGTH), "28");
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body, json!({ "tokenValidityInSeconds": 6 }));
}

fn header_of<T>(request: &http::Request<T>, name: header::HeaderName) -> &str {
    request.headers()[name].to_str().unwrap()
}
