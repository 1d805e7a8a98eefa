//! A server that answers the token request and both calls, each connection for as long as it lasts.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

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
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let line = head.lines().next().unwrap_or_default();
                stream.write_all(match line {
                    _ if line.contains("/oauth2/") => token.as_bytes(),
                    _ if line.contains("/getMemberGroups") => ids.as_bytes(),
                    _ => done.as_bytes(),
                })?;
                bytes.clear();
                continue;
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

const ID: &str = "79146062-b238-4510-8f98-8659e9b00d4c";
