//! How many sign-ons a second many processes do at once, next to what the disk could flush for as many processes.

use crate::contender::{Contender, Visits, Who};
use crate::crew::{Crew, Done, Job};
use crate::figure::{Figure, as_f64};
use crate::options::Options;
use crate::otpair::{OTHER_USER, Otpair};
use crate::peers::{
    self, google_authenticator_file, google_authenticator_folder, google_authenticator_line,
    pam_oath_line, write_private,
};
use crate::surroundings::{service, user};
use otpair_tests::token::Token;
use std::fmt::Write as _;

/// What was measured with so many processes.
pub struct Together {
    /// How many.
    pub processes: usize,
    /// The disk's own flushes a second.
    pub disk: Figure,
    /// `pam_permit`'s sign-ons a second over those: what libpam and the processors leave room for.
    pub permit: Figure,
    /// Each one's good sign-ons a second over those: different users.
    pub good: Vec<(Who, Figure)>,
    /// How many of those that had to be granted were not, of a hundred.
    pub denied: Vec<(Who, Figure)>,
    /// Each one's wrong passcodes a second over the disk's flushes: all of one user.
    pub one_user: Vec<(Who, Figure)>,
}

/// Where somebody's module is signed on to.
pub struct Place {
    /// Whose module it is.
    pub who: Who,
    /// The service with many users.
    good: String,
    /// The service with one user who gets it wrong, and the passcode.
    wrong: String,
    passcode: String,
}

/// The token of the user of this number: the same one at every module.
fn token(number: usize) -> Token {
    Token::hotp(&(32_000_000 + number).to_string())
}

/// Gives so many users a token each, at every module. Those who get it wrong are the contenders'.
pub fn prepare(otpair: &Otpair, users: usize, contenders: &[Contender]) -> Vec<Place> {
    let scratch = &otpair.scratch;
    scratch.import((1..=users).map(token));
    let folder = google_authenticator_folder(scratch, "google-together");
    let mut lines = String::new();
    for number in 1..=users {
        let (name, token) = (user(number), token(number));
        otpair.pair(&name, &token, &token.press(0));
        write_private(&folder.join(&name), &google_authenticator_file(&token));
        let _ = writeln!(lines, "HOTP {name} - {}", token.hex());
    }
    let file = scratch.path("users-together.oath");
    write_private(&file, &lines);
    // A sign-on that it denies though it is good leaves its user behind the token.
    service("pam_oath-together", &pam_oath_line(&file, 100));
    service("google-together", &google_authenticator_line(&folder));
    let wrong = contenders.iter().filter_map(|contender| {
        let Visits::Same(visit) = &contender.visits else {
            return None;
        };
        let good = match contender.who {
            Who::Permit => return None,
            Who::PamOath => "pam_oath-together",
            Who::GoogleAuthenticator => "google-together",
            Who::Otpair => &contender.service,
        };
        Some(Place {
            who: contender.who,
            good: good.to_owned(),
            wrong: contender.service.clone(),
            passcode: visit.answers.concat(),
        })
    });
    wrong.collect()
}

/// Measures with each number of processes.
pub fn measure(options: &Options, places: &[Place]) -> Vec<Together> {
    let counts = options.processes();
    let most = counts.iter().copied().max().unwrap_or_default();
    let mut crew = Crew::start(most, &options.folder);
    let each = |processes: usize| with(&mut crew, options, places, processes, processes == most);
    counts.into_iter().map(each).collect()
}

fn with(
    crew: &mut Crew,
    options: &Options,
    places: &[Place],
    processes: usize,
    of_one_user: bool,
) -> Together {
    let (slices, milliseconds) = options.slices();
    let flush = vec![Job::Flush; processes];
    let unasked = Job::Unasked {
        service: peers::permit().service,
    };
    let unasked = vec![unasked; processes];
    let (mut disk, mut permit) = (Vec::new(), Vec::new());
    let mut tallies: Vec<Tally> = places.iter().map(|_| Tally::default()).collect();
    for slice in 0..slices {
        let before = crew.work(&flush, milliseconds).rate;
        // Who comes first changes.
        for at in (0..places.len()).map(|at| (at + slice) % places.len()) {
            let jobs = places[at].good_jobs(processes);
            tallies[at].add(crew.work(&jobs, milliseconds));
            if of_one_user {
                let done = crew.work(&places[at].wrong_jobs(processes), milliseconds);
                tallies[at].one_user.push(done.rate);
            }
        }
        let rate = f64::midpoint(before, crew.work(&flush, milliseconds).rate);
        disk.push(rate);
        permit.push(crew.work(&unasked, milliseconds).rate / rate);
        for tally in &mut tallies {
            tally.over(rate);
        }
    }
    let each = |figure: &dyn Fn(&Tally) -> Option<Figure>| {
        let all = places.iter().zip(&tallies);
        all.filter_map(|(place, tally)| Some((place.who, figure(tally)?)))
            .collect()
    };
    Together {
        processes,
        disk: Figure::of(&disk).expect("there is a slice"),
        permit: Figure::of(&permit).expect("there is a slice"),
        good: each(&|tally| Figure::of(&tally.good)),
        denied: each(&|tally| Some(tally.denied())),
        one_user: each(&|tally| Figure::of(&tally.one_user)),
    }
}

/// What is counted of one module.
#[derive(Default)]
struct Tally {
    good: Vec<f64>,
    one_user: Vec<f64>,
    denied: u64,
    tried: u64,
}

impl Tally {
    /// What a crew did with good passcodes.
    fn add(&mut self, done: Done) {
        self.good.push(done.rate);
        self.denied += done.otherwise;
        self.tried += done.otherwise + done.right;
    }

    /// Of a hundred good passcodes.
    fn denied(&self) -> Figure {
        Figure::exact(100.0 * as_f64(self.denied) / as_f64(self.tried.max(1)))
    }

    /// The latest rates, over the disk's.
    fn over(&mut self, disk: f64) {
        for rates in [&mut self.good, &mut self.one_user] {
            if let Some(last) = rates.last_mut() {
                *last /= disk;
            }
        }
    }
}

impl Place {
    fn good_jobs(&self, processes: usize) -> Vec<Job> {
        let job = |number| Job::Good {
            service: self.good.clone(),
            user: user(number),
            serial: token(number).serial,
        };
        (1..=processes).map(job).collect()
    }

    fn wrong_jobs(&self, processes: usize) -> Vec<Job> {
        let job = Job::Wrong {
            service: self.wrong.clone(),
            user: OTHER_USER.to_owned(),
            passcode: self.passcode.clone(),
        };
        vec![job; processes]
    }
}
