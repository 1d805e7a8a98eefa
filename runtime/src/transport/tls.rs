//! TLS: rustls, which trusts what the system trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;

use crate::error::Error;

/// TLS 1.2 or newer, for HTTP/2 where the server speaks it, with the certificates of the system and these.
pub(super) fn config(roots: &[CertificateDer<'static>]) -> Result<ClientConfig, Error> {
    let failed = |source| Error::config("TLS cannot be set up").with_source(source);
    let provider = provider()?;
    let verifier = verifier(roots, Arc::clone(&provider)).map_err(failed)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        // What is called dangerous is another verifier than that of rustls, and this one is the system's.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(
    roots: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    match roots {
        [] => Verifier::new(provider),
        #[cfg(not(target_os = "android"))]
        roots => Verifier::new_with_extra_roots(roots.iter().cloned(), provider),
        #[cfg(target_os = "android")]
        _ => Err(rustls::Error::General(
            "on Android the system alone says which certificates are trusted".to_owned(),
        )),
    }
}

/// The cryptography: what the program has installed, else that of a feature.
fn provider() -> Result<Arc<CryptoProvider>, Error> {
    let installed = CryptoProvider::get_default().map(Arc::clone);
    installed.or_else(own).ok_or_else(|| {
        Error::config(
            "there is no cryptography for TLS: enable the feature `aws-lc` or `ring`, or install a provider, \
             `rustls::crypto::CryptoProvider::install_default`",
        )
    })
}

#[cfg(feature = "aws-lc")]
fn own() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc")))]
fn own() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "aws-lc", feature = "ring")))]
fn own() -> Option<Arc<CryptoProvider>> {
    None
}

#[cfg(test)]
mod tests {
    use rustls::NamedGroup;

    use super::*;

    /// With each set of features another; `.ci/run` runs it with them.
    #[test]
    fn the_cryptography_is_that_of_the_feature() {
        let first = match provider() {
            Ok(provider) => Some(provider.kx_groups[0].name()),
            Err(error) => {
                assert!(
                    error
                        .to_string()
                        .contains("enable the feature `aws-lc` or `ring`")
                );
                None
            }
        };
        let expected = match (cfg!(feature = "aws-lc"), cfg!(feature = "ring")) {
            (true, _) => Some(NamedGroup::X25519MLKEM768),
            (false, true) => Some(NamedGroup::X25519),
            (false, false) => None,
        };
        assert_eq!(first, expected);
        assert_eq!(config(&[]).is_ok(), expected.is_some());
    }
}
