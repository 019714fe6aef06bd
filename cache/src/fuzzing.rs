//! What is fuzzed of this crate and can't be reached from outside of it. Built for the fuzzer, and for the test that
//! runs its corpus; no other crate sees it.

use crate::block::{self, LEN};
use crate::key::Keys;

/// A state block, with the marks and the MAC that make it count: the same bytes come of what it says, or it says nothing.
///
/// # Panics
/// If that does not hold.
pub fn block(data: &[u8]) {
    let keys = Keys::derive(&[7; 32]);
    let Some(whole) = block::sealed(data, &keys) else {
        return;
    };
    assert!(whole.len() == LEN);
    if let Ok(state) = block::decode(&whole, &keys) {
        assert!(block::encode(&state, &keys) == Some(whole), "{state:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_fuzzers_corpus_of_state_blocks_holds() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/block");
        let files = fs::read_dir(corpus)
            .unwrap()
            .map(|file| file.unwrap().path());
        let files: Vec<_> = files.collect();
        assert!(!files.is_empty());
        for file in files {
            eprintln!("{}", file.display());
            block(&fs::read(file).unwrap());
        }
    }
}
