//! What a disk does: it is full, it is read-only, it has lost what was on it.

use crate::answer::{Answer, Asked, Question, USER, exact};
use crate::module::Wish;
use crate::worker::Visit;
use otpair_tests::libpam::name;
use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The questions.
pub const QUESTIONS: [Question; 3] = [
    Question {
        rows: &[exact("A full disk stops nobody who has a token")],
        ask: full,
    },
    Question {
        rows: &[exact(
            "A read-only disk lets nobody in, the log says why, and it is over when the disk is back",
        )],
        ask: read_only,
    },
    Question {
        rows: &[
            exact(
                "An empty file where a user's token was lets nobody in, nor does the documented stack",
            ),
            exact("Garbage where a user's token was lets nobody in, nor does the documented stack"),
        ],
        ask: damaged,
    },
];

/// A small file system in memory; gone when this is dropped.
struct Disk(PathBuf);

impl Disk {
    fn new(parent: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let disk = Self(parent.join(format!("otpair-disk-{}-{number}", std::process::id())));
        DirBuilder::new()
            .create(&disk.0)
            .expect("a folder can be made");
        mount(&["-t", "tmpfs", "-o", "mode=0755,size=4m", "disk"], &disk.0);
        disk
    }

    fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut size = 1 << 20;
        let mut file = fs::File::create(&filler).expect("a file can be made");
        while size > 0 {
            // Ever smaller pieces, down to the last byte.
            if std::io::Write::write_all(&mut file, &vec![0; size]).is_err() {
                size /= 2;
            }
        }
        filler
    }

    fn remount(&self, how: &str) {
        mount(&["-o", &format!("remount,{how}")], &self.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

fn mount(options: &[&str], place: &Path) {
    let status = Command::new("mount").args(options).arg(place).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "mount {options:?} failed"
    );
}

fn code(code: i64) -> String {
    let code = i32::try_from(code).expect("PAM's codes are small");
    format!("`{}`", name(code))
}

fn full(asked: &Asked<'_>) -> Vec<Answer> {
    let disk = Disk::new(&asked.surroundings.parent);
    let (module, mut holder, mut worker) = asked.signed_on(&Wish::plain(&disk.0));
    let filler = disk.fill();
    let visit = module.visit(USER, &holder.press());
    let first = worker.hold(&visit);
    let again = worker.hold(&visit).is_granted();
    fs::remove_file(filler).expect("a file can be removed");
    let after = worker
        .hold(&module.visit(USER, &holder.press()))
        .is_granted();
    let told = match (first.is_granted(), again, after) {
        (true, true, _) => "let in, and again with the same passcode".to_owned(),
        (true, false, _) => "let in".to_owned(),
        (false, _, true) => format!("{} for everybody", code(first.code)),
        (false, _, false) => format!("{}, and when there is room again too", code(first.code)),
    };
    vec![Answer::new(first.is_granted() && !again && after, told)]
}

fn read_only(asked: &Asked<'_>) -> Vec<Answer> {
    let disk = Disk::new(&asked.surroundings.parent);
    let (module, mut holder, mut worker) = asked.signed_on(&Wish::plain(&disk.0));
    disk.remount("ro");
    let reply = worker.hold(&module.visit(USER, &holder.press()));
    let tells_why = module.tells_why(&asked.surroundings.news());
    disk.remount("rw");
    let after = worker
        .hold(&module.visit(USER, &holder.press()))
        .is_granted();
    let log = if tells_why { "logged" } else { "not logged" };
    let then = if after {
        ""
    } else {
        "; and refused when the disk is back"
    };
    vec![Answer::new(
        !reply.is_granted() && tells_why && after,
        format!("{}, {log}{then}", code(reply.code)),
    )]
}

fn damaged(asked: &Asked<'_>) -> Vec<Answer> {
    ["", "garbage\n"]
        .map(|content| {
            let (module, mut holder, mut worker) =
                asked.signed_on(&Wish::plain(&asked.surroundings.parent));
            fs::write(module.state(USER), content).expect("a module's file can be written");
            let visit = module.visit(USER, &holder.press());
            let alone = worker.hold(&visit);
            let tells_why = module.tells_why(&asked.surroundings.news());
            // The password was right: what stands for it comes last, as where the peers' documents have it.
            let stack = format!("{}\nauth required pam_permit.so", module.documented());
            module.scratch().service(DOCUMENTED, &stack);
            let documented = worker.hold(&Visit {
                service: DOCUMENTED,
                ..visit
            });
            let log = if tells_why { "logged" } else { "not logged" };
            let then = if documented.is_granted() {
                "its README's own stack lets in"
            } else {
                "denied"
            };
            Answer::new(
                !alone.is_granted() && !documented.is_granted(),
                format!("{}, {log}; {then}", code(alone.code)),
            )
        })
        .to_vec()
}

/// The service with the documented stack.
const DOCUMENTED: &str = "documented";
