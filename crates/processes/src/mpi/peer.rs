//! One of the other processes, and what is on its way to and from it.

use super::message::{ErrorCode, Message, Tag};
use std::mem;

/// What stands before the bytes that a process sends in an exchange: how many they are.
type Header = [u8; 8];

/// A process sends this in the place of a number of bytes when it ends.
const GOODBYE: u64 = u64::MAX;

/// Another process, on one channel.
#[derive(Debug)]
pub struct Peer {
    rank: usize,
    tag: Tag,
    incoming: Incoming,
    outgoing: Vec<Message>,
    /// Memory of the last part that was sent, for the next that comes.
    spare: Vec<u8>,
}

/// What comes from a process.
#[derive(Debug)]
enum Incoming {
    /// Nothing is asked for.
    Nothing,
    /// It has not said yet how much it will send.
    Header(Message),
    /// Its bytes.
    Bytes(Message),
    /// It has ended.
    Ended,
}

/// What has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing from this process: it may still be at work on something else.
    Awaited,
    /// It has begun to send, or has not received everything.
    Begun,
    /// Everything from it and to it.
    Done,
    /// The word that it ends.
    Ended,
}

impl Peer {
    /// The process of this rank, whose messages have the `tag`.
    pub fn new(rank: usize, tag: Tag) -> Self {
        Self {
            rank,
            tag,
            incoming: Incoming::Nothing,
            outgoing: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Begins an exchange.
    pub fn begin(&mut self, part: Vec<u8>) -> Result<(), ErrorCode> {
        let header = (part.len() as u64).to_le_bytes();
        self.incoming = Incoming::Header(self.header()?);
        self.outgoing = vec![
            Message::send(header.to_vec(), self.rank, self.tag)?,
            Message::send(part, self.rank, self.tag)?,
        ];
        Ok(())
    }

    /// Says to it that this process ends, and waits for its word.
    pub fn begin_goodbye(&mut self) -> Result<(), ErrorCode> {
        self.incoming = Incoming::Header(self.header()?);
        let word = GOODBYE.to_le_bytes().to_vec();
        self.outgoing = vec![Message::send(word, self.rank, self.tag)?];
        Ok(())
    }

    /// Lets MPI work on what is on its way.
    pub fn advance(&mut self) -> Result<Progress, ErrorCode> {
        for message in &mut self.outgoing {
            message.is_through()?;
        }
        if let Incoming::Header(header) = &mut self.incoming
            && header.is_through()?
        {
            self.incoming = self.after_header()?;
        }
        let has_come = match &mut self.incoming {
            Incoming::Nothing | Incoming::Header(_) => return Ok(Progress::Awaited),
            Incoming::Ended => return Ok(Progress::Ended),
            Incoming::Bytes(bytes) => bytes.is_through()?,
        };
        let mut done = has_come;
        for message in &mut self.outgoing {
            done &= message.is_through()?;
        }
        Ok(if done {
            Progress::Done
        } else {
            Progress::Begun
        })
    }

    fn after_header(&mut self) -> Result<Incoming, ErrorCode> {
        let Incoming::Header(header) = mem::replace(&mut self.incoming, Incoming::Nothing) else {
            return Ok(Incoming::Nothing);
        };
        let header = Header::try_from(header.into_bytes()).unwrap_or_default();
        Ok(match u64::from_le_bytes(header) {
            GOODBYE => Incoming::Ended,
            length => {
                let memory = mem::take(&mut self.spare);
                Incoming::Bytes(Message::receive(
                    length as usize,
                    self.rank,
                    self.tag,
                    memory,
                )?)
            }
        })
    }

    fn header(&self) -> Result<Message, ErrorCode> {
        Message::receive(size_of::<Header>(), self.rank, self.tag, Vec::new())
    }

    /// The bytes that have come in an exchange that is done.
    pub fn take(&mut self) -> Vec<u8> {
        self.spare = self
            .outgoing
            .pop()
            .map_or_else(Vec::new, Message::into_bytes);
        self.outgoing.clear();
        match mem::replace(&mut self.incoming, Incoming::Nothing) {
            Incoming::Bytes(bytes) => bytes.into_bytes(),
            _ => Vec::new(),
        }
    }
}
