//! A server that answers the token request and both calls, each connection for as long as it lasts.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use memchr::memmem;

/// Starts it, and says where.
pub(crate) fn start() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let root = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(root)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let json = |body: String| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: {ID}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let token = json(format!(
        r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{}"}}"#,
        "x".repeat(1500)
    ));
    let ids: Vec<String> = (0..100)
        .map(|id| format!("\"{id:08}-b238-4510-8f98-8659e9b00d4c\""))
        .collect();
    let ids = json(format!(
        r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)","value":[{}]}}"#,
        ids.join(",")
    ));
    let done = format!("HTTP/1.1 204 No Content\r\nrequest-id: {ID}\r\n\r\n");
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
        if is_whole(&bytes) {
            let has = |text: &str| memmem::find(&bytes, text.as_bytes()).is_some();
            stream.write_all(match () {
                () if has("/oauth2/") => token.as_bytes(),
                () if has("/getMemberGroups") => ids.as_bytes(),
                () => done.as_bytes(),
            })?;
            bytes.clear();
        }
    }
}

/// Whether all of a request has come. It is read with little effort, so that no rate is the server's own.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        return false;
    };
    let length = memmem::find(bytes, b"content-length: ").map(|at| &bytes[at + 16..]);
    let digits = length
        .into_iter()
        .flatten()
        .take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    bytes.len() >= end + 4 + length
}

const ID: &str = "79146062-b238-4510-8f98-8659e9b00d4c";
