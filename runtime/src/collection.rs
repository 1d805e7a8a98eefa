//! `Collection`: a list that comes in pages.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use futures_core::Stream;
use futures_util::{TryStreamExt as _, stream};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::response::{self, Answer, FromResponse, Origin};

/// A page of a list, and the way to the next one; see
/// [paging](https://learn.microsoft.com/graph/paging) and
/// [delta query](https://learn.microsoft.com/graph/delta-query-overview).
///
/// ```no_run
/// use futures_util::TryStreamExt as _;
/// use graph_action::{Client, Collection, Error, graph_action};
/// use serde::Deserialize;
///
/// #[graph_action(get = "/users", scope = "User.Read.All", returns = Collection<User>)]
/// struct ListUsers;
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct User {
///     display_name: Option<String>,
/// }
///
/// # async fn example(graph: &Client) -> Result<(), Error> {
/// let first = ListUsers.request().top(100).send(graph).await?;
/// let mut users = std::pin::pin!(first.into_items());
/// while let Some(user) = users.try_next().await? {
///     println!("{:?}", user.display_name);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Collection<T> {
    /// The items of the page.
    pub value: Vec<T>,
    links: Links,
    origin: Origin,
    /// The hashes of the links that have been followed to come here.
    followed: HashSet<u64>,
}

#[derive(Clone, Default)]
struct Links {
    next: Option<String>,
    delta: Option<String>,
    count: Option<u64>,
}

/// A page as Graph sends it.
#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta_link: Option<String>,
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
}

impl<T> Collection<T> {
    /// The address of the next page, `@odata.nextLink`, which can be kept and
    /// [followed](crate::Request::follow) later.
    pub fn next_link(&self) -> Option<&str> {
        self.links.next.as_deref()
    }

    /// The address to ask what has changed since, `@odata.deltaLink`: on the last
    /// page of a delta query. It can be kept and [followed](crate::Request::follow) later.
    pub fn delta_link(&self) -> Option<&str> {
        self.links.delta.as_deref()
    }

    /// How many items the whole list has, `@odata.count`, where it was asked for.
    pub fn count(&self) -> Option<u64> {
        self.links.count
    }
}

impl<T: DeserializeOwned + 'static> Collection<T> {
    /// Replaces this page by the next one; `false` if it is the last. After an error, or when the future
    /// is dropped, the page is still this one, and can be asked again.
    ///
    /// # Errors
    ///
    /// Those of [`Request::send`](crate::Request::send), and of
    /// [`ErrorKind::Answer`](crate::ErrorKind::Answer), when the link leads to another host than the
    /// client's, or has been followed before.
    pub async fn next_page(&mut self) -> Result<bool, Error> {
        let Some(link) = self.links.next.clone() else {
            return Ok(false);
        };
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&link);
        if self.followed.contains(&hash) {
            return Err(Error::answer(
                "the next page leads back to a page before it",
            ));
        }
        let mut page: Self = response::read(self.origin.follow(&link)).await?;
        page.followed = std::mem::take(&mut self.followed);
        page.followed.insert(hash);
        *self = page;
        Ok(true)
    }

    /// The pages, beginning with this one. After an error there is no further page; the links of the
    /// last one say where to [go on](crate::Request::follow).
    pub fn into_pages(self) -> impl Stream<Item = Result<Self, Error>> + Send
    where
        T: Send,
    {
        stream::try_unfold((self, true), |(mut page, is_first)| async move {
            if !is_first && !page.next_page().await? {
                return Ok(None);
            }
            let current = Self {
                value: std::mem::take(&mut page.value),
                links: page.links.clone(),
                origin: page.origin.clone(),
                followed: HashSet::new(),
            };
            Ok(Some((current, (page, false))))
        })
    }

    /// The items of this page and of all that follow. After an error there is no further item. The links
    /// of the pages are in [`into_pages`](Self::into_pages).
    pub fn into_items(self) -> impl Stream<Item = Result<T, Error>> + Send
    where
        T: Send,
    {
        self.into_pages()
            .map_ok(|page| stream::iter(page.value.into_iter().map(Ok)))
            .try_flatten()
    }
}

impl<T: DeserializeOwned + 'static> FromResponse for Collection<T> {
    fn from_response(answer: Answer) -> Result<Self, Error> {
        let page: Page<T> = answer.json()?;
        Ok(Self {
            value: page.value,
            links: Links {
                next: page.next_link,
                delta: page.delta_link,
                count: page.count,
            },
            origin: answer.origin,
            followed: HashSet::new(),
        })
    }
}

// Not the links: what is asked for is in them.
impl<T: fmt::Debug> fmt::Debug for Collection<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Collection")
            .field("value", &self.value)
            .field("count", &self.links.count)
            .field("has_next", &self.links.next.is_some())
            .field("has_delta", &self.links.delta.is_some())
            .finish_non_exhaustive()
    }
}
