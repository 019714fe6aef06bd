//! What is fuzzed of the protocol: frames from the other side of a connection. Built for the fuzzer, and for the test
//! that runs its corpus.

use super::frames::{Frames, Nothing};
use super::wire::{Reply, Request, Stage};
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The most that a socket takes without anybody who reads.
const MOST: usize = 64 * 1024;

/// Longer than anything takes where the other side has said all that it will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads what a caller or a helper sends, to its end or its first fault: what was read is sent as it was understood.
///
/// # Panics
/// If that does not hold.
pub fn frames(data: &[u8]) {
    let Some((side, data)) = data.split_first().filter(|_| data.len() <= MOST) else {
        return;
    };
    let mut frames = connection(data);
    let mut stage = Stage::Opening;
    if side & 1 == 0 {
        loop {
            match frames.request(stage, PATIENCE) {
                Ok(request) => same_request(&request),
                Err(Nothing::Gone | Nothing::Illegal(_)) => return,
            }
            stage = Stage::Asked;
        }
    }
    while let Ok(reply) = frames.reply(PATIENCE) {
        let (kind, payload) = reply.to_frame();
        assert_eq!(Reply::parse(kind, &payload), Some(reply));
    }
}

fn same_request(request: &Request) {
    let (kind, payload) = request.to_frame();
    assert_eq!(Request::parse(kind, payload).as_ref(), Ok(request));
}

/// A connection whose other side has sent this and is gone.
#[expect(clippy::expect_used, reason = "nothing is fuzzed without")]
fn connection(sent: &[u8]) -> Frames {
    let (mut theirs, ours) = UnixStream::pair().expect("a pair of sockets");
    theirs.write_all(sent).expect("there is room for it");
    theirs.shutdown(Shutdown::Write).expect("it is open");
    Frames::new(ours).expect("a connection")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_fuzzers_corpus_of_frames_holds() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/frames");
        let files = fs::read_dir(corpus)
            .unwrap()
            .map(|file| file.unwrap().path());
        let files: Vec<_> = files.collect();
        assert!(!files.is_empty());
        for file in files {
            eprintln!("{}", file.display());
            frames(&fs::read(file).unwrap());
        }
    }
}
