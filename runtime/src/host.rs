//! Where a secret or a token may go.

use url::{Host, Url};

use crate::error::Error;

/// Reads the address of a service that is trusted with secrets: https, or http on a loopback address
/// for tests.
pub(crate) fn trusted(address: &str) -> Result<Url, Error> {
    let refused =
        |why: &str| Error::config(format!("the address `{address}` cannot be used: {why}"));
    let url = Url::parse(address).map_err(|source| refused("it is no URL").with_source(source))?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(refused("it names no host")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        // Not the address itself, which holds a password.
        return Err(Error::config(
            "the address holds a user name or a password: leave it out",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it has a query or a fragment"));
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
        return Err(refused(
            "secrets and tokens go over https only, or to a loopback address",
        ));
    }
    Ok(url)
}

/// The address without the `/` at its end, to put a path behind it.
pub(crate) fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
