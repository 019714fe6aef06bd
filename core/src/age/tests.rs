use super::*;
use proptest::prelude::*;
use std::io::{Read as _, Write as _};
use zeroize::Zeroizing;

const PASSPHRASE: &[u8] = b"correct horse battery staple";
const CHUNK: usize = 64 * 1024;

fn random() -> Random {
    Random {
        file_key: Zeroizing::new([1; 16]),
        salt: [2; 16],
        nonce: [3; 16],
    }
}

fn sealed(text: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), PASSPHRASE, 1, random()).unwrap();
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn refusal(error: &io::Error) -> Refusal {
    let inner = error.get_ref().unwrap_or_else(|| panic!("{error}"));
    *inner.downcast_ref().unwrap()
}

fn open_with(file: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut input = file;
    let header = Header::read(&mut input).map_err(|error| refusal(&error))?;
    let key = header.unlock(passphrase)?;
    let mut text = Vec::new();
    Reader::new(input, &key)
        .and_then(|mut reader| reader.read_to_end(&mut text))
        .map_err(|error| refusal(&error))?;
    Ok(text)
}

fn open(file: &[u8]) -> Result<Vec<u8>, Refusal> {
    open_with(file, PASSPHRASE)
}

/// The header's text with something replaced.
fn with(from: &str, to: &str) -> Vec<u8> {
    let file = sealed(b"");
    let end = file.windows(4).position(|four| four == b"--- ").unwrap() + 48;
    let (header, payload) = file.split_at(end);
    let header = str::from_utf8(header).unwrap();
    assert!(header.contains(from), "{header}");
    [header.replacen(from, to, 1).as_bytes(), payload].concat()
}

#[test]
fn what_was_written_is_read_whatever_its_length() {
    for length in [0, 1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
        let text = vec![b'x'; length];
        assert!(open(&sealed(&text)).unwrap() == text, "{length}");
    }
}

#[test]
fn a_file_begins_as_the_specification_has_it_and_is_no_longer_than_it_has_to_be() {
    let file = sealed(&vec![0; CHUNK]);
    let start = "age-encryption.org/v1\n-> scrypt AgICAgICAgICAgICAgICAg 1\n";
    assert!(file.starts_with(start.as_bytes()));
    // The wrapped key, the MAC, the nonce, one chunk with its tag.
    assert_eq!(file.len(), start.len() + 44 + 48 + 16 + CHUNK + 16);
}

#[test]
fn another_passphrase_is_told_from_damage() {
    let file = sealed(b"seeds");
    let wrong = Err(Refusal::WrongPassphrase);
    assert_eq!(open_with(&file, b"Correct horse battery staple"), wrong);
    assert_eq!(open_with(&file, b""), wrong);
}

#[test]
fn no_changed_byte_goes_unnoticed() {
    let file = sealed(b"seeds");
    for place in 0..file.len() {
        for bit in [1, 0x20, 0x80] {
            let mut changed = file.clone();
            changed[place] ^= bit;
            assert!(open(&changed).is_err(), "{place}");
        }
    }
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_refused() {
    let file = sealed(b"seeds");
    for length in 0..file.len() {
        assert!(open(&file[..length]).is_err(), "{length}");
    }
    let two = sealed(&vec![0; CHUNK + 1]);
    let whole_chunk = two.len() - 17;
    for length in [whole_chunk - 1, whole_chunk, whole_chunk + 1] {
        assert!(open(&two[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_file_to_which_something_was_added_is_refused() {
    for length in [5, CHUNK] {
        let mut longer = sealed(&vec![0; length]);
        longer.push(0);
        assert!(open(&longer).is_err());
        let twice = [sealed(&vec![0; length]), sealed(b"")].concat();
        assert!(open(&twice).is_err());
    }
}

#[test]
fn chunks_that_were_swapped_or_doubled_are_refused() {
    let text: Vec<u8> = (0..3 * CHUNK)
        .map(|n| u8::try_from(n / CHUNK).unwrap())
        .collect();
    let file = sealed(&text);
    let start = file.len() - 3 * (CHUNK + 16);
    let chunks: Vec<_> = file[start..].chunks(CHUNK + 16).collect();
    for order in [[1, 0, 2], [0, 0, 2]] {
        let mixed = order.map(|place| chunks[place]).concat();
        assert!(open(&[&file[..start], &mixed].concat()).is_err());
    }
}

#[test]
fn an_empty_last_chunk_behind_a_full_one_is_refused() {
    let mut writer = Writer::new(Vec::new(), PASSPHRASE, 1, random()).unwrap();
    writer.write_all(&vec![0; CHUNK]).unwrap();
    writer.end_chunk();
    let refused = Err(Refusal::Damaged("its last chunk is empty"));
    assert_eq!(open(&writer.finish().unwrap()), refused);
}

#[test]
fn a_passphrase_stands_alone_and_other_keys_are_told() {
    let header = "-> scrypt AgICAgICAgICAgICAgICAg 1\n";
    let other = "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n";
    let body = "EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n";
    let alone = with(header, other);
    assert_eq!(open(&alone), Err(Refusal::NoPassphrase));
    let end = sealed(b"");
    let end = str::from_utf8(&end[end.windows(4).position(|f| f == b"--- ").unwrap()..][..8]);
    let end = end.unwrap();
    let second = with(end, &format!("{other}{body}{end}"));
    assert_eq!(open(&second), Err(Refusal::Damaged("the header's end")));
}

#[test]
fn more_work_than_a_machine_has_is_not_begun() {
    let with_work = |log_n: &str| open(&with(" 1\n", &format!(" {log_n}\n")));
    assert_eq!(with_work("21"), Err(Refusal::WorkFactor(21)));
    assert_eq!(with_work("64"), Err(Refusal::WorkFactor(64)));
    let refused = Err(Refusal::Damaged("the work factor"));
    for log_n in ["0", "01", "+1", "-1", "1.0", "256", "", "x"] {
        assert_eq!(with_work(log_n), refused, "{log_n:?}");
    }
}

#[test]
fn a_value_that_is_not_written_in_its_one_way_is_refused() {
    for salt in [
        "AgICAgICAgICAgICAgICAh",   // the last letter has bits too many
        "AgICAgICAgICAgICAgICAg==", // padding
        "AgICAgICAgICAgICAgICAgIC", // too long
        "AgICAgICAgICAgICAgIC",     // too short
        "AgICAgICAgICAgICAgIC_g",   // another alphabet
    ] {
        let file = with("AgICAgICAgICAgICAgICAg", salt);
        assert_eq!(open(&file), Err(Refusal::Damaged("the salt")), "{salt}");
    }
    let spaced = with("-> scrypt ", "-> scrypt  ");
    assert_eq!(open(&spaced), Err(Refusal::Damaged("the scrypt stanza")));
    assert!(open(&with("v1\n", "v1\r\n")).is_err());
}

#[test]
fn what_is_no_such_file_is_told_by_what_it_is() {
    assert_eq!(open(b""), Err(Refusal::NotAge));
    assert_eq!(open(b"<KeyContainer/>\n"), Err(Refusal::NotAge));
    assert_eq!(open(&[0xff; 5000]), Err(Refusal::NotAge));
    assert_eq!(open(&with("v1", "v2")), Err(Refusal::NotAge));
    let armored = b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n";
    assert_eq!(open(armored), Err(Refusal::Armored));
}

proptest! {
    #[test]
    fn base64_has_one_text_for_each_value(bytes: [u8; 32], other in "[A-Za-z0-9+/]{43}") {
        let text = base64::encode(&bytes);
        prop_assert_eq!(base64::decode(&text), Some(bytes));
        if let Some(value) = base64::decode::<32>(&other) {
            prop_assert_eq!(base64::encode(&value), other);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        prop_assert!(open(&bytes).is_err());
    }
}
