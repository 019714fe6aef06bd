//! PAM's conversation as the dialog's.

use otpair_host::session::{Conversation, Prompt, Unreachable};
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
    fn ask(&mut self, prompt: &Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        let style = if prompt.echo {
            PAM_PROMPT_ECHO_ON
        } else {
            PAM_PROMPT_ECHO_OFF
        };
        let typed = self.0.send(style, &prompt.text).map_err(|_| Unreachable)?;
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

/// The conversation of a door with one field: the answer was typed before. Messages are shown where that can be done.
pub(crate) struct OneFieldConversation<'a> {
    answer: Option<Zeroizing<Vec<u8>>>,
    conv: Option<PamConversation<'a>>,
}

impl<'a> OneFieldConversation<'a> {
    pub(crate) fn new(answer: Option<Zeroizing<Vec<u8>>>, conv: Option<&'a Conv<'a>>) -> Self {
        Self {
            answer,
            conv: conv.map(PamConversation::new),
        }
    }
}

impl Conversation for OneFieldConversation<'_> {
    fn ask(&mut self, _: &Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        Ok(self.answer.take())
    }

    fn tell(&mut self, text: &str, is_refusal: bool) {
        if let Some(conv) = &mut self.conv {
            conv.tell(text, is_refusal);
        }
    }
}
