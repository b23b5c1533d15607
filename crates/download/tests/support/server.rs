//! A web server for tests, on this machine and as badly behaved as the test wants.
//!
//! It is a file of its own so that the tests of other crates can include it too (`#[path = …] mod server;`).
#![allow(
    dead_code,
    reason = "each test program that includes this file uses a part of it"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// With the leading slash.
    pub path: String,
    /// N of `Range: bytes=N-`.
    pub from: Option<usize>,
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Closes the connection after that many bytes of the body.
    pub cut_after: Option<usize>,
    /// Keeps the connection open after the last byte until the client closes it.
    pub stall: bool,
}

impl Answer {
    /// An answer without headers but those given.
    pub fn new(status: &'static str, headers: &[(&'static str, &str)], body: &[u8]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_string()))
            .collect();
        Answer {
            status,
            headers,
            body: body.to_vec(),
            cut_after: None,
            stall: false,
        }
    }

    /// The whole of `file`, whatever was asked.
    pub fn whole(file: &[u8]) -> Self {
        Answer::new(
            "200 OK",
            &[("Content-Length", &file.len().to_string())],
            file,
        )
    }

    /// What a good server answers: `file`, or its rest if a range was asked for.
    pub fn honest(request: &Request, file: &[u8]) -> Self {
        match request.from {
            None => Answer::whole(file),
            Some(from) if from >= file.len() => {
                let range = format!("bytes */{}", file.len());
                Answer::new(
                    "416 Range Not Satisfiable",
                    &[("Content-Range", &range), ("Content-Length", "0")],
                    &[],
                )
            }
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
                let length = (file.len() - from).to_string();
                let headers = [
                    ("Content-Range", range.as_str()),
                    ("Content-Length", length.as_str()),
                ];
                Answer::new("206 Partial Content", &headers, &file[from..])
            }
        }
    }

    /// The same, with the line cut after `count` bytes of the body.
    pub fn cut_after(mut self, count: usize) -> Self {
        self.cut_after = Some(count);
        self
    }

    /// The same, with another header of this name.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(present, _)| *present != name);
        self.headers.push((name, value.to_string()));
        self
    }
}

/// Runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server; `answer` gets each request and the number of requests before it.
    pub fn start(answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stops = Arc::new(AtomicBool::new(false));
        let answer = Arc::new(answer);
        let (log, stop) = (requests.clone(), stops.clone());
        let thread = thread::spawn(move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (answer, log) = (answer.clone(), log.clone());
                // A client that goes away early is its own affair.
                thread::spawn(move || {
                    connection.and_then(|connection| serve(connection, &*answer, &log))
                });
            }
        });
        Server {
            address,
            requests,
            stops,
            thread: Some(thread),
        }
    }

    /// The address of a path (with its leading slash) on this server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The N of all `Range: bytes=N-` so far, in order.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.requests().iter().map(|request| request.from).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        // Wakes the thread up, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut connection: TcpStream,
    answer: &dyn Fn(&Request, usize) -> Answer,
    log: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let Some(request) = read_request(&mut reader)? else {
        return Ok(());
    };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        log.len() - 1
    };
    let answer = answer(&request, number);
    let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    connection.write_all(format!("{head}\r\n").as_bytes())?;
    connection.write_all(
        &answer.body[..answer
            .cut_after
            .unwrap_or(answer.body.len())
            .min(answer.body.len())],
    )?;
    connection.flush()?;
    if answer.stall {
        let mut rest = String::new();
        reader.read_line(&mut rest)?;
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(path) = line.split(' ').nth(1).map(str::to_string) else {
        return Ok(None);
    };
    let mut from = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            return Ok(Some(Request { path, from }));
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.strip_suffix('-').and_then(|from| from.parse().ok());
        }
    }
}
