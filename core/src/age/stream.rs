//! The payload: STREAM, chunks of 64 KiB, each under a nonce of its number and of whether it is the last.

use super::Refusal;
use super::header::{FileKey, Header, NONCE_LEN, Random, cut_off};
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce, Tag};
use std::io::{self, Read, Write};
use zeroize::{Zeroize as _, Zeroizing};

const CHUNK: usize = 64 * 1024;
const TAG_LEN: usize = 16;

/// The cipher, and the number of the next chunk.
struct Chunks {
    cipher: ChaCha20Poly1305,
    number: u64,
}

impl Chunks {
    fn new(key: &FileKey, nonce: &[u8; NONCE_LEN]) -> Self {
        Self {
            cipher: ChaCha20Poly1305::new((&*key.payload(nonce)).into()),
            number: 0,
        }
    }

    /// The next chunk's nonce: 11 bytes of its number, one of whether it is the last.
    fn nonce(&mut self, last: bool) -> io::Result<Nonce> {
        let mut nonce = [0; 12];
        let number = self.number.to_be_bytes();
        nonce
            .iter_mut()
            .skip(3)
            .zip(number)
            .for_each(|(to, from)| *to = from);
        if let Some(flag) = nonce.last_mut() {
            *flag = u8::from(last);
        }
        self.number = self
            .number
            .checked_add(1)
            .ok_or(Refusal::Damaged("too long"))?;
        Ok(nonce.into())
    }
}

/// Encrypts what is written to it.
///
/// Whoever is done must call [`Writer::finish`]: without its last chunk nobody takes the file for a whole one.
pub struct Writer<W: Write> {
    output: W,
    chunks: Chunks,
    /// Plaintext, until it is known whether it is the last.
    buffer: Zeroizing<Vec<u8>>,
}

impl<W: Write> Writer<W> {
    /// Begins a file, with 2^`log_n` steps of scrypt to each passphrase that is tried; age takes 18.
    ///
    /// # Errors
    /// What the output says; [`Refusal::WorkFactor`].
    pub fn new(mut output: W, passphrase: &[u8], log_n: u8, random: Random) -> io::Result<Self> {
        let key = FileKey::new(random.file_key);
        Header::seal(passphrase, random.salt, &key, log_n)?.write(&mut output)?;
        output.write_all(&random.nonce)?;
        Ok(Self {
            output,
            chunks: Chunks::new(&key, &random.nonce),
            buffer: Zeroizing::new(Vec::with_capacity(CHUNK)),
        })
    }

    /// Ends the file, and gives back what it was written to.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        Ok(self.output)
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last)?;
        let tag = self
            .chunks
            .cipher
            .encrypt_inout_detached(&nonce, &[], self.buffer.as_mut_slice().into())
            .map_err(|_| Refusal::Damaged("a chunk can't be encrypted"))?;
        self.output.write_all(&self.buffer)?;
        self.output.write_all(&tag)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk goes out only when there is more: an empty one may not be the last.
        if self.buffer.len() == CHUNK && !bytes.is_empty() {
            self.put(false)?;
        }
        let room = CHUNK - self.buffer.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.buffer.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Decrypts what it reads. A file that was cut off, or to which something was added, ends in an error.
pub struct Reader<R: Read> {
    input: R,
    chunks: Chunks,
    /// One chunk in the clear, of which `given` bytes were given out.
    buffer: Zeroizing<Vec<u8>>,
    given: usize,
    /// A byte of the next chunk, read to know that there is one.
    next: Option<u8>,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the payload, where the input stands right behind the header.
    ///
    /// # Errors
    /// [`Refusal::Damaged`] in an [`io::Error`], or what the input says.
    pub fn new(mut input: R, key: &FileKey) -> io::Result<Self> {
        let mut nonce = [0; NONCE_LEN];
        input.read_exact(&mut nonce).map_err(cut_off)?;
        Ok(Self {
            chunks: Chunks::new(key, &nonce),
            input,
            buffer: Zeroizing::new(Vec::with_capacity(CHUNK + TAG_LEN)),
            given: 0,
            next: None,
            ended: false,
        })
    }

    /// Fills the buffer with the next chunk.
    fn advance(&mut self) -> io::Result<()> {
        self.buffer.zeroize();
        self.given = 0;
        let first = self.chunks.number == 0;
        self.buffer.extend(self.next.take());
        let most = CHUNK + TAG_LEN - self.buffer.len();
        let most = u64::try_from(most).unwrap_or(0);
        self.input
            .by_ref()
            .take(most)
            .read_to_end(&mut self.buffer)?;
        let full = self.buffer.len() == CHUNK + TAG_LEN;
        if full {
            let mut byte = [0];
            let more = read_some(&mut self.input, &mut byte)?;
            self.next = (more > 0).then_some(u8::from_be_bytes(byte));
        }
        let last = self.next.is_none();
        self.open(last)?;
        if last && self.buffer.is_empty() && !first {
            return Err(Refusal::Damaged("its last chunk is empty").into());
        }
        self.ended = last;
        Ok(())
    }

    fn open(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last)?;
        let length = self.buffer.len().checked_sub(TAG_LEN);
        let cut = || Refusal::Damaged("its end is missing");
        let (text, tag) = length
            .and_then(|length| self.buffer.split_at_mut_checked(length))
            .ok_or_else(cut)?;
        let tag = Tag::try_from(&*tag).map_err(|_| cut())?;
        let length = text.len();
        let opened = self
            .chunks
            .cipher
            .decrypt_inout_detached(&nonce, &[], text.into(), &tag);
        if opened.is_err() {
            self.buffer.zeroize();
            let what = "it was changed, or its end is missing";
            return Err(Refusal::Damaged(what).into());
        }
        self.buffer.truncate(length);
        Ok(())
    }
}

/// As [`Read::read`], again where a signal came in between.
fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.buffer.len() {
            if self.ended || buffer.is_empty() {
                return Ok(0);
            }
            self.advance()?;
        }
        let left = self.buffer.get(self.given..).unwrap_or_default();
        let given = left.len().min(buffer.len());
        if let Some((from, to)) = left.get(..given).zip(buffer.get_mut(..given)) {
            to.copy_from_slice(from);
        }
        self.given += given;
        Ok(given)
    }
}

#[cfg(test)]
impl<W: Write> Writer<W> {
    /// Ends a chunk as no writer does.
    pub(super) fn end_chunk(&mut self) {
        self.put(false).unwrap();
    }
}
