//! Spanish: "usted".

use super::{Pane, Wording, counted};

pub(super) static WORDING: Wording = Wording {
    serial_prompt: "Número de serie: ",
    passcode_prompt: "Código de acceso: ",
    next_passcode_prompt: "Siguiente código de acceso: ",
    press_enter: "Pulse Intro. ",

    wrong_passcode: "Código de acceso incorrecto.",
    not_paired: "Este número de serie y este código de acceso no se han aceptado.",
    already_used: "Ese código de acceso ya se ha utilizado. Espere al siguiente.",
    out_of_step: "Su token está desincronizado. Espere a su siguiente código de acceso y escríbalo.",
    no_passcode: "Eso no es un código de acceso. Escriba los dígitos que muestra su token.",
    no_serial: "Eso no es un número de serie. Escriba el número que figura en la parte trasera de su token.",
    locked_until: |time, wait| {
        format!(
            "Acceso bloqueado hasta el {time} por demasiados códigos de acceso incorrectos. \
             Vuelva a intentarlo dentro de {wait}."
        )
    },
    locked_until_unlocked: "Acceso bloqueado hasta que un administrador lo desbloquee, \
                            por demasiados códigos de acceso incorrectos.",
    unavailable: "En este momento no se pueden comprobar los códigos de acceso. \
                  El fallo es de este equipo, no suyo: avise al administrador.",
    no_token: "No hay ningún token vinculado a su cuenta. Solicite uno a su administrador.",
    pair_in_one_field: "Todavía no hay ningún token vinculado a su cuenta. \
                        Escriba su contraseña, una coma y después: token NÚMERO_DE_SERIE CÓDIGO.",
    no_token_yet: |time| {
        format!("No hay ningún token vinculado a su cuenta. Necesitará uno a partir del {time}.")
    },
    paired: |serial| format!("El token {serial} ha quedado vinculado a su cuenta."),

    seconds: |count| counted(count, "segundo", "segundos"),
    minutes: |count| counted(count, "minuto", "minutos"),
    hours: |count| counted(count, "hora", "horas"),

    pane: Pane {
        title: "Inicie sesión con su token",
        explain_serial: "Escriba el número de serie que figura en el dorso de su token. \
                         Solo se le pedirá esta vez.",
        explain_pairing_passcode: "Escriba ahora el código de acceso que muestra su token.",
        explain_passcode: "Escriba el código de acceso que muestra su token.",
        explain_next_passcode: "Espere al siguiente código de acceso de su token y escríbalo.",
        field_serial: "Número de serie",
        field_passcode: "Código de acceso",
        field_next_passcode: "Siguiente código de acceso",
        go_on: "Iniciar sesión",
        cancel: "Cancelar",
        back: "Volver al inicio de sesión",
        continue_without: "Continuar sin token",
        interrupted: "El inicio de sesión se ha interrumpido. Vuelva a empezar desde aquí.",
    },
};
