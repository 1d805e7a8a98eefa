//! Signs a user in, by a code for any device or in the browser, and shows who that is.
//!
//! Without an app in the environment it talks to the embedded service, whose user signs in by herself.

use std::env;
use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use graph_action::credential::{AuthorizationCode, DeviceCode, DevicePrompt};
use graph_action::emulator::Emulator;
use graph_action::{Client, Error, graph_action};
use serde::Deserialize;

/// Prints a line, and does not mind when nobody reads it any more.
macro_rules! say {
    ($($arguments:tt)*) => {{
        let _ = writeln!(io::stdout(), $($arguments)*);
    }};
}

/// Reads who has signed in.
#[graph_action(
    get = "/me",
    delegated = "User.Read",
    personal = "User.Read",
    application = [],
    returns = User
)]
struct GetMe;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    display_name: Option<String>,
    user_principal_name: Option<String>,
}

/// Signs a user in, and shows who that is.
#[derive(Parser)]
#[command(name = "sign_in", after_help = APP)]
struct Options {
    /// How the user signs in
    #[arg(long = "as", value_name = "WAY", value_enum, default_value_t = Way::Device)]
    way: Way,

    /// Address of Microsoft Graph, for another cloud than the global one
    #[arg(long, value_name = "URL")]
    root: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// With a code, on any device that has a browser
    #[value(alias = "device-code")]
    Device,
    /// In the browser of this machine
    Browser,
}

const APP: &str = "\
Without an app it talks to an embedded service, whose user signs in by herself. For your own account
set AZURE_CLIENT_ID to an app registration that allows public client flows and has the redirect
address http://localhost (\"Mobile and desktop applications\"), and AZURE_TENANT_ID to its tenant, or
to `organizations`, `common` or `consumers` (personal accounts).";

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Error> {
    if let Some(client_id) = variable("AZURE_CLIENT_ID") {
        let tenant = variable("AZURE_TENANT_ID").unwrap_or_else(|| "common".to_owned());
        say!("The app {client_id}, for users of {tenant}");
        return who(&client(options, &tenant, &client_id)?).await;
    }
    let emulator = Emulator::start().await?;
    say!(
        "The embedded service at {} (--help tells how to sign in yourself)",
        emulator.root()
    );
    let graph = match options.way {
        Way::Device => emulator.client_of(emulator.device_code(show)?),
        Way::Browser => emulator.client_of(emulator.authorization_code()?),
    };
    who(&graph?).await
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A client for a user of your own.
fn client(options: Options, tenant: &str, client_id: &str) -> Result<Client, Error> {
    let authority = variable("AZURE_AUTHORITY_HOST");
    let builder = match options.way {
        Way::Device => {
            let credential = DeviceCode::new(tenant, client_id, show)?;
            Client::builder(match authority {
                Some(authority) => credential.authority(&authority)?,
                None => credential,
            })
        }
        Way::Browser => {
            say!("Sign in in the browser");
            let credential = AuthorizationCode::new(tenant, client_id)?;
            Client::builder(match authority {
                Some(authority) => credential.authority(&authority)?,
                None => credential,
            })
        }
    };
    match options.root {
        Some(root) => builder.root(root).build(),
        None => builder.build(),
    }
}

/// Shows the user where to sign in, and with which code.
fn show(prompt: &DevicePrompt) {
    say!("{prompt}");
}

/// The call that needs him.
async fn who(graph: &Client) -> Result<(), Error> {
    let user = GetMe.request().send(graph).await?;
    let none = || "no name".to_owned();
    say!(
        "Signed in: {} ({}), id {}",
        user.display_name.unwrap_or_else(none),
        user.user_principal_name.unwrap_or_else(none),
        user.id
    );
    Ok(())
}

/// Prints what went wrong, and what caused it; what to do about it is in its words.
fn explain(error: &Error) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
