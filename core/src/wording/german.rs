//! German: "Sie", and "das Token".

use super::{Pane, Wording, counted};

pub(super) static WORDING: Wording = Wording {
    serial_prompt: "Seriennummer: ",
    passcode_prompt: "Passcode: ",
    next_passcode_prompt: "Nächster Passcode: ",
    press_enter: "Drücken Sie die Eingabetaste. ",

    wrong_passcode: "Falscher Passcode.",
    not_paired: "Diese Seriennummer und dieser Passcode wurden nicht akzeptiert.",
    already_used: "Dieser Passcode wurde bereits verwendet. Warten Sie auf den nächsten.",
    out_of_step: "Ihr Token ist nicht mehr synchron. Warten Sie auf seinen nächsten Passcode und geben Sie diesen ein.",
    no_passcode: "Das ist kein Passcode. Geben Sie die Ziffern ein, die Ihr Token anzeigt.",
    no_serial: "Das ist keine Seriennummer. Geben Sie die Nummer auf der Rückseite Ihres Tokens ein.",
    locked_until: |time, wait| {
        format!(
            "Nach zu vielen falschen Passcodes gesperrt bis {time}. Versuchen Sie es in {wait} erneut."
        )
    },
    locked_until_unlocked: "Nach zu vielen falschen Passcodes gesperrt, bis ein Administrator Sie entsperrt.",
    unavailable: "Passcodes können derzeit nicht geprüft werden. \
                  Der Fehler liegt bei diesem Rechner, nicht bei Ihnen: Wenden Sie sich an dessen Administrator.",
    no_token: "Mit Ihrem Konto ist kein Token gekoppelt. Bitten Sie Ihren Administrator um eines.",
    pair_in_one_field: "Mit Ihrem Konto ist noch kein Token gekoppelt. \
                        Geben Sie Ihr Passwort, ein Komma und dann dies ein: token SERIENNUMMER PASSCODE.",
    no_token_yet: |time| {
        format!("Mit Ihrem Konto ist kein Token gekoppelt. Ab {time} brauchen Sie eines.")
    },
    paired: |serial| format!("Das Token {serial} ist jetzt mit Ihrem Konto gekoppelt."),

    // In the dative, behind "in".
    seconds: |count| counted(count, "Sekunde", "Sekunden"),
    minutes: |count| counted(count, "Minute", "Minuten"),
    hours: |count| counted(count, "Stunde", "Stunden"),

    pane: Pane {
        title: "Mit Ihrem Token anmelden",
        explain_serial: "Geben Sie die Seriennummer auf der Rückseite Ihres Tokens ein. \
                         Sie werden nur dieses eine Mal danach gefragt.",
        explain_pairing_passcode: "Geben Sie nun den Passcode ein, den Ihr Token anzeigt.",
        explain_passcode: "Geben Sie den Passcode ein, den Ihr Token anzeigt.",
        explain_next_passcode: "Warten Sie auf den nächsten Passcode Ihres Tokens und geben Sie diesen ein.",
        field_serial: "Seriennummer",
        field_passcode: "Passcode",
        field_next_passcode: "Nächster Passcode",
        go_on: "Anmelden",
        cancel: "Abbrechen",
        back: "Zurück zur Anmeldung",
        continue_without: "Ohne Token fortfahren",
        interrupted: "Die Anmeldung wurde unterbrochen. Bitte beginnen Sie mit dieser Eingabe von vorn.",
    },
};
