//! Bytes on their way between two processes.

use ::mpi::ffi::{
    MPI_Irecv, MPI_Isend, MPI_Request, MPI_Test, RSMPI_COMM_WORLD, RSMPI_REQUEST_NULL,
    RSMPI_STATUS_IGNORE, RSMPI_UINT8_T,
};
use std::{
    ffi::{c_int, c_void},
    mem,
};

/// Bytes that go as one: MPI counts them in an `i32`, so that longer messages are cut.
const PIECE: usize = 1 << 24;

/// Those of one channel: messages between two processes that have one tag come in the order in which they were sent.
pub type Tag = c_int;

/// Bytes that MPI sends to another process or receives from it, while this program goes on.
#[derive(Debug)]
pub struct Message {
    bytes: Vec<u8>,
    /// Requests for the pieces that are not through.
    requests: Vec<MPI_Request>,
}

/// The code of an error of MPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub c_int);

// SAFETY: a request is a handle that any thread may use. MPI is asked for `MPI_THREAD_SERIALIZED` at least, and a lock
// is held by whoever calls it.
unsafe impl Send for Message {}

impl Message {
    /// Begins to send `bytes` to the process of rank `to`.
    pub fn send(bytes: Vec<u8>, to: usize, tag: Tag) -> Result<Self, ErrorCode> {
        Self::begin(bytes, |piece, length, request| {
            // SAFETY: the piece is kept until the request is through, and for ever if that never happens (see `drop`).
            unsafe {
                MPI_Isend(
                    piece.cast_const(),
                    length,
                    RSMPI_UINT8_T,
                    to as c_int,
                    tag,
                    RSMPI_COMM_WORLD,
                    request,
                )
            }
        })
    }

    /// Begins to receive `length` bytes from the process of rank `from`, into `memory` if there is enough of it.
    pub fn receive(
        length: usize,
        from: usize,
        tag: Tag,
        mut memory: Vec<u8>,
    ) -> Result<Self, ErrorCode> {
        match memory.capacity() < length {
            true => memory = vec![0; length],
            false => memory.resize(length, 0),
        }
        Self::begin(memory, |piece, length, request| {
            // SAFETY: as above; nobody else looks at the bytes before they are through.
            unsafe {
                MPI_Irecv(
                    piece,
                    length,
                    RSMPI_UINT8_T,
                    from as c_int,
                    tag,
                    RSMPI_COMM_WORLD,
                    request,
                )
            }
        })
    }

    fn begin(
        bytes: Vec<u8>,
        piece: impl Fn(*mut c_void, c_int, *mut MPI_Request) -> c_int,
    ) -> Result<Self, ErrorCode> {
        let requests = Vec::with_capacity(bytes.len().div_ceil(PIECE));
        let mut message = Self { bytes, requests };
        for part in message.bytes.chunks_mut(PIECE) {
            // SAFETY: a constant of the library.
            let mut request = unsafe { RSMPI_REQUEST_NULL };
            let begin = part.as_mut_ptr().cast();
            check(piece(begin, part.len() as c_int, &raw mut request))?;
            message.requests.push(request);
        }
        Ok(message)
    }

    /// Lets MPI work on it; true once all of it has come, or may be forgotten here.
    pub fn is_through(&mut self) -> Result<bool, ErrorCode> {
        let mut place = 0;
        while let Some(request) = self.requests.get_mut(place) {
            let mut flag = 0;
            // SAFETY: the request is one of MPI's that is not through yet.
            check(unsafe { MPI_Test(request, &raw mut flag, RSMPI_STATUS_IGNORE) })?;
            match flag {
                0 => place += 1,
                _ => drop(self.requests.swap_remove(place)),
            }
        }
        Ok(self.requests.is_empty())
    }

    /// The bytes of a message that is through.
    pub fn into_bytes(mut self) -> Vec<u8> {
        assert!(self.requests.is_empty(), "the message is through");
        mem::take(&mut self.bytes)
    }
}

impl Drop for Message {
    /// MPI may still read or write what is not through: it is never given back.
    fn drop(&mut self) {
        if !self.requests.is_empty() {
            mem::forget(mem::take(&mut self.bytes));
        }
    }
}

fn check(code: c_int) -> Result<(), ErrorCode> {
    match code {
        0 => Ok(()),
        code => Err(ErrorCode(code)),
    }
}
