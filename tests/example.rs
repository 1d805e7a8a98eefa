//! Do the examples do what a person wants of them, and say what is wrong when they cannot?

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use graph_action::emulator::Emulator;
use graph_action_tests::{emulator, exchange, skipped, watched};

/// An example, with no tenant in its environment.
fn example(name: &str) -> Command {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--package", "graph-action-examples"]);
    command.args(["--example", name, "--"]);
    for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
        command.env_remove(name);
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs `create_token`, with no tenant in its environment but the one that `emulator` is.
fn run(emulator: Option<&Emulator>, changed: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = example("create_token");
    if let Some(emulator) = emulator {
        command.env("AZURE_TENANT_ID", emulator.tenant_id());
        command.env("AZURE_CLIENT_ID", emulator.client_id());
        command.env("AZURE_CLIENT_SECRET", emulator.client_secret());
        command.env("AZURE_AUTHORITY_HOST", emulator.root());
        command.args(["--root", emulator.root()]);
    }
    command.envs(changed.iter().copied()).args(arguments);
    command.output().unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// The run failed, and told why in words that contain each of `words`.
#[track_caller]
fn is_failure(output: &Output, words: &[&str]) {
    let (_, errors) = said(output);
    assert!(!output.status.success());
    for word in words {
        assert!(errors.contains(word), "no {word:?} in:\n{errors}");
    }
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn it_shows_the_token_and_a_qr_code_that_can_be_scanned() {
    let output = run(None, &[], &["--validity", "600"]);
    let (shown, errors) = said(&output);
    assert!(output.status.success(), "{errors}");
    let path = "/beta/deviceManagement/androidForWorkEnrollmentProfiles/<id>";
    assert!(shown.contains(&format!("POST {path}/createToken\n")));
    assert!(shown.contains("{ \"tokenValidityInSeconds\": 600 }"));
    assert!(shown.contains(&format!("GET  {path}\n")));
    let value = |name: &str| {
        shown
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
    };
    let token = value("token    ");
    assert_eq!(token.len(), 32);
    assert!(value("expires  ").ends_with('Z'));
    let content = scan(&shown);
    assert!(
        content.contains(&format!("EXTRA_ENROLLMENT_TOKEN\":\"{token}\"")),
        "{content}"
    );
}

/// Reads the QR code, as a camera in front of a dark terminal sees it.
fn scan(shown: &str) -> String {
    let rows: Vec<Vec<char>> = shown
        .lines()
        .filter(|line| !line.is_empty() && line.chars().all(|char| " ▀▄█".contains(char)))
        .map(|line| line.chars().collect())
        .collect();
    let side = rows[0].len();
    let pixels = 4;
    let is_light = |x: usize, y: usize| match rows.get(y / 2).map_or(' ', |row| row[x]) {
        '█' => true,
        '▀' => y.is_multiple_of(2),
        '▄' => !y.is_multiple_of(2),
        _ => false,
    };
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(side * pixels, side * pixels, |x, y| {
            if is_light(x / pixels, y / pixels) {
                255
            } else {
                0
            }
        });
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

#[test]
fn it_explains_itself() {
    let output = run(None, &[], &["--help"]);
    let (shown, _) = said(&output);
    assert!(output.status.success());
    for word in [
        "--profile <ID>",
        "--validity <SECONDS>",
        "AZURE_CLIENT_SECRET",
        "embedded service",
    ] {
        assert!(shown.contains(word), "no {word:?} in:\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_talks_to_the_tenant_of_the_environment() {
    let emulator = emulator().await;
    let output = run(Some(&emulator), &[], &["--profile", emulator.profile_id()]);
    let (shown, errors) = said(&output);
    assert!(output.status.success(), "{errors}");
    assert!(shown.starts_with("Microsoft Graph, with the tenant of the environment\n"));
    assert_eq!(emulator.requests().len(), 3);
}

/// What stands on this machine means another machine to a proxy, which would get the token besides.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_no_way_to_this_machine() {
    let emulator = emulator().await;
    let nowhere = "http://127.0.0.1:9";
    let proxies = [
        ("HTTP_PROXY", nowhere),
        ("http_proxy", nowhere),
        ("ALL_PROXY", nowhere),
    ];
    let output = run(
        Some(&emulator),
        &proxies,
        &["--profile", emulator.profile_id()],
    );
    assert!(output.status.success(), "{}", said(&output).1);
    let output = run(None, &proxies, &[]);
    assert!(output.status.success(), "{}", said(&output).1);
}

#[test]
fn it_ends_quietly_when_nobody_reads() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else {
        skipped("there is no /dev/full: what happens there is not tested");
        return;
    };
    let output = example("create_token").stdout(full).output().unwrap();
    assert!(output.status.success(), "{}", said(&output).1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_which_secret_is_wrong() {
    let emulator = emulator().await;
    let wrong = [("AZURE_CLIENT_SECRET", "canary")];
    let output = run(
        Some(&emulator),
        &wrong,
        &["--profile", emulator.profile_id()],
    );
    is_failure(
        &output,
        &[
            "AADSTS7000215",
            "Invalid client secret",
            "take the value of the secret, not its id",
        ],
    );
    assert!(!said(&output).1.contains("canary"));
    let wrong = [("AZURE_TENANT_ID", "contoso.example")];
    let output = run(Some(&emulator), &wrong, &["--profile", "x"]);
    is_failure(&output, &["AADSTS90002", "check the tenant id or domain"]);
    let wrong = [("AZURE_CLIENT_ID", "another")];
    let output = run(Some(&emulator), &wrong, &["--profile", "x"]);
    is_failure(&output, &["AADSTS700016", "check client id and tenant"]);
}

#[test]
fn it_says_which_variable_is_missing() {
    let half = [("AZURE_TENANT_ID", "contoso.example")];
    is_failure(
        &run(None, &half, &[]),
        &["name a profile of it: --profile <ID>"],
    );
    let output = run(None, &half, &["--profile", "x"]);
    let words = [
        "the environment variable `AZURE_CLIENT_ID` is not set",
        "try: set AZURE_TENANT_ID",
    ];
    is_failure(&output, &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_which_permission_is_missing() {
    let emulator = watched(Emulator::builder().roles(["User.Read.All"])).await;
    let output = run(Some(&emulator), &[], &["--profile", emulator.profile_id()]);
    is_failure(
        &output,
        &[
            "403 Forbidden",
            "try: grant the app the application permission DeviceManagementConfiguration.ReadWrite.All",
        ],
    );
}

#[test]
fn it_says_that_the_profile_is_unknown() {
    let output = run(None, &[], &["--profile", "nobody"]);
    is_failure(
        &output,
        &["404 Not Found", "'nobody' was not found", "try: --profile"],
    );
    is_failure(
        &run(None, &[], &["--profile", ".."]),
        &["the value of `id` cannot be sent", "try: --profile"],
    );
}

#[test]
fn it_says_what_a_validity_is() {
    for validity in ["soon", "0", "-1", "-5", "1.5", "99999999999"] {
        let output = run(None, &[], &[&format!("--validity={validity}")]);
        is_failure(
            &output,
            &[&format!(
                "invalid value '{validity}' for '--validity <SECONDS>'"
            )],
        );
    }
}

#[test]
fn the_user_of_the_embedded_service_signs_in() {
    for way in ["device", "device-code", "browser"] {
        let output = example("sign_in").args(["--as", way]).output().unwrap();
        let (shown, errors) = said(&output);
        assert!(output.status.success(), "{errors}");
        assert!(
            shown.contains("Signed in: Adele Vance (AdeleV@contoso.example), id "),
            "{shown}"
        );
        let is_device = way.starts_with("device");
        assert_eq!(shown.contains("/devicelogin and enter the code"), is_device);
    }
}

/// A user of one's own, who opens the page that is shown and enters the code.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_another_tenant_signs_in() {
    let emulator = emulator().await;
    let mut command = example("sign_in");
    command.args(["--root", emulator.root()]);
    command.env("AZURE_TENANT_ID", emulator.tenant_id());
    command.env("AZURE_CLIENT_ID", emulator.client_id());
    command.env("AZURE_AUTHORITY_HOST", emulator.root());
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let prompt = lines.find_map(|line| {
        let line = line.unwrap();
        let (page, code) = line.split_once(" and enter the code ")?;
        let (_, page) = page.rsplit_once(' ')?;
        Some((page.to_owned(), code.split(' ').next()?.to_owned()))
    });
    let (page, code) = prompt.unwrap();
    assert_eq!(page, format!("{}/devicelogin", emulator.root()));
    let entered = exchange(
        emulator.root(),
        &format!("GET /devicelogin?code={code} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
    );
    assert!(
        entered.contains("You have signed in on your device"),
        "{entered}"
    );
    let shown: String = lines.map(Result::unwrap).collect();
    assert!(shown.contains("Signed in: Adele Vance"), "{shown}");
    assert!(process.wait().unwrap().success());
}

#[test]
fn it_says_why_nobody_can_sign_in() {
    let mut command = example("sign_in");
    command
        .env("AZURE_CLIENT_ID", "x")
        .env("AZURE_TENANT_ID", "../x");
    is_failure(&command.output().unwrap(), &["neither an id nor a domain"]);
    let output = example("sign_in")
        .args(["--as", "somebody"])
        .output()
        .unwrap();
    is_failure(&output, &["possible values: device, browser"]);
}
