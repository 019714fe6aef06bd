//! An authorization host for the tests: `authhost PLAN` loads the login window's plugin, does what the JSON plan says, and
//! prints what it heard at each step as one JSON list.

fn main() {
    let plan = std::env::args().nth(1).expect("usage: authhost PLAN");
    let plan = serde_json::from_str(&plan).expect("the plan is JSON");
    println!("{}", otpair_tests::authhost::run(&plan));
}
