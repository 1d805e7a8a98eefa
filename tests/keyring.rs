//! Does the keyring of the operating system keep a sign-in? A Secret Service of its own is started for it.

use std::env;
use std::process::{Command, Stdio};

use graph_action::credential::{ExposeSecret as _, KeyringStore, SecretString, TokenStore as _};
use graph_action_tests::{discreet, emulator, skipped};

/// Unlocks a new keyring, and runs a test with it: a sandbox of the session bus, so that no user's is touched.
const SESSION: &str = "echo -n password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec \"$@\"";

#[test]
fn a_sign_in_is_kept_replaced_and_removed() {
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        if Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            skipped(&format!("the keyring: there is no `{program}`"));
            return;
        }
    }
    let home = format!("{}/keyring-home", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&home).unwrap();
    let test = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", SESSION, "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "in_a_session_of_its_own"])
        .env("HOME", &home)
        .env("XDG_DATA_HOME", &home)
        .env("KEYRING_SESSION", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&test.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn in_a_session_of_its_own() {
    if env::var_os("KEYRING_SESSION").is_none() {
        return;
    }
    let store = KeyringStore::new("graph-action tests");
    let key = "https://login.microsoftonline.com/contoso.example/app/adele";
    let loaded = async |store: &KeyringStore| {
        let token = store.load(key).await.unwrap();
        token.map(|token| token.expose_secret().to_owned())
    };
    assert_eq!(loaded(&store).await, None);
    for token in ["canary-first", "canary-second"] {
        store
            .save(key, Some(&SecretString::from(token)))
            .await
            .unwrap();
        assert_eq!(loaded(&store).await.as_deref(), Some(token));
    }
    assert_eq!(loaded(&KeyringStore::new("another program")).await, None);
    for _ in 0..2 {
        store.save(key, None).await.unwrap();
        assert_eq!(loaded(&store).await, None);
    }
}

/// Where there is none, a call says so.
#[tokio::test]
async fn a_machine_without_a_keyring() {
    use graph_action::graph_action;

    #[graph_action(get = "/me", delegated = "User.Read", application = [])]
    struct GetMe;

    if env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some() || cfg!(not(target_os = "linux")) {
        skipped("a machine without a keyring: this one has one");
        return;
    }
    let emulator = emulator().await;
    let credential = emulator.device_code(|_| {}).unwrap();
    let credential = credential.store(KeyringStore::new("graph-action tests"));
    let graph = emulator.client_of(credential).unwrap();
    let error = GetMe.request().send(&graph).await.unwrap_err();
    assert!(
        discreet(&error).contains("the store of sign-ins cannot be read"),
        "{error:?}"
    );
    assert_eq!(emulator.requests().len(), 0);
}
