//! `Cloud`: which Graph, and which identity platform.

use std::borrow::Cow;

use url::{Host, Url};

use crate::error::Error;
use crate::host;

/// A cloud of Microsoft's: the address of its Graph, and that of its identity platform.
///
/// They belong together: a token of one cloud is no use in another. See
/// [national clouds](https://learn.microsoft.com/graph/deployments).
///
/// ```
/// use graph_action::{Client, Cloud, credential::StaticToken};
///
/// # fn main() -> Result<(), graph_action::Error> {
/// let graph = Client::builder(StaticToken::new("eyJ0eXAi...")?).cloud(Cloud::US_GOV_L4).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cloud {
    graph: Cow<'static, str>,
    authority: Cow<'static, str>,
}

static KNOWN: [Cloud; 7] = [
    Cloud::GLOBAL,
    Cloud::US_GOV_L4,
    Cloud::US_GOV_L5,
    Cloud::CHINA,
    Cloud::BLEU,
    Cloud::DELOS,
    Cloud::GOV_SG,
];

impl Cloud {
    /// The global one, which a client uses unless it is told another: `graph.microsoft.com`.
    pub const GLOBAL: Self = Self::known(
        "https://graph.microsoft.com",
        "https://login.microsoftonline.com",
    );
    /// Of the government of the United States, level 4: `graph.microsoft.us`.
    pub const US_GOV_L4: Self = Self::known(
        "https://graph.microsoft.us",
        "https://login.microsoftonline.us",
    );
    /// Of the government of the United States, level 5 (Department of Defense): `dod-graph.microsoft.us`.
    pub const US_GOV_L5: Self = Self::known(
        "https://dod-graph.microsoft.us",
        "https://login.microsoftonline.us",
    );
    /// In China, operated by 21Vianet: `microsoftgraph.chinacloudapi.cn`.
    pub const CHINA: Self = Self::known(
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
    );
    /// Bleu, in France: `graph.svc.sovcloud.fr`.
    pub const BLEU: Self = Self::known(
        "https://graph.svc.sovcloud.fr",
        "https://login.sovcloud-identity.fr",
    );
    /// Delos, in Germany: `graph.svc.sovcloud.de`.
    pub const DELOS: Self = Self::known(
        "https://graph.svc.sovcloud.de",
        "https://login.sovcloud-identity.de",
    );
    /// Of the government of Singapore: `graph.svc.sovcloud.sg`.
    pub const GOV_SG: Self = Self::known(
        "https://graph.svc.sovcloud.sg",
        "https://login.sovcloud-identity.sg",
    );

    const fn known(graph: &'static str, authority: &'static str) -> Self {
        Self {
            graph: Cow::Borrowed(graph),
            authority: Cow::Borrowed(authority),
        }
    }

    /// A cloud that is none of these, by the address of its Graph and that of its identity platform.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`](crate::ErrorKind::Config), when one of them is no https address (or http on
    /// loopback), or they are of two known clouds.
    pub fn custom(graph: &str, authority: &str) -> Result<Self, Error> {
        let graph = host::trusted(graph)?;
        let authority = host::trusted(authority)?;
        belong_together(&graph, &authority)?;
        Ok(Self {
            graph: host::without_slash(&graph).into(),
            authority: host::without_slash(&authority).into(),
        })
    }

    /// The address of Graph, before the version.
    pub fn graph(&self) -> &str {
        &self.graph
    }

    /// The address of the identity platform, before the tenant.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The scope of all that an app may do in Graph by itself.
    pub(crate) fn default_scope(&self) -> String {
        format!("{}/.default", self.graph)
    }

    /// The cloud that a root is of, or the gateway that stands before the one that the scope is of.
    pub(crate) fn of_root(root: &Url, scope: Option<&Url>) -> Self {
        let known = of_graph(root).or_else(|| of_graph(scope?));
        known.cloned().unwrap_or_else(|| Self {
            graph: root.origin().ascii_serialization().into(),
            authority: Self::GLOBAL.authority,
        })
    }
}

/// Other names of their identity platforms, after
/// [MSAL's instance metadata](https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud).
static ALIASES: [(&str, Cloud); 5] = [
    ("https://login.windows.net", Cloud::GLOBAL),
    ("https://login.microsoft.com", Cloud::GLOBAL),
    ("https://sts.windows.net", Cloud::GLOBAL),
    ("https://login.usgovcloudapi.net", Cloud::US_GOV_L4),
    ("https://login.partner.microsoftonline.cn", Cloud::CHINA),
];

/// Refuses a Graph, or the scope of one, and an identity platform of two known clouds.
pub(crate) fn belong_together(graph: &Url, authority: &Url) -> Result<(), Error> {
    let Some(cloud) = of_graph(graph) else {
        return Ok(());
    };
    let alias = ALIASES.iter().find(|(alias, _)| is_at(authority, alias));
    let known = match alias {
        Some((_, cloud)) => Some(cloud),
        None => KNOWN
            .iter()
            .find(|cloud| is_at(authority, &cloud.authority)),
    };
    match known {
        Some(other) if other.authority != cloud.authority => Err(Error::config(format!(
            "`{}` and `{}` are of two clouds: that Graph takes the tokens of `{}`",
            cloud.graph,
            authority.origin().ascii_serialization(),
            cloud.authority
        ))),
        _ => Ok(()),
    }
}

/// Refuses the Graphs of two known clouds: a token is of one.
pub(crate) fn is_one(scope: &Url, graph: &Url) -> Result<(), Error> {
    match (of_graph(scope), of_graph(graph)) {
        (Some(scope), Some(graph)) if scope != graph => Err(Error::config(format!(
            "`{}` and `{}` are of two clouds: a token for one is no use in another",
            scope.graph, graph.graph
        ))),
        _ => Ok(()),
    }
}

/// The known cloud whose Graph is at an address.
fn of_graph(url: &Url) -> Option<&'static Cloud> {
    KNOWN.iter().find(|cloud| is_at(url, &cloud.graph))
}

fn is_at(url: &Url, known: &str) -> bool {
    let host = known.strip_prefix("https://");
    matches!(url.host(), Some(Host::Domain(name)) if Some(name) == host)
}
