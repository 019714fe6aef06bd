//! PAM's conversation as the dialog's.

use otpair_host::session::{Conversation, Unreachable};
use pam::constants::{PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_TEXT_INFO};
use pam::conv::Conv;
use zeroize::Zeroizing;

/// The conversation that the program brought.
pub(crate) struct PamConversation<'a>(&'a Conv<'a>);

impl<'a> PamConversation<'a> {
    pub(crate) fn new(conv: &'a Conv<'a>) -> Self {
        Self(conv)
    }
}

impl Conversation for PamConversation<'_> {
    fn ask(&mut self, text: &str, echo: bool) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        let style = if echo {
            PAM_PROMPT_ECHO_ON
        } else {
            PAM_PROMPT_ECHO_OFF
        };
        let typed = self.0.send(style, text).map_err(|_| Unreachable)?;
        Ok(typed.map(|typed| Zeroizing::new(typed.as_bytes().to_vec())))
    }

    fn tell(&mut self, text: &str, is_refusal: bool) {
        let style = if is_refusal {
            PAM_ERROR_MSG
        } else {
            PAM_TEXT_INFO
        };
        let _ = self.0.send(style, text);
    }
}
