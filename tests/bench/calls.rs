//! Calls made in one of three ways.

use std::alloc::System;
use std::error::Error;

use graph_action::credential::ClientSecret;
use graph_action::{Client, Cloud, Value, graph_action};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::by_hand;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ID: &str = "79146062-b238-4510-8f98-8659e9b00d4c";

#[graph_action(
    post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
    scope = "DeviceManagementConfiguration.ReadWrite.All",
    version = "beta"
)]
struct CreateToken {
    token_validity_in_seconds: i32,
}

#[graph_action(
    post = "/users/<id>/getMemberGroups",
    scope = "GroupMember.Read.All",
    returns = Value<Vec<String>>
)]
struct GetMemberGroups {
    security_enabled_only: bool,
}

/// What is the same for all ways: a client that has its token.
enum Graph {
    Declared(Client),
    Plain(by_hand::plain::Graph),
    Direct(by_hand::direct::Graph),
}

impl Graph {
    async fn new(way: &str, root: &str) -> Result<Self, Box<dyn Error>> {
        Ok(match way {
            "declared" => {
                let credential = ClientSecret::new("contoso.example", "app", "secret")?;
                let cloud = Cloud::custom(root, root)?;
                let graph = Client::builder(credential).cloud(cloud).build()?;
                graph.sign_in([""; 0]).await?;
                Self::Declared(graph)
            }
            "plain" => Self::Plain(by_hand::plain::Graph::new(root).await?),
            "direct" => Self::Direct(by_hand::direct::Graph::new(root).await?),
            _ => return Err("no such way".into()),
        })
    }

    async fn create_token(&self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Declared(graph) => {
                let create = CreateToken {
                    token_validity_in_seconds: 3600,
                };
                Ok(create.request(ID).send(graph).await?)
            }
            Self::Plain(graph) => graph.create_token(ID).await,
            Self::Direct(graph) => graph.create_token(ID).await,
        }
    }

    async fn member_groups(&self) -> Result<Vec<String>, Box<dyn Error>> {
        match self {
            Self::Declared(graph) => {
                let get = GetMemberGroups {
                    security_enabled_only: false,
                };
                Ok(get.request(ID).send(graph).await?.value)
            }
            Self::Plain(graph) => graph.member_groups(ID).await,
            Self::Direct(graph) => graph.member_groups(ID).await,
        }
    }
}

/// Makes so many calls, and says how many allocations they took.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn make(
    way: &str,
    job: &str,
    count: u64,
    root: &str,
) -> Result<usize, Box<dyn Error>> {
    let graph = Graph::new(way, root).await?;
    // The first one opens the connection.
    graph.create_token().await?;
    let before = ALLOCATOR.stats();
    for _ in 0..count {
        match job {
            "no_content" => graph.create_token().await?,
            "ids" => assert_eq!(graph.member_groups().await?.len(), 100),
            _ => return Err("no such job".into()),
        }
    }
    let after = ALLOCATOR.stats();
    let (then, now) = (
        before.allocations + before.reallocations,
        after.allocations + after.reallocations,
    );
    Ok(now - then)
}
