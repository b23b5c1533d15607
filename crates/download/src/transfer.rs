//! Tries until the part file is complete.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use ureq::http::Uri;
use ureq::{Agent, Timeout};

use crate::answer::{Answer, judge};
use crate::part::PartFile;
use crate::patience::Patience;
use crate::{Download, DownloadError, Phase, Progress};

/// Limit of time for resolving the name and for connecting, each.
const CONNECTING: Duration = Duration::from_secs(30);

/// The transfer of one file, over as many connections as it takes.
pub(crate) struct Transfer<'a> {
    download: &'a Download,
    patience: &'a Patience,
    part: PartFile,
    on_progress: &'a mut dyn FnMut(Progress),
    agent: Agent,
    /// Bytes of the whole file, once a server has said so.
    total: Option<u64>,
    continued_from: u64,
    /// True if this call has received anything: only then is an unreachable server a broken connection.
    has_received: bool,
    /// True while the server is believed to answer range requests rightly.
    ranges: bool,
}

impl<'a> Transfer<'a> {
    pub(crate) fn new(
        download: &'a Download,
        patience: &'a Patience,
        part: PartFile,
        agent: Agent,
        on_progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        let continued_from = part.length();
        Transfer {
            download,
            patience,
            part,
            on_progress,
            agent,
            total: None,
            continued_from,
            has_received: false,
            ranges: true,
        }
    }

    /// Completes the part file and verifies it.
    pub(crate) fn run(mut self) -> Result<PartFile, DownloadError> {
        let mut furthest = self.part.length();
        let mut tries_without_gain = 0;
        while let Err(error) = self.attempt() {
            if self.part.length() > furthest {
                furthest = self.part.length();
                tries_without_gain = 0;
            }
            let Some(&pause) = self
                .patience
                .pauses
                .get(tries_without_gain)
                .filter(|_| self.may_pass(&error))
            else {
                return Err(self.give_up(error));
            };
            tries_without_gain += 1;
            self.report(Phase::Retrying {
                cause: cause_of(&error),
                pause,
            });
            thread::sleep(pause);
        }
        self.verify()
    }

    /// One request, and its body added to the part file.
    fn attempt(&mut self) -> Result<(), DownloadError> {
        let asked_from = if self.ranges { self.part.length() } else { 0 };
        // A compressed copy would be continued at a byte that the part file does not count in.
        let mut request = self
            .agent
            .get(&self.download.url)
            .header("Accept-Encoding", "identity");
        if asked_from > 0 {
            request = request.header("Range", format!("bytes={asked_from}-"));
        }
        let response = request.call().map_err(|error| self.explain(error))?;
        match judge(
            response.status(),
            response.headers(),
            asked_from,
            self.total,
        ) {
            Answer::Whole { total } => {
                self.start_over()?;
                self.total = total;
            }
            Answer::Rest { total } => self.total = total.or(self.total),
            Answer::CannotContinue => {
                // A server also answers so when there is nothing left to send.
                if self
                    .download
                    .digest
                    .matches(&self.part.digest(&self.download.digest)?)
                {
                    return Ok(());
                }
                self.start_over()?;
                self.ranges = false;
                return self.attempt();
            }
            Answer::Refusal => {
                let status = response.status().as_u16();
                return Err(DownloadError::Status {
                    url: self.download.url.clone(),
                    status,
                });
            }
        }
        self.receive(&mut response.into_body().into_reader())
    }

    fn receive(&mut self, body: &mut impl Read) -> Result<(), DownloadError> {
        let mut buffer = vec![0; 1 << 17];
        self.report(Phase::Receiving);
        loop {
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    self.part.append(&buffer[..count])?;
                    self.has_received = true;
                    self.report(Phase::Receiving);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken_off(error.to_string())),
            }
        }
        match self.total {
            Some(total) if self.part.length() < total => {
                Err(self.broken_off("the server sent less than it announced".to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The part file, if its digest holds; removes it otherwise, because nothing would ever mend it.
    fn verify(mut self) -> Result<PartFile, DownloadError> {
        self.report(Phase::Verifying);
        let digest = &self.download.digest;
        let found = self.part.digest(digest)?;
        if digest.matches(&found) {
            return Ok(self.part);
        }
        let error = DownloadError::WrongDigest {
            url: self.download.url.clone(),
            received: self.part.length(),
            expected: digest.to_string(),
            found: digest.of_same_kind(found).to_string(),
        };
        self.part.remove()?;
        Err(error)
    }

    /// Leaves what has arrived for the next call, if there is anything.
    fn give_up(self, error: DownloadError) -> DownloadError {
        if self.part.length() == 0 {
            // The first error is the one to know; an empty file that stays does no harm.
            let _ = self.part.remove();
        }
        error
    }

    fn start_over(&mut self) -> Result<(), DownloadError> {
        self.continued_from = 0;
        self.part.start_over()
    }

    fn report(&mut self, phase: Phase) {
        (self.on_progress)(Progress {
            phase,
            received: self.part.length(),
            total: self.total,
            continued_from: self.continued_from,
        });
    }

    /// Returns true if the next try may well succeed.
    fn may_pass(&self, error: &DownloadError) -> bool {
        match error {
            DownloadError::BrokenOff { .. } => true,
            DownloadError::Unreachable { .. } => self.has_received,
            DownloadError::Status { status, .. } => matches!(status, 408 | 429 | 500..600),
            _ => false,
        }
    }

    fn explain(&self, error: ureq::Error) -> DownloadError {
        let url = self.download.url.clone();
        let cause = match &error {
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                DownloadError::MalformedAddress { url, cause }
            }
            ureq::Error::Io(error) if is_broken_line(&error) => self.broken_off(cause),
            // Decrypting is all that happens to data before the body.
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                DownloadError::Insecure { url, cause }
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => {
                DownloadError::Insecure { url, cause }
            }
            ureq::Error::Io(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_)
            | ureq::Error::InvalidProxyUrl
            | ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                DownloadError::Unreachable { url, cause }
            }
            ureq::Error::TooManyRedirects => DownloadError::TooManyRedirects { url },
            _ => self.broken_off(cause),
        }
    }

    fn broken_off(&self, cause: String) -> DownloadError {
        let url = self.download.url.clone();
        DownloadError::BrokenOff {
            url,
            received: self.part.length(),
            total: self.total,
            cause,
        }
    }
}

/// A client for this address alone.
pub(crate) fn agent(url: &str, patience: &Patience) -> Result<Agent, DownloadError> {
    let malformed = |cause: &str| DownloadError::MalformedAddress {
        url: url.to_string(),
        cause: cause.to_string(),
    };
    let uri: Uri = url
        .parse()
        .map_err(|error: ureq::http::uri::InvalidUri| malformed(&error.to_string()))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(malformed("it names no web server"));
    }
    let host = uri
        .host()
        .ok_or_else(|| malformed("it names no web server"))?;
    let mut builder = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(CONNECTING))
        .timeout_connect(Some(CONNECTING))
        .timeout_per_read(Some(patience.silence));
    // ureq takes the proxy from the environment by itself, but no proxy can reach what only this machine serves.
    if is_this_machine(host) {
        builder = builder.proxy(None);
    }
    Ok(builder.build().new_agent())
}

fn is_this_machine(host: &str) -> bool {
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>();
    // The whole domain belongs to this machine (RFC 6761, section 6.3).
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

/// Returns true if there was a connection that broke. All else is a connection that never was: a name that cannot be looked up,
/// for one, has no kind of error of its own.
fn is_broken_line(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | UnexpectedEof
    )
}

/// The clause that a retry is reported with: the cause alone, the address is known.
fn cause_of(error: &DownloadError) -> String {
    match error {
        DownloadError::BrokenOff { cause, .. } | DownloadError::Unreachable { cause, .. } => {
            cause.clone()
        }
        other => other.to_string(),
    }
}
