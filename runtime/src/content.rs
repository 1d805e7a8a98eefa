//! `Content`: an answer that is bytes.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{TryStreamExt as _, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use crate::error::Error;
use crate::response::{Answer, Detailed, FromResponse};
use crate::transport::{Body, TransportError};

/// Bytes: a file, a picture, a report. Where Graph leaves them to a pre-authenticated address (a 302),
/// they are fetched from there, without the token.
///
/// ```no_run
/// use graph_action::{Client, Content, Error, graph_action};
///
/// #[graph_action(
///     get = "/me/drive/root:/<path..>:/content",
///     delegated = "Files.Read",
///     application = [],
///     returns = Content
/// )]
/// struct Download;
///
/// # async fn example(graph: &Client) -> Result<(), Error> {
/// let request = Download.request("Reports/2026/july.xlsx").header("Range", "bytes=0-1023");
/// let content = request.send(graph).await?;
/// println!("{:?}, {:?}", content.content_type(), content.file_name());
/// let bytes = content.bytes(1 << 20).await?;
/// # Ok(())
/// # }
/// ```
pub struct Content {
    answer: Detailed<()>,
    body: Body,
    /// How long the next piece may take.
    patience: Duration,
}

impl Content {
    /// The media type, as in `text/csv`.
    pub fn content_type(&self) -> Option<&str> {
        self.header(&CONTENT_TYPE)
    }

    /// How many bytes there are, where the server says so.
    pub fn length(&self) -> Option<u64> {
        self.header(&CONTENT_LENGTH)?.parse().ok()
    }

    /// Which part of the whole these bytes are, as in `bytes 0-1023/4096`, where a part was asked for.
    pub fn range(&self) -> Option<&str> {
        self.header(&CONTENT_RANGE)
    }

    /// The name that the server gives the file: its last segment, whatever stands before it.
    pub fn file_name(&self) -> Option<String> {
        let disposition = self.header(&CONTENT_DISPOSITION)?;
        // RFC 6266 section 4.3: the extended one, where both are given.
        let extended = parameter(disposition, "filename*");
        let extended = extended
            .as_deref()
            .and_then(|value| value.splitn(3, '\'').nth(2));
        let extended =
            extended.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
        let is_name = |name: &String| {
            !matches!(name.as_str(), "" | "." | "..") && !name.contains(char::is_control)
        };
        let last = |name: String| {
            name.rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let plain = || parameter(disposition, "filename").map(last).filter(is_name);
        extended.map(last).filter(is_name).or_else(plain)
    }

    /// All the headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.answer.headers
    }

    /// Reads all bytes, up to `limit`.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Transport`](crate::ErrorKind::Transport), when the answer is cut off, and with
    /// [`ErrorKind::Answer`](crate::ErrorKind::Answer), when it is longer than `limit`.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Error> {
        let answer = self.answer.clone();
        let mut bytes = BytesMut::new();
        let mut pieces = pin!(self.into_stream());
        while let Some(piece) = pieces.try_next().await? {
            if piece.len() > limit - bytes.len() {
                return Err(answer.fail(Error::too_long(limit)));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// The bytes as they arrive. After an error there is nothing more. Each piece has the time of the
    /// [call](crate::Request::timeout).
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        stream::try_unfold(self, |mut content| async move {
            loop {
                let frame = timeout(content.patience, content.body.frame()).await;
                let frame = frame.unwrap_or_else(|_| Some(Err(TransportError::timed_out())));
                match frame {
                    None => return Ok(None),
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some((bytes, content)));
                        }
                    }
                    Some(Err(source)) => {
                        return Err(content.answer.fail(Error::cut_off(source)));
                    }
                }
            }
        })
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.answer.headers.get(name)?.to_str().ok()
    }
}

/// A parameter of a header, without its quotes: RFC 9110 section 5.6.6.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut parameters = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for char in header.chars() {
        let current = parameters.last_mut()?;
        match char {
            _ if is_escaped => {
                current.push(char);
                is_escaped = false;
            }
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => parameters.push(String::new()),
            _ => current.push(char),
        }
    }
    let parameters = parameters.iter().skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

impl FromResponse for Content {
    const IS_DOWNLOAD: bool = true;

    fn from_response(answer: Answer) -> Result<Self, Error> {
        Ok(Self {
            answer: answer.details(),
            patience: answer.origin.timeout,
            body: answer.into_body(),
        })
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Content")
            .field("content_type", &self.content_type())
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}
