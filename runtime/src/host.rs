//! Where a secret or a token may go.

use url::{Host, Url};

use crate::error::Error;

/// Reads the address of a service that is trusted with secrets: https, or http on a loopback address
/// for tests.
pub(crate) fn trusted(address: &str) -> Result<Url, Error> {
    let url = secure(address)
        .map_err(|why| Error::config(format!("the address of a service cannot be used: {why}")))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::config(
            "the address of a service cannot be used: it has a query or a fragment",
        ));
    }
    Ok(url)
}

/// Reads an address that a request may go to: https, or http on a loopback address for tests, and
/// without a password. The error names scheme and host at the most: the rest may be a secret.
pub(crate) fn secure(address: &str) -> Result<Url, String> {
    let url = Url::parse(address)
        .map_err(|error| format!("it is no URL ({error}): write `https://` and the host"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or a password: leave it out".to_owned());
    }
    if url.host().is_none() {
        return Err("it names no host".to_owned());
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err(format!(
            "`{}` is reached without https, which is for loopback addresses only",
            url.origin().ascii_serialization()
        ));
    }
    Ok(url)
}

/// Whether an address is reached without a proxy, to which it would mean another machine: one of this machine, or
/// the metadata service of its host.
pub(crate) fn is_direct(url: &Url) -> bool {
    is_loopback(url) || matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_link_local())
}

/// Whether an address is one of this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The address without the `/` at its end, to put a path behind it.
pub(crate) fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
