//! A hostile program that talks to the helper without the module: `hostile frames COUNT` sends that many connections of
//! nonsense, `hostile hold COUNT AGAIN` opens so many connections at once and says nothing, or says it very slowly, until its stdin
//! ends; of those that are closed it opens others, so many in all.
//!
//! Prints one line: how often it was granted something, which must be never, and what else it was told.

use std::collections::BTreeMap;
use std::env;
use std::io::{Read, Write, stdin};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

const SOCKET: &str = "/run/otpair/helper.sock";

/// As many at once as one user's programs may have.
const AT_ONCE: u64 = 4;

/// How long a connection waits for what the helper says.
const PATIENCE: Duration = Duration::from_secs(30);

/// The users that are tried.
const USERS: [&str; 5] = ["alice", "bob", "carol", "ghost", "root"];

/// A sequence that is the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let length = self.below(longest + 1);
        (0..length).map(|_| self.roll().to_be_bytes()[0]).collect()
    }
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], payload].concat()
}

/// A legal opening, for one of the users.
fn opening(dice: &mut Dice) -> Vec<u8> {
    let user = USERS[dice.below(USERS.len())];
    let mut payload = vec![2, u8::try_from(dice.below(8)).unwrap()];
    for text in [user, "i3lock", "10.0.0.1"] {
        payload.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        payload.extend(text.as_bytes());
    }
    if payload[1] & 4 == 0 {
        payload.truncate(payload.len() - 10);
    }
    frame(u8::try_from(1 + dice.below(2)).unwrap(), &payload)
}

/// What one connection says: nonsense, half a request, one that is too long.
fn nonsense(dice: &mut Dice) -> Vec<u8> {
    let opening = opening(dice);
    match dice.below(3) {
        0 => dice.bytes(2000),
        1 => opening[..dice.below(opening.len())].to_vec(),
        _ => frame(
            dice.bytes(1).first().copied().unwrap_or(9),
            &dice.bytes(600),
        ),
    }
}

/// What one connection says that gets as far as a dialog: bent, out of turn, for others.
fn out_of_turn(dice: &mut Dice) -> Vec<u8> {
    let mut said = opening(dice);
    match dice.below(3) {
        0 => {
            let at = dice.below(said.len());
            said[at] ^= 1 << dice.below(8);
        }
        1 => said.extend(frame(3, &vec![b'9'; 600])),
        _ => said.extend(dice.bytes(40)),
    }
    said
}

/// What came back, by the kind of its last frame; "granted" if that was a grant.
fn last_frame(said: &[u8]) -> &'static str {
    let (mut rest, mut last) = (said, "nothing");
    while let [kind, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let payload = after.get(..length).unwrap_or(after);
        last = match (kind, payload) {
            (18, [0]) => return "granted",
            (18, _) => "done",
            (19, _) => "how to split",
            (20, [3]) => "busy",
            (20, _) => "refused",
            _ => "something",
        };
        rest = after.get(length..).unwrap_or_default();
    }
    last
}

fn send(count: u64, seed: u64) -> BTreeMap<&'static str, u64> {
    let mut dice = Dice(seed);
    let mut told = BTreeMap::new();
    for number in 0..count {
        // The last tenth is what the helper has a user pause for.
        let said = if number < count / 10 * 9 {
            nonsense(&mut dice)
        } else {
            out_of_turn(&mut dice)
        };
        let mut stream = UnixStream::connect(SOCKET).expect("the helper's socket is gone");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.write_all(&said);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        *told.entry(last_frame(&said)).or_default() += 1;
    }
    told
}

fn frames(count: u64) {
    let workers: Vec<_> = (1..=AT_ONCE)
        .map(|seed| thread::spawn(move || send(count / AT_ONCE, seed)))
        .collect();
    let mut told: BTreeMap<&str, u64> = BTreeMap::from([("granted", 0)]);
    for worker in workers {
        for (what, times) in worker.join().unwrap() {
            *told.entry(what).or_default() += times;
        }
    }
    println!("{told:?}");
}

/// More connections than there are places: silent ones, and ones that send a byte now and then.
fn hold(count: usize, mut again: usize) {
    let mut held: Vec<_> = (0..count)
        .filter_map(|_| UnixStream::connect(SOCKET).ok())
        .collect();
    let drip = thread::spawn(move || {
        for byte in [1, 0, 20, 1, 0, 0, 3].iter().cycle() {
            for stream in held.iter_mut().step_by(2) {
                if stream.write_all(&[*byte]).is_err()
                    && again > 0
                    && let Ok(fresh) = UnixStream::connect(SOCKET)
                {
                    *stream = fresh;
                    again -= 1;
                }
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    println!("holding");
    let _ = stdin().read_to_end(&mut Vec::new());
    drop(drip);
    std::process::exit(0);
}

fn main() {
    let words: Vec<_> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["frames", count] => frames(count.parse().expect("a number of connections")),
        ["hold", count, again] => hold(
            count.parse().expect("a number of connections"),
            again.parse().expect("a number of connections"),
        ),
        _ => panic!("usage: hostile frames COUNT | hostile hold COUNT AGAIN"),
    }
}
