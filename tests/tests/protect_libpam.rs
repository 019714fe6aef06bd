//! Stacks by chance: what `otpair protect` says of them, and what libpam makes of them.

use otpair_tests::machine::{Machine, told};
use otpair_tests::scenario::paired;

const LINES: [&str; 14] = [
    "requisite pam_unix.so nodelay",
    "required pam_unix.so nodelay",
    "sufficient pam_unix.so nodelay",
    "[success=1 default=ignore] pam_unix.so nodelay",
    "[success=2 default=ignore] pam_unix.so nodelay",
    "[success=done default=bad] pam_unix.so nodelay",
    "requisite pam_deny.so",
    "[default=die] pam_deny.so",
    "required pam_permit.so",
    "[success=1 default=ignore] pam_permit.so",
    "[success=reset default=ignore] pam_permit.so",
    "substack common-auth",
    "include common-auth",
    "include inner",
];

/// The same numbers at every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn stack(&mut self) -> String {
        let lines = 1 + self.roll(5);
        let auth: String = (0..lines)
            .map(|_| format!("auth {}\n", LINES[self.roll(LINES.len())]))
            .collect();
        auth + "account required pam_permit.so\n"
    }
}

/// Gives the same answer to every prompt. Whether the sign-on is granted, and whether it came to otpair.
fn sign_on(machine: &Machine, password: &str) -> (bool, bool) {
    let answers = format!("{password}\n").repeat(20);
    let output = machine.run_with("pamtester", &["otptest", "alice", "authenticate"], &answers);
    (output.status.success(), told(&output).contains("Passcode"))
}

#[test]
fn no_stack_that_protect_accepts_lets_a_wrong_password_through_or_the_right_one_past() {
    let (machine, _) = paired();
    machine.write("/etc/pam.d/inner", "auth [success=1 default=ignore] pam_unix.so nodelay\nauth [default=die] pam_deny.so\nauth required pam_permit.so\n");
    machine.done(
        "sed",
        &["-i", "s/nullok/nodelay/", "/etc/pam.d/common-auth"],
    );
    let (mut dice, mut accepted, mut asked) = (Dice(3), 0, 0);
    for _ in 0..50 {
        let stack = dice.stack();
        machine.write("/etc/pam.d/otptest", &stack);
        if !machine
            .otpair(&["protect", "otptest", "--revert-in", "7d"])
            .status
            .success()
        {
            continue;
        }
        accepted += 1;
        assert_eq!(sign_on(&machine, "wrong"), (false, false), "{stack}");
        let (granted, came_to_otpair) = sign_on(&machine, "alice-pw");
        assert!(!granted, "the right password alone is enough:\n{stack}");
        asked += i32::from(came_to_otpair);
    }
    assert!(
        accepted > 5 && asked > 3,
        "{accepted} accepted, {asked} asked"
    );
}

#[test]
fn of_a_control_that_is_written_oddly_protect_thinks_as_libpam_does() {
    let (machine, _) = paired();
    for (control, is_end) in [
        ("success=ok success=done default=die", true),
        ("default=done default=die", true),
        ("success=done success=ok default=die", false),
        ("succes=done default=done", false),
        ("success=DONE default=done", false),
    ] {
        let stack = format!("auth [{control}] pam_unix.so nodelay\nauth requisite pam_deny.so\n");
        machine.write("/etc/pam.d/otptest", &stack);
        let (granted, _) = sign_on(&machine, "alice-pw");
        assert_eq!(granted, is_end, "{control}");
        let protected = machine.otpair(&["protect", "otptest", "--revert-in", "7d"]);
        let ends = told(&protected).contains("lets people in before otpair");
        assert_eq!(ends, is_end, "{control}: {}", told(&protected));
        machine.otpair(&["protect", "--revert"]);
    }
}
