//! French: « vous ». The blank in front of a colon is one that does not break in sentences; in prompts, which are short
//! and may be matched by programs, it is an ordinary one.

use super::{Pane, Wording, counted};

pub(super) static WORDING: Wording = Wording {
    serial_prompt: "Numéro de série : ",
    passcode_prompt: "Code d'accès : ",
    next_passcode_prompt: "Code d'accès suivant : ",
    press_enter: "Appuyez sur Entrée. ",

    wrong_passcode: "Code d'accès incorrect.",
    not_paired: "Ce numéro de série et ce code d'accès n'ont pas été acceptés.",
    already_used: "Ce code d'accès a déjà été utilisé. Attendez le suivant.",
    out_of_step: "Votre jeton est désynchronisé. Attendez son prochain code d'accès et saisissez-le.",
    no_passcode: "Ce n'est pas un code d'accès. Saisissez les chiffres affichés par votre jeton.",
    no_serial: "Ce n'est pas un numéro de série. Saisissez le numéro inscrit au dos de votre jeton.",
    locked_until: |time, wait| {
        format!(
            "Accès verrouillé jusqu'au {time} après trop de codes d'accès incorrects. Réessayez dans {wait}."
        )
    },
    locked_until_unlocked: "Accès verrouillé après trop de codes d'accès incorrects. \
                            Un administrateur doit le déverrouiller.",
    unavailable: "Les codes d'accès ne peuvent pas être vérifiés pour le moment. \
                  Le problème vient de cette machine, pas de vous\u{a0}: contactez son administrateur.",
    no_token: "Aucun jeton n'est associé à votre compte. Demandez-en un à votre administrateur.",
    pair_in_one_field: "Aucun jeton n'est encore associé à votre compte. \
                        Saisissez votre mot de passe, une virgule, puis\u{a0}: token NUMÉRO_DE_SÉRIE CODE.",
    no_token_yet: |time| {
        format!(
            "Aucun jeton n'est associé à votre compte. Il vous en faudra un à partir du {time}."
        )
    },
    paired: |serial| format!("Le jeton {serial} est maintenant associé à votre compte."),

    seconds: |count| counted(count, "seconde", "secondes"),
    minutes: |count| counted(count, "minute", "minutes"),
    hours: |count| counted(count, "heure", "heures"),

    pane: Pane {
        title: "Connectez-vous avec votre jeton",
        explain_serial: "Saisissez le numéro de série inscrit au dos de votre jeton. \
                         Il ne vous sera demandé que cette fois.",
        explain_pairing_passcode: "Saisissez maintenant le code d'accès affiché par votre jeton.",
        explain_passcode: "Saisissez le code d'accès affiché par votre jeton.",
        explain_next_passcode: "Attendez le prochain code d'accès de votre jeton et saisissez-le.",
        field_serial: "Numéro de série",
        field_passcode: "Code d'accès",
        field_next_passcode: "Code d'accès suivant",
        go_on: "Se connecter",
        cancel: "Annuler",
        back: "Retour à la connexion",
        continue_without: "Continuer sans jeton",
        interrupted: "La connexion a été interrompue. Veuillez recommencer à partir d'ici.",
    },
};
