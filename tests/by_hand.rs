//! What must the macro generate? An action written by hand, and the same one declared: both have the
//! same constants and send the same bytes. The files in `macros/snapshots` hold the expansion itself;
//! one of them is compiled and sent here.

use graph_action::{Action, graph_action};
use graph_action_tests::emulator;

mod by_hand {
    use graph_action::__private::{Part, Payload, request};
    use graph_action::{Action, ApiVersion, Declaration, PathValue, Permissions, Request};
    use http::Method;
    use serde::Serialize;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct CreateToken {
        pub(super) token_validity_in_seconds: i32,
    }

    impl Action for CreateToken {
        const DECLARATION: &'static Declaration = &Declaration {
            method: Method::POST,
            path: "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
            version: ApiVersion::Beta,
            permissions: Permissions {
                delegated: &["DeviceManagementConfiguration.ReadWrite.All"],
                personal: &[],
                application: &["DeviceManagementConfiguration.ReadWrite.All"],
            },
            is_idempotent: false,
        };
        type Response = ();
    }

    impl CreateToken {
        pub(super) fn request(&self, id: impl PathValue) -> Request<Self> {
            request(
                &[
                    Part::Text("/deviceManagement/androidForWorkEnrollmentProfiles/"),
                    Part::Value("id", &id),
                    Part::Text("/createToken"),
                ],
                Payload::json(self),
            )
        }
    }
}

#[graph_action(
    post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
    scope = "DeviceManagementConfiguration.ReadWrite.All",
    version = "beta"
)]
struct CreateToken {
    token_validity_in_seconds: i32,
}

#[allow(unreachable_pub)]
#[rustfmt::skip]
#[path = "../macros/snapshots/create_token.rs"]
mod expanded;

#[tokio::test]
async fn what_is_declared_sends_what_is_written_by_hand() {
    let emulator = emulator().await;
    let graph = emulator.client().unwrap();
    let id = emulator.profile_id();

    let by_hand = by_hand::CreateToken {
        token_validity_in_seconds: 600,
    };
    by_hand.request(id).send(&graph).await.unwrap();
    let expanded = expanded::CreateToken {
        token_validity_in_seconds: 600,
    };
    expanded.request(id).send(&graph).await.unwrap();
    let declared = CreateToken {
        token_validity_in_seconds: 600,
    };
    declared.request(id).send(&graph).await.unwrap();

    let mut calls = emulator.requests().split_off(1);
    for call in &mut calls {
        assert!(call.headers_mut().remove("client-request-id").is_some());
    }
    assert_eq!(calls.len(), 3);
    for call in &calls[1..] {
        assert_eq!(call.method(), calls[0].method());
        assert_eq!(call.uri(), calls[0].uri());
        assert_eq!(call.headers(), calls[0].headers());
        assert_eq!(call.body(), calls[0].body());
    }
}

#[test]
fn what_is_declared_says_what_is_written_by_hand() {
    fn said<A: Action>() -> String {
        format!("{:?}", A::DECLARATION)
    }
    assert_eq!(said::<CreateToken>(), said::<by_hand::CreateToken>());
    assert_eq!(said::<CreateToken>(), said::<expanded::CreateToken>());
}

#[test]
fn sending_twice_does_no_harm_where_it_is_said_or_known() {
    #[graph_action(post = "/me/x", scope = "User.Read", idempotent)]
    struct Post;
    #[graph_action(patch = "/me/x", scope = "User.Read")]
    struct Patch;
    #[graph_action(get = "/me/x", scope = "User.Read")]
    struct Get;
    #[graph_action(put = "/me/x", scope = "User.Read")]
    struct Put;
    #[graph_action(delete = "/me/x", scope = "User.Read")]
    struct Delete;

    let said = [
        Post::DECLARATION.is_idempotent,
        Patch::DECLARATION.is_idempotent,
        Get::DECLARATION.is_idempotent,
        Put::DECLARATION.is_idempotent,
        Delete::DECLARATION.is_idempotent,
    ];
    assert_eq!(said, [true, false, true, true, true]);
}
