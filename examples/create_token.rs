//! Creates an enrollment token for an Android for Work profile, and shows the QR code that enrolls a
//! device.
//!
//! Without a tenant in the environment it talks to the embedded service, and so needs nothing but Rust.

use std::env;
use std::error::Error as StdError;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind::MissingRequiredArgument;
use clap::{CommandFactory as _, Parser};
use graph_action::credential::ClientSecret;
use graph_action::emulator::Emulator;
use graph_action::{Action, Client, Declaration, Error, ErrorKind, graph_action};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

/// Prints a line, and does not mind when nobody reads it any more.
macro_rules! say {
    ($($arguments:tt)*) => {{
        let _ = writeln!(io::stdout(), $($arguments)*);
    }};
}

/// Creates an enrollment token for an Android for Work profile.
#[graph_action(
    post = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
    scope = "DeviceManagementConfiguration.ReadWrite.All",
    version = "beta"
)]
struct CreateToken {
    token_validity_in_seconds: i32,
}

/// Reads an Android for Work profile, where the token is found.
#[graph_action(
    get = "/deviceManagement/androidForWorkEnrollmentProfiles/<id>",
    scope = [
        "DeviceManagementConfiguration.Read.All",
        "DeviceManagementConfiguration.ReadWrite.All",
    ],
    version = "beta",
    returns = Profile
)]
struct GetProfile;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    display_name: Option<String>,
    token_value: Option<String>,
    token_expiration_date_time: Option<String>,
    qr_code_content: Option<String>,
}

/// Creates an enrollment token for an Android for Work profile, and shows its QR code.
#[derive(Parser)]
#[command(name = "create_token", after_help = TENANT)]
struct Options {
    /// Id of the enrollment profile; the embedded service has one of its own
    #[arg(long, value_name = "ID")]
    profile: Option<String>,

    /// How long the token is good, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 3600,
        allow_negative_numbers = true
    )]
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    validity: i32,

    /// Address of Microsoft Graph, for a tenant of another cloud than the global one
    #[arg(long, value_name = "URL")]
    root: Option<String>,
}

const TENANT: &str = "\
Without a tenant it talks to an embedded service. For your own tenant set AZURE_TENANT_ID,
AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to those of an app that has the application permission
DeviceManagementConfiguration.ReadWrite.All, and name the profile.";

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let has_tenant = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let result = if has_tenant || options.root.is_some() {
        with_tenant(&options).await
    } else {
        with_embedded_service(&options).await
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn with_tenant(options: &Options) -> Result<(), Error> {
    let Some(profile) = &options.profile else {
        let message = "with a tenant in the environment, name a profile of it: --profile <ID>";
        Options::command()
            .error(MissingRequiredArgument, message)
            .exit();
    };
    let mut builder = Client::builder(ClientSecret::from_env()?);
    if let Some(root) = &options.root {
        builder = builder.root(root);
    }
    let graph = builder.build()?;
    say!("Microsoft Graph, with the tenant of the environment");
    run(&graph, profile, options.validity).await
}

async fn with_embedded_service(options: &Options) -> Result<(), Error> {
    let emulator = Emulator::start().await?;
    say!(
        "The embedded service at {} (--help tells how to reach a tenant)",
        emulator.root()
    );
    let id = options.profile.as_deref().unwrap_or(emulator.profile_id());
    run(&emulator.client()?, id, options.validity).await
}

/// The job itself: two calls.
async fn run(graph: &Client, id: &str, validity: i32) -> Result<(), Error> {
    show::<CreateToken>(id);
    say!("     {{ \"tokenValidityInSeconds\": {validity} }}");
    CreateToken {
        token_validity_in_seconds: validity,
    }
    .request(id)
    .send(graph)
    .await?;
    say!("  -> done; the answer has no content, the token is in the profile");

    show::<GetProfile>(id);
    let profile = GetProfile.request(id).send(graph).await?;
    say!(
        "  -> {}",
        profile
            .display_name
            .as_deref()
            .unwrap_or("a profile without a name")
    );

    let none = || "none".to_owned();
    say!("\ntoken    {}", profile.token_value.unwrap_or_else(none));
    say!(
        "expires  {}",
        profile.token_expiration_date_time.unwrap_or_else(none)
    );
    match profile.qr_code_content {
        Some(content) => draw(&content),
        None => say!("QR code  none"),
    }
    Ok(())
}

/// Draws a QR code: light modules in white, dark ones in black, whatever the colours of the terminal.
fn draw(content: &str) {
    let code = match QrCode::with_error_correction_level(content, EcLevel::L) {
        Ok(code) => code,
        Err(error) => {
            say!("QR code  cannot be drawn: {error}");
            return;
        }
    };
    let mut image = code.render::<Dense1x2>();
    image
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark);
    let (white_on_black, reset) = if io::stdout().is_terminal() {
        ("\x1b[97;40m", "\x1b[0m")
    } else {
        ("", "")
    };
    let rows = image.build();
    let columns = rows.lines().next().unwrap_or_default().chars().count();
    say!("QR code  of {columns} columns\n");
    for row in rows.lines() {
        say!("{white_on_black}{row}{reset}");
    }
}

/// Prints the request line of an action, and the id that takes the place of its `<id>`.
fn show<A: Action>(id: &str) {
    let Declaration {
        method,
        version,
        path,
        ..
    } = A::DECLARATION;
    say!("\n{:<4} /{version}{path}", method.as_str());
    say!("     <id> = {id}");
}

/// Prints what went wrong, what caused it, and what to do about it.
fn explain(error: &Error) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    if let Some(mend) = mend(error) {
        eprintln!("  try: {mend}");
    }
}

fn mend(error: &Error) -> Option<String> {
    let status = error.status().map(|status| status.as_u16());
    Some(match (error.kind(), status) {
        (ErrorKind::Api, Some(403)) => format!(
            "grant the app the application permission {}, and consent to it as an administrator",
            CreateToken::DECLARATION.permissions.application.join(" or ")
        ),
        (ErrorKind::Api, Some(404)) => {
            "--profile takes the id of an Android for Work enrollment profile".to_owned()
        }
        (ErrorKind::Config, ..) => {
            "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, all three or none of them".to_owned()
        }
        (ErrorKind::Request, ..) => "--profile takes the id of an enrollment profile".to_owned(),
        _ => return None,
    })
}
