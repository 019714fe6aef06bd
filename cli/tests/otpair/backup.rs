//! Backups, as far as they need no other machine.

use crate::scratch::Scratch;
use crate::tokens::TOTP;

#[test]
fn a_backup_to_a_name_without_a_folder_is_made_here_and_recorded() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.write("passphrase", "correct horse battery staple\n");
    let told = scratch.done(&["backup", "--passphrase-file", "passphrase", "b.age"]);
    assert!(told.contains("1 token and 0 people"), "{told}");
    assert!(scratch.path("b.age").is_file());
    assert_eq!(scratch.events_named("backed_up").len(), 1);
    let why = scratch.run(&["import", "b.age"]).stdout;
    assert!(why.contains("otpair restore"), "{why}");
}
