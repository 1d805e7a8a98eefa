//! Calls made in one of three ways.

use graph_action::credential::ClientSecret;
use graph_action::{BoxError, Client, Cloud, Value, graph_action};

use crate::by_hand;

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

/// How a call is made.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// By hand, as one writes it.
    Plain,
    /// By hand, with all that the public API of reqwest offers to save.
    Direct,
    /// With this crate.
    Declared,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Direct, Self::Declared];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Direct => "direct",
            Self::Declared => "declared",
        }
    }
}

/// What is called.
#[derive(Clone, Copy)]
pub(crate) enum Job {
    /// `createToken`, which answers with nothing.
    NoContent,
    /// `getMemberGroups`, which answers with 100 ids.
    Ids,
}

impl Job {
    pub(crate) const ALL: [Self; 2] = [Self::NoContent, Self::Ids];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoContent => "204",
            Self::Ids => "100 ids",
        }
    }
}

/// A client that has its token.
pub(crate) enum Graph {
    Plain(by_hand::plain::Graph),
    Direct(by_hand::direct::Graph),
    Declared(Client),
}

impl Graph {
    pub(crate) async fn new(way: Way, root: &str) -> Result<Self, BoxError> {
        Ok(match way {
            Way::Plain => Self::Plain(by_hand::plain::Graph::new(root).await?),
            Way::Direct => Self::Direct(by_hand::direct::Graph::new(root).await?),
            Way::Declared => {
                let credential = ClientSecret::new("contoso.example", "app", "secret")?;
                let cloud = Cloud::custom(root, root)?;
                let graph = Client::builder(credential).cloud(cloud).build()?;
                graph.sign_in([""; 0]).await?;
                Self::Declared(graph)
            }
        })
    }

    pub(crate) async fn call(&self, job: Job) -> Result<(), BoxError> {
        match job {
            Job::NoContent => self.create_token().await?,
            Job::Ids => assert_eq!(self.member_groups().await?.len(), 100),
        }
        Ok(())
    }

    async fn create_token(&self) -> Result<(), BoxError> {
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

    async fn member_groups(&self) -> Result<Vec<String>, BoxError> {
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
