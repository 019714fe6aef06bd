//! otpair as a contender: seed caches with more and fewer tokens.

use crate::contender::{Contender, Visit, Visits, What, Who};
use crate::instructions;
use crate::options::Options;
use crate::scratch::{Programs, Scratch};
use crate::surroundings::{service, user};
use otpair_tests::seed_file::{self, Kind, Order};
use otpair_tests::token::Token;
use std::path::{self, Path};

/// The user with a HOTP token, and the one with a TOTP token who gets it wrong. Every system has them, near the beginning of
/// its list of users.
pub const USER: &str = "root";
pub const OTHER_USER: &str = "daemon";

/// How many users sign on at once; those after them have no token yet.
pub const MANY: usize = 64;

/// Config of every otpair here: the defaults, but that failures may go on, and that one of them ends the dialog.
const CONFIG: &str =
    "[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 4000000000\nmax_total = 4000000000\n";

/// An otpair with one token, and what is done with it.
pub struct Otpair {
    /// The folder.
    pub scratch: Scratch,
    tokens: usize,
    service: String,
}

impl Otpair {
    /// An otpair with so many tokens. Its service has a second one, with the module that has symbols.
    pub fn new(programs: &Programs, symbols: &Path, options: &Options, tokens: usize) -> Self {
        let scratch = Scratch::new(programs, &options.folder, CONFIG);
        if tokens > 1 {
            let file = scratch.path("seeds.csv");
            seed_file::write(&file, Kind::Csv, Order::Vendor, tokens - 1);
            let path = file.to_str().expect("the path is UTF-8");
            scratch.admin(&["import", path, "--type", "hotp"]);
            std::fs::remove_file(&file).expect("the seed file can't be removed");
        }
        let config = scratch.path("otpair.toml");
        let config = config.display();
        let name = format!("otpair-{tokens}");
        let line = |module: &Path| {
            // libpam looks for others in a folder of its own.
            let module = path::absolute(module).expect("a path has a beginning");
            format!("required {} config={config}", module.display())
        };
        service(&name, &line(&programs.module));
        service(&instructions::service(&name), &line(symbols));
        Self {
            scratch,
            tokens,
            service: name,
        }
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    fn contender(&self, what: What, every: usize, visits: Visits) -> Contender {
        Contender {
            who: Who::Otpair,
            what,
            tokens: self.tokens,
            service: self.service.clone(),
            every,
            visits,
        }
    }

    /// Pairs an imported token.
    pub fn pair(&self, user: &str, token: &Token, passcode: &str) {
        let pair = ["user", "pair", user, &token.serial, "--passcode", passcode];
        self.scratch.admin(&pair);
    }

    /// A paired user, for so many sign-ons.
    pub fn good(&self, uses: usize) -> Contender {
        let token = Token::hotp("30000000");
        self.scratch.import([token.clone()]);
        let mut shown = token.presses(uses + 1);
        self.pair(USER, &token, &shown.remove(0));
        self.contender(What::Good, 1, Visits::good(USER, shown))
    }

    /// A paired user who gets it wrong.
    pub fn wrong(&self) -> Contender {
        let token = Token::totp("39999999");
        self.scratch.import([token.clone()]);
        self.pair(OTHER_USER, &token, &token.now());
        self.contender(What::Wrong, 1, Visits::wrong(OTHER_USER, token.wrong()))
    }

    /// Users without a token, one for each sign-on.
    pub fn pairing(&self, uses: usize, every: usize) -> Contender {
        let tokens: Vec<_> = (0..uses)
            .map(|number| Token::hotp(&(31_000_000 + number).to_string()))
            .collect();
        self.scratch.import(tokens.iter().cloned());
        let visit = |(number, token): (usize, &Token)| Visit {
            user: user(MANY + number + 1),
            answers: vec![token.serial.clone(), token.press(0)],
            good: true,
        };
        let visits = tokens.iter().enumerate().map(visit).collect();
        self.contender(What::Pairing, every, Visits::Each(visits))
    }
}
