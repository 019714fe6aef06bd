//! A state block: one state of a user's record, authenticated. docs/record-format.md lays it out byte by byte.

use crate::codec::{Reader, Writer};
use crate::key::{Keys, hmac_is, hmac_sha256};
use crate::seal;
use otpair_core::records::{Account, HeldToken, IssuedBypass, Pending, UserRecord};
use otpair_core::throttle::Throttle;
use otpair_core::token::{SealedSeed, Token};

/// A block's length: one page, written at once.
pub(crate) const LEN: usize = 4096;

const MAGIC: [u8; 8] = *b"otpairU\n";
const VERSION: u16 = 2;
/// The version whose MAC goes over the padding too.
const PADDING_HASHED: u16 = 1;
const MAC_LEN: usize = 32;
const MAX_NAME: usize = 256;

/// What a valid block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) account: Account,
    pub(crate) sequence: u64,
    pub(crate) record: UserRecord,
}

/// Why a block does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// It is not what was written there.
    Damaged,
    /// A newer otpair wrote it.
    Newer,
    /// It was written with another sealing key.
    OtherKey,
}

/// A state as a block. `None` if it does not fit: never cut short.
pub(crate) fn encode(state: &State, keys: &Keys) -> Option<[u8; LEN]> {
    let mut out = Writer::default();
    out.u64(state.sequence);
    out.u32(state.account.uid);
    if state.account.name.len() > MAX_NAME {
        return None;
    }
    out.bytes(state.account.name.as_bytes())?;
    write_record(&mut out, &state.record)?;
    sealed(&out.0, keys)
}

/// The bytes of a state as a block, with what tells and proves that it is one.
pub(crate) fn sealed(state: &[u8], keys: &Keys) -> Option<[u8; LEN]> {
    let mut out = Writer::default();
    out.raw(&MAGIC);
    out.u16(VERSION);
    out.raw(&keys.id);
    out.raw(state);
    let mut block = [0; LEN];
    let (body, mac) = block.split_at_mut(LEN - MAC_LEN);
    body.get_mut(..out.0.len())?.copy_from_slice(&out.0);
    mac.copy_from_slice(&hmac_sha256(&keys.record, &[unpadded(body)]));
    Some(block)
}

/// What the MAC goes over: all but the zeros at the end. A body is as long as any other, so these bytes say all of it; with
/// the zeros the MACs of a sign-on would take ten times as long.
fn unpadded(body: &[u8]) -> &[u8] {
    let (mut rest, mut zeros) = (body, true);
    while let Some((before, chunk)) = rest.split_last_chunk::<64>().filter(|_| zeros) {
        zeros = chunk.iter().fold(0, |all, byte| all | byte) == 0;
        if zeros {
            rest = before;
        }
    }
    let end = rest.iter().rposition(|byte| *byte != 0);
    rest.get(..=end.unwrap_or_default()).unwrap_or_default()
}

/// Reads a block. Whatever [`encode`] could not have written is invalid.
pub(crate) fn decode(block: &[u8; LEN], keys: &Keys) -> Result<State, Invalid> {
    let (body, mac) = block.split_at(LEN - MAC_LEN);
    let mut fields = Reader(body);
    let head = (fields.array(), fields.u16(), fields.array());
    let (Some(MAGIC), Some(version), Some(id)) = head else {
        return Err(Invalid::Damaged);
    };
    let hashed = match version {
        VERSION => unpadded(body),
        PADDING_HASHED => body,
        0 => return Err(Invalid::Damaged),
        _ => return Err(Invalid::Newer),
    };
    if id != keys.id {
        return Err(Invalid::OtherKey);
    }
    if !hmac_is(&keys.record, &[hashed], mac) {
        return Err(Invalid::Damaged);
    }
    read_state(&mut fields).ok_or(Invalid::Damaged)
}

fn read_state(fields: &mut Reader<'_>) -> Option<State> {
    let sequence = fields.u64().filter(|sequence| *sequence > 0)?;
    let uid = fields.u32()?;
    let name = fields.text(MAX_NAME)?.to_owned();
    let record = read_record(fields)?;
    // Without stopping at the first other one: so it takes many bytes at a time.
    let padding = fields.0.iter().fold(0, |all, byte| all | byte);
    (padding == 0).then_some(State {
        account: Account { name, uid },
        sequence,
        record,
    })
}

fn write_record(out: &mut Writer, record: &UserRecord) -> Option<()> {
    out.flag(record.in_doubt);
    out.u32(record.throttle.failures);
    out.u64(record.throttle.last_failure);
    out.flag(record.pending.is_some());
    if let Some(pending) = &record.pending {
        out.bytes(pending.serial.as_str().as_bytes())?;
        out.u64(pending.moving_factor);
        out.u64(pending.since);
    }
    out.u8(count(record.tokens.len(), UserRecord::MAX_TOKENS)?);
    for held in &record.tokens {
        write_token(out, held)?;
    }
    out.u8(count(record.bypass.len(), UserRecord::MAX_BYPASS)?);
    for bypass in &record.bypass {
        out.raw(&bypass.tag);
        out.u64(bypass.issued);
        out.u64(bypass.expires);
        out.u16(bypass.uses_left);
    }
    Some(())
}

fn read_record(fields: &mut Reader<'_>) -> Option<UserRecord> {
    let in_doubt = fields.flag()?;
    let throttle = Throttle {
        failures: fields.u32()?,
        last_failure: fields.u64()?,
    };
    let pending = if fields.flag()? {
        Some(Pending {
            serial: fields.serial()?,
            moving_factor: fields.u64()?,
            since: fields.u64()?,
        })
    } else {
        None
    };
    let tokens = repeat(fields, UserRecord::MAX_TOKENS, read_token)?;
    let bypass = repeat(fields, UserRecord::MAX_BYPASS, read_bypass)?;
    Some(UserRecord {
        tokens,
        throttle,
        pending,
        bypass,
        in_doubt,
    })
}

fn count(length: usize, most: usize) -> Option<u8> {
    u8::try_from(length).ok().filter(|_| length <= most)
}

fn repeat<'a, T>(
    fields: &mut Reader<'a>,
    most: usize,
    read: fn(&mut Reader<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let length = usize::from(fields.u8()?);
    if length > most {
        return None;
    }
    (0..length).map(|_| read(fields)).collect()
}

fn write_token(out: &mut Writer, held: &HeldToken) -> Option<()> {
    out.bytes(held.token.serial.as_str().as_bytes())?;
    out.parameters(&held.token.parameters);
    if held.token.sealed_seed.0.len() > seal::MAX_LEN {
        return None;
    }
    out.bytes(&held.token.sealed_seed.0)?;
    out.state(&held.state);
    Some(())
}

fn read_token(fields: &mut Reader<'_>) -> Option<HeldToken> {
    Some(HeldToken {
        token: Token {
            serial: fields.serial()?,
            parameters: fields.parameters()?,
            sealed_seed: SealedSeed(fields.bytes(seal::MAX_LEN)?.to_vec()),
        },
        state: fields.state()?,
    })
}

fn read_bypass(fields: &mut Reader<'_>) -> Option<IssuedBypass> {
    Some(IssuedBypass {
        tag: fields.array()?,
        issued: fields.u64()?,
        expires: fields.u64()?,
        uses_left: fields.u16()?,
    })
}

#[cfg(test)]
mod tests;
