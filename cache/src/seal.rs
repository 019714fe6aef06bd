//! Seeds at rest: XChaCha20-Poly1305, bound to the token's serial number and parameters.

use crate::codec::Writer;
use crate::fault;
use crate::key::Keys;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use otpair_core::records::{Fault, FaultKind};
use otpair_core::seed::Seed;
use otpair_core::token::{Parameters, SealedSeed, Serial, Token};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;

/// The most bytes a sealed seed has: version, nonce, the longest seed, tag.
pub(crate) const MAX_LEN: usize = 1 + NONCE_LEN + Seed::MAX_LEN + TAG_LEN;

/// Makes a seal unique: it is random, and used once.
pub(crate) struct Nonce([u8; NONCE_LEN]);

/// So many nonces at once, for each time that the system is asked takes longer than a seal.
pub(crate) fn nonces(count: usize) -> Result<Vec<Nonce>, Fault> {
    let mut nonces = vec![[0; NONCE_LEN]; count];
    getrandom::fill(nonces.as_flattened_mut()).map_err(fault::no_randomness)?;
    Ok(nonces.into_iter().map(Nonce).collect())
}

/// Seals a seed for one token.
pub(crate) fn seal(
    keys: &Keys,
    serial: &Serial,
    parameters: &Parameters,
    seed: &Seed,
) -> Result<SealedSeed, Fault> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(fault::no_randomness)?;
    seal_with(Nonce(nonce), keys, serial, parameters, seed.expose())
}

/// As [`seal`], with a nonce that was made before.
pub(crate) fn seal_with(
    Nonce(nonce): Nonce,
    keys: &Keys,
    serial: &Serial,
    parameters: &Parameters,
    seed: &[u8],
) -> Result<SealedSeed, Fault> {
    let payload = Payload {
        msg: seed,
        aad: &associated_data(serial, parameters),
    };
    let sealed = XChaCha20Poly1305::new((&*keys.seed).into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Fault::new(FaultKind::Io, "a seed could not be sealed"))?;
    let mut bytes = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(SealedSeed(bytes))
}

/// Opens a token's seed.
pub(crate) fn unseal(keys: &Keys, token: &Token) -> Result<Seed, Fault> {
    let damaged = || {
        let why = "does not open with this key, or was sealed for another token";
        Fault::new(
            FaultKind::Damaged,
            format!("the seed of token {}: {why}", token.serial),
        )
    };
    let (version, rest) = token.sealed_seed.0.split_first().ok_or_else(damaged)?;
    if *version > VERSION {
        let why = format!("the seed of token {} is of a newer otpair", token.serial);
        return Err(Fault::new(FaultKind::Newer, why));
    }
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
    let payload = Payload {
        msg: sealed,
        aad: &associated_data(&token.serial, &token.parameters),
    };
    let seed = XChaCha20Poly1305::new((&*keys.seed).into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| damaged())?;
    Seed::new(seed).map_err(|_| damaged())
}

fn associated_data(serial: &Serial, parameters: &Parameters) -> Vec<u8> {
    let mut data = Writer::default();
    data.u8(VERSION);
    // A serial number has at most 64 bytes: its length always fits.
    let _ = data.bytes(serial.canonical().as_bytes());
    data.parameters(parameters);
    data.0
}
