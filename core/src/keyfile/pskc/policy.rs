//! A key's policy (RFC 6030 section 5): whether passcodes may be made with it, and how.

use super::dialect::Key;
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::xml::Element;

/// An error if the policy does not allow one-time passcodes, or in a way that otpair can't follow.
pub(super) fn check(key: Key<'_>, notes: &mut Notes) -> Result<(), String> {
    key.check_usage()?;
    key.policies().try_for_each(|policy| {
        check_usage(policy)?;
        policy.elements().try_for_each(|rule| match rule.name() {
            "StartDate" | "ExpiryDate" | "KeyUsage" => Ok(()),
            "NumberOfTransactions" => {
                notes.add(Assumption::Transactions);
                Ok(())
            }
            "PINPolicy" => pin(rule, notes),
            // RFC 6030 section 5: who does not know a rule must assume that the key may not be used.
            _ => Err(
                "the key's policy has a rule that is not known: RFC 6030 forbids to use it then"
                    .to_owned(),
            ),
        })
    })
}

fn check_usage(policy: &Element) -> Result<(), String> {
    let mut usages = policy.children("KeyUsage").peekable();
    if usages.peek().is_some() && !usages.any(|usage| usage.text().eq_ignore_ascii_case("OTP")) {
        return Err("the key's policy does not allow one-time passcodes".to_owned());
    }
    Ok(())
}

/// A PIN that the token itself asks for is its own affair; one that belongs to the passcode is not asked for.
fn pin(policy: &Element, notes: &mut Notes) -> Result<(), String> {
    let mode = policy
        .attribute("PINUsageMode")
        .or_else(|| policy.text_at(&["PINUsageMode"]))
        .unwrap_or_default();
    match mode.to_ascii_lowercase().as_str() {
        "algorithmic" => {
            Err("its passcodes are computed with a PIN, which otpair does not have".to_owned())
        }
        "prepend" | "append" => {
            notes.add(Assumption::PinNotAsked);
            Ok(())
        }
        _ => Ok(()),
    }
}
