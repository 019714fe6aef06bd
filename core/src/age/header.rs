//! The header: how the passphrase leads to the file's key, and a MAC over it.

use super::{Refusal, base64};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use scrypt::Params;
use sha2::Sha256;
use std::io::{self, Read, Write};
use zeroize::{Zeroize as _, Zeroizing};

const VERSION_LINE: &str = "age-encryption.org/v1";
const ARMOR: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const SCRYPT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";

/// The longest line of a header that is read, in bytes; that of a stanza is 80.
const LONGEST_LINE: usize = 1024;

/// The most work that is done for a passphrase, as a power of two: 1 GiB of memory. age writes 18.
pub(super) const MOST_WORK: u8 = 20;

const KEY_LEN: usize = 16;
const SALT_LEN: usize = 16;
const MAC_LEN: usize = 32;
const WRAPPED_LEN: usize = KEY_LEN + 16;

/// The length of the nonce that stands between header and payload.
pub(super) const NONCE_LEN: usize = 16;

/// The random bytes that a new file needs; core has none of its own.
pub struct Random {
    /// The file's key.
    pub file_key: Zeroizing<[u8; KEY_LEN]>,
    /// Goes with the passphrase.
    pub salt: [u8; SALT_LEN],
    /// Goes with the payload's key.
    pub nonce: [u8; NONCE_LEN],
}

/// What the payload of one file is encrypted with. It is wiped when it is dropped.
pub struct FileKey(Zeroizing<[u8; KEY_LEN]>);

impl FileKey {
    pub(super) fn new(key: Zeroizing<[u8; KEY_LEN]>) -> Self {
        Self(key)
    }

    /// The payload's key.
    pub(super) fn payload(&self, nonce: &[u8; NONCE_LEN]) -> Zeroizing<[u8; 32]> {
        self.derive(Some(nonce), b"payload")
    }

    fn derive(&self, salt: Option<&[u8]>, label: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // Only more than 255 times the hash's length can't be derived.
        let _ = Hkdf::<Sha256>::new(salt, &*self.0).expand(label, &mut *key);
        key
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut block = Zeroizing::new([0; 64]);
        let key = self.derive(None, b"header");
        block
            .iter_mut()
            .zip(&*key)
            .for_each(|(to, from)| *to = *from);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(text.as_bytes());
        mac
    }
}

/// A file's header, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    salt: [u8; SALT_LEN],
    log_n: u8,
    wrapped: [u8; WRAPPED_LEN],
    mac: [u8; MAC_LEN],
}

impl Header {
    /// Reads a header, and no byte beyond it.
    ///
    /// # Errors
    /// A [`Refusal`] in an [`io::Error`], or what the input says.
    pub fn read(input: &mut impl Read) -> io::Result<Self> {
        let first = line(input).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Refusal::NotAge.into(),
            _ => error,
        })?;
        match first.as_str() {
            VERSION_LINE => {}
            ARMOR => return Err(Refusal::Armored.into()),
            _ => return Err(Refusal::NotAge.into()),
        }
        let stanza = line(input)?;
        let words: Vec<_> = stanza.split(' ').collect();
        let (salt, log_n) = match *words.as_slice() {
            ["->", "scrypt", salt, log_n] => (salt, log_n),
            ["->", "scrypt", ..] => return Err(Refusal::Damaged("the scrypt stanza").into()),
            ["->", ..] => return Err(Refusal::NoPassphrase.into()),
            _ => return Err(Refusal::Damaged("the first stanza").into()),
        };
        let log_n = work_factor(log_n)?;
        let salt = base64::decode(salt).ok_or(Refusal::Damaged("the salt"))?;
        let wrapped = base64::decode(&line(input)?).ok_or(Refusal::Damaged("the file's key"))?;
        let end = line(input)?;
        // A second recipient beside a passphrase would let somebody else read the file, and forge it.
        let mac = end
            .strip_prefix("--- ")
            .and_then(base64::decode)
            .ok_or(Refusal::Damaged("the header's end"))?;
        Ok(Self {
            salt,
            log_n,
            wrapped,
            mac,
        })
    }

    /// The exponent of what unlocking takes: 2 to its power times a kibibyte of memory.
    #[must_use]
    pub fn work_factor(&self) -> u8 {
        self.log_n
    }

    /// The file's key. It takes a second and, with the usual work factor, 256 MiB of memory.
    ///
    /// # Errors
    /// [`Refusal::WrongPassphrase`]; [`Refusal::Damaged`] if the header is not the one that was written.
    pub fn unlock(&self, passphrase: &[u8]) -> Result<FileKey, Refusal> {
        let opened = wrapping(passphrase, &self.salt, self.log_n)?
            .decrypt(&Nonce::default(), &self.wrapped[..])
            .map(Zeroizing::new)
            .map_err(|_| Refusal::WrongPassphrase)?;
        let mut key = Zeroizing::new([0; KEY_LEN]);
        key.iter_mut()
            .zip(&*opened)
            .for_each(|(to, from)| *to = *from);
        let key = FileKey(key);
        let genuine = key.mac(&self.text()).verify_slice(&self.mac);
        genuine.map_err(|_| Refusal::Damaged("the header"))?;
        Ok(key)
    }

    /// The header of a new file, with 2^`log_n` steps of scrypt to each passphrase that is tried.
    pub(super) fn seal(
        passphrase: &[u8],
        salt: [u8; SALT_LEN],
        file_key: &FileKey,
        log_n: u8,
    ) -> Result<Self, Refusal> {
        let sealed = wrapping(passphrase, &salt, log_n)?
            .encrypt(&Nonce::default(), &file_key.0[..])
            .map_err(|_| Refusal::Damaged("the file's key"))?;
        let wrapped = sealed
            .try_into()
            .map_err(|_| Refusal::Damaged("the file's key"))?;
        let mut header = Self {
            salt,
            log_n,
            wrapped,
            mac: [0; MAC_LEN],
        };
        header.mac = file_key.mac(&header.text()).finalize().into_bytes().into();
        Ok(header)
    }

    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "{} {}", self.text(), base64::encode(&self.mac))
    }

    /// What the MAC is made over. Each header has one text, so that of a header that was read is the text that was read.
    fn text(&self) -> String {
        let (salt, wrapped) = (base64::encode(&self.salt), base64::encode(&self.wrapped));
        let log_n = self.log_n;
        format!("{VERSION_LINE}\n-> scrypt {salt} {log_n}\n{wrapped}\n---")
    }
}

/// A work factor as it is written: decimal, without a zero in front.
fn work_factor(text: &str) -> Result<u8, Refusal> {
    let log_n: u8 = text
        .parse()
        .map_err(|_| Refusal::Damaged("the work factor"))?;
    match log_n {
        _ if log_n.to_string() != text => Err(Refusal::Damaged("the work factor")),
        0 => Err(Refusal::Damaged("the work factor")),
        1..=MOST_WORK => Ok(log_n),
        _ => Err(Refusal::WorkFactor(log_n)),
    }
}

/// What the passphrase encrypts the file's key with.
fn wrapping(
    passphrase: &[u8],
    salt: &[u8; SALT_LEN],
    log_n: u8,
) -> Result<ChaCha20Poly1305, Refusal> {
    let parameters = Params::new(log_n, 8, 1).map_err(|_| Refusal::WorkFactor(log_n))?;
    let salt = [SCRYPT_LABEL, salt].concat();
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase, &salt, &parameters, &mut *key)
        .map_err(|_| Refusal::WorkFactor(log_n))?;
    Ok(ChaCha20Poly1305::new((&*key).into()))
}

/// A line of the header without its end. It is read byte by byte: what comes after the header is the payload's.
fn line(input: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        input.read_exact(&mut byte).map_err(cut_off)?;
        match byte {
            [b'\n'] => break,
            [byte] if line.len() < LONGEST_LINE => line.push(byte),
            _ => return Err(Refusal::Damaged("the header").into()),
        }
    }
    String::from_utf8(line).map_err(|error| {
        error.into_bytes().zeroize();
        Refusal::Damaged("the header").into()
    })
}

/// The end of the input is the end of a file that was cut off.
pub(super) fn cut_off(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Refusal::Damaged("its end is missing").into(),
        _ => error,
    }
}
