//! Programs: thin Mach-O files of 64 bits, and universal files that hold one for each processor.

use crate::bytes::{index, part, put, size32, u32_be, u32_le, u64_le};
use crate::fault::Fault;

const MAGIC: u32 = 0xfeed_facf;
const UNIVERSAL_MAGIC: u32 = 0xcafe_babe;
const ARM64: u32 = 0x0100_000c;
const EXECUTABLE: u32 = 2;
const HEADER: usize = 32;
const LC_SEGMENT_64: u32 = 0x19;
const LC_CODE_SIGNATURE: u32 = 0x1d;
const SIGNATURE_COMMAND: usize = 16;

/// A program for one processor, ready to be signed: without a signature, but with the command that will tell where it is.
#[derive(Debug, Clone)]
pub struct Unsigned {
    bytes: Vec<u8>,
    /// Offset of the command that tells where the signature is.
    command: usize,
    linkedit: Segment,
    text: Segment,
}

/// A segment's command, and its part of the file.
#[derive(Debug, Clone, Copy)]
struct Segment {
    command: usize,
    offset: u64,
    size: u64,
}

impl Unsigned {
    /// Reads a program, and drops the signature that its linker may have made.
    ///
    /// # Errors
    /// What is no such program, or has no room for a signature's command.
    pub fn read(file: &[u8]) -> Result<Self, Fault> {
        if u32_le(file, 0)? != MAGIC {
            return Err(Fault::new("it is no Mach-O of 64 bits"));
        }
        let commands = commands(file)?;
        let (linkedit, text) = (
            segment(file, &commands, b"__LINKEDIT")?,
            segment(file, &commands, b"__TEXT")?,
        );
        let command = commands.iter().find(|c| c.1 == LC_CODE_SIGNATURE);
        let (mut bytes, command) = match command {
            Some((at, _)) => {
                let signature = index(u32_le(file, at + 8)?.into())?;
                (part(file, 0, signature)?.to_vec(), *at)
            }
            None => with_command(file)?,
        };
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        Ok(Self {
            bytes,
            command,
            linkedit,
            text,
        })
    }

    /// The length of what is signed. The signature follows it.
    #[must_use]
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The part of the file with the code, and whether a process begins in it.
    #[must_use]
    pub fn executable_segment(&self) -> (u64, u64, bool) {
        let main = u32_le(&self.bytes, 12) == Ok(EXECUTABLE);
        (self.text.offset, self.text.size, main)
    }

    /// The signed program. `signature` is given the final bytes before the signature, and returns what is as long as
    /// `room`, or less.
    ///
    /// # Errors
    /// The signature's own, or one that does not fit.
    pub fn sign(
        mut self,
        room: usize,
        signature: impl FnOnce(&[u8]) -> Result<Vec<u8>, Fault>,
    ) -> Result<Vec<u8>, Fault> {
        let (length, room) = (self.bytes.len(), room.next_multiple_of(16));
        put(
            &mut self.bytes,
            self.command + 8,
            &size32(length)?.to_le_bytes(),
        )?;
        put(
            &mut self.bytes,
            self.command + 12,
            &size32(room)?.to_le_bytes(),
        )?;
        let end = (length + room) as u64;
        let size = end.checked_sub(self.linkedit.offset);
        let size = size.ok_or_else(|| Fault::new("its __LINKEDIT is not the last segment"))?;
        let in_memory = size.next_multiple_of(1 << self.page_bits());
        put(
            &mut self.bytes,
            self.linkedit.command + 32,
            &in_memory.to_le_bytes(),
        )?;
        put(
            &mut self.bytes,
            self.linkedit.command + 48,
            &size.to_le_bytes(),
        )?;

        let signature = signature(&self.bytes)?;
        if signature.len() > room {
            return Err(Fault::new("the signature is longer than was said"));
        }
        self.bytes.extend_from_slice(&signature);
        self.bytes.resize(length + room, 0);
        Ok(self.bytes)
    }

    /// The processor's page, as a power of two: segments are aligned to it, and each is signed.
    #[must_use]
    pub fn page_bits(&self) -> u8 {
        alignment(u32_le(&self.bytes, 4).unwrap_or_default())
    }
}

/// Offset and kind of each load command.
pub(crate) fn commands(file: &[u8]) -> Result<Vec<(usize, u32)>, Fault> {
    let mut at = HEADER;
    let mut commands = Vec::new();
    for _ in 0..u32_le(file, 16)? {
        commands.push((at, u32_le(file, at)?));
        at += index(u32_le(file, at + 4)?.into())?;
    }
    Ok(commands)
}

fn segment(file: &[u8], commands: &[(usize, u32)], name: &[u8]) -> Result<Segment, Fault> {
    for (command, _) in commands.iter().filter(|c| c.1 == LC_SEGMENT_64) {
        let there = part(file, command + 8, 16)?;
        if there
            .strip_prefix(name)
            .is_some_and(|rest| rest.first() == Some(&0))
        {
            return Ok(Segment {
                command: *command,
                offset: u64_le(file, command + 40)?,
                size: u64_le(file, command + 48)?,
            });
        }
    }
    let name = String::from_utf8_lossy(name);
    Err(Fault::new(format!("it has no segment {name}")))
}

/// The program with a command for the signature at the end of its commands: Apple's linker leaves room there, and signs
/// for Intel only when asked.
fn with_command(file: &[u8]) -> Result<(Vec<u8>, usize), Fault> {
    let (count, size) = (u32_le(file, 16)?, u32_le(file, 20)?);
    let at = HEADER + index(size.into())?;
    if part(file, at, SIGNATURE_COMMAND)?
        .iter()
        .any(|byte| *byte != 0)
    {
        return Err(Fault::new("it has no room for a signature's command"));
    }
    let mut bytes = file.to_vec();
    let command = [LC_CODE_SIGNATURE, 16].map(u32::to_le_bytes).concat();
    put(&mut bytes, at, &command)?;
    put(&mut bytes, 16, &(count + 1).to_le_bytes())?;
    put(&mut bytes, 20, &(size + 16).to_le_bytes())?;
    Ok((bytes, at))
}

/// A processor's page, as a power of two: its part of a universal file is aligned to it.
fn alignment(processor: u32) -> u8 {
    if processor == ARM64 { 14 } else { 12 }
}

/// One file for all processors of these programs, in the order of their alignment, as `lipo` has it.
///
/// # Errors
/// A program twice, or what is no program.
pub fn join(programs: &[Vec<u8>]) -> Result<Vec<u8>, Fault> {
    let mut parts = Vec::new();
    for program in programs {
        if u32_le(program, 0)? != MAGIC {
            return Err(Fault::new("it is no Mach-O of 64 bits"));
        }
        parts.push((u32_le(program, 4)?, u32_le(program, 8)?, program));
    }
    parts.sort_by_key(|(processor, ..)| (alignment(*processor), *processor));
    if parts
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.0 == b.0))
    {
        return Err(Fault::new("two of the programs are for the same processor"));
    }
    let mut header = [UNIVERSAL_MAGIC, size32(parts.len())?]
        .map(u32::to_be_bytes)
        .concat();
    let mut bytes = vec![0; 8 + 20 * parts.len()];
    for (processor, model, program) in parts {
        bytes.resize(bytes.len().next_multiple_of(1 << alignment(processor)), 0);
        let (offset, size) = (size32(bytes.len())?, size32(program.len())?);
        let alignment = alignment(processor).into();
        let fields = [processor, model, offset, size, alignment];
        header.extend(fields.map(u32::to_be_bytes).concat());
        bytes.extend_from_slice(program);
    }
    put(&mut bytes, 0, &header)?;
    Ok(bytes)
}

/// The programs in a universal file; a thin one is its own only part.
///
/// # Errors
/// A header that leads outside of the file.
pub fn split(file: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    if u32_be(file, 0)? != UNIVERSAL_MAGIC {
        return Ok(vec![file.to_vec()]);
    }
    let mut programs = Vec::new();
    for number in 0..index(u32_be(file, 4)?.into())? {
        let at = 8 + 20 * number;
        let offset = index(u32_be(file, at + 8)?.into())?;
        let size = index(u32_be(file, at + 12)?.into())?;
        programs.push(part(file, offset, size)?.to_vec());
    }
    Ok(programs)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A program of a header, `__TEXT` over all of its `length` bytes but the last 100, which are `__LINKEDIT`.
    pub(crate) fn program(processor: u32, length: usize) -> Vec<u8> {
        let linkedit = length as u64 - 100;
        let mut bytes = [MAGIC, processor, 0, EXECUTABLE, 2, 144, 0, 0]
            .map(u32::to_le_bytes)
            .concat();
        for (name, offset, size) in [("__TEXT", 0, linkedit), ("__LINKEDIT", linkedit, 100)] {
            bytes.extend([LC_SEGMENT_64, 72].map(u32::to_le_bytes).concat());
            let mut padded = name.as_bytes().to_vec();
            padded.resize(16, 0);
            bytes.extend(padded);
            bytes.extend([0, size, offset, size].map(u64::to_le_bytes).concat());
            bytes.extend([0; 16]);
        }
        bytes.resize(200, 0);
        bytes.resize(length, 7);
        bytes
    }

    #[test]
    fn the_last_segment_grows_by_the_signature_in_the_file_and_in_memory() {
        let unsigned = Unsigned::read(&program(ARM64, 0x5001)).unwrap();
        assert_eq!(unsigned.length(), 0x5010);
        let signed = unsigned.sign(33, |_| Ok(vec![9; 33])).unwrap();
        assert_eq!(signed.len(), 0x5010 + 48);
        let commands = commands(&signed).unwrap();
        let linkedit = segment(&signed, &commands, b"__LINKEDIT").unwrap();
        assert_eq!(linkedit.offset + linkedit.size, signed.len() as u64);
        assert_eq!(u64_le(&signed, linkedit.command + 32).unwrap(), 0x4000);
        let (command, kind) = commands[2];
        assert_eq!((kind, commands.len()), (LC_CODE_SIGNATURE, 3));
        assert_eq!(u32_le(&signed, command + 8).unwrap(), 0x5010);
        assert_eq!(u32_le(&signed, command + 12).unwrap(), 48);
    }

    #[test]
    fn signing_again_replaces_the_signature() {
        let program = program(ARM64, 0x2000);
        let sign = |program: &[u8], byte| {
            Unsigned::read(program)
                .unwrap()
                .sign(64, |_| Ok(vec![byte; 64]))
                .unwrap()
        };
        assert_eq!(sign(&sign(&program, 1), 2), sign(&program, 2));
    }

    #[test]
    fn a_program_without_room_for_the_command_is_refused() {
        let mut program = program(ARM64, 0x2000);
        program[176] = 1;
        assert!(Unsigned::read(&program).is_err());
    }

    #[test]
    fn what_is_cut_off_anywhere_is_a_fault_and_no_panic() {
        let program = program(ARM64, 300);
        for length in 0..190 {
            assert!(Unsigned::read(&program[..length]).is_err(), "{length}");
        }
        let universal = join(&[program]).unwrap();
        for length in 0..universal.len() {
            assert!(split(&universal[..length]).is_err());
        }
    }

    #[test]
    fn each_processors_part_is_aligned_and_comes_out_as_it_went_in() {
        let intel = program(0x0100_0007, 5000);
        let arm = program(ARM64, 4999);
        let universal = join(&[arm.clone(), intel.clone()]).unwrap();
        assert_eq!(split(&universal).unwrap(), [intel.clone(), arm]);
        assert_eq!(u32_be(&universal, 16).unwrap() % (1 << 12), 0);
        assert_eq!(u32_be(&universal, 36).unwrap() % (1 << 14), 0);
        assert!(join(&[intel.clone(), intel]).is_err());
    }
}
