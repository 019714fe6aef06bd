//! What was taken for granted about a file, each reported once.

use std::fmt;

/// Something that neither the file nor a flag says, and what was taken instead. `Display` is one line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// No type: TOTP.
    Type,
    /// No number of digits: 6.
    Digits,
    /// No time interval: 30 s.
    TimeInterval,
    /// No hash for TOTP: SHA1.
    Algorithm,
    /// No counter: 0.
    Counter,
    /// A third column in a Ping CSV: a counter, so HOTP.
    ThirdColumn,
    /// The first line of a Ping CSV is a header row.
    HeaderRow,
    /// No serial number: the key's id.
    SerialFromKeyId,
    /// Several keys on one device: all but the first go by their key's id.
    SeveralKeys,
    /// No serial number: the label.
    SerialFromLabel,
    /// No serial number: made up from the user's name.
    SerialFromUser,
    /// A PIN in front of the passcodes.
    Pin,
    /// Emergency codes.
    EmergencyCodes,
    /// A date without a time zone: UTC.
    TimeZone,
    /// An encrypted value without a MAC.
    NoMac,
    /// A MAC over the plaintext where RFC 6030 wants it over the ciphertext.
    MacOverPlaintext,
    /// The file is signed; the signature was not checked.
    Signature,
    /// A key or passphrase was given for a file that is not encrypted.
    NotEncrypted,
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "the file does not say the type: TOTP taken",
            Self::Digits => "the file does not say the number of digits: 6 taken",
            Self::TimeInterval => "the file does not say the time interval: 30 s taken",
            Self::Algorithm => "the file does not say the hash algorithm: SHA1 taken",
            Self::Counter => "the file does not say the counter: 0 taken",
            Self::ThirdColumn => "the file does not say the type: HOTP taken where there is a third column, the counter",
            Self::HeaderRow => "the first line was taken for a header row",
            Self::SerialFromKeyId => "the file does not say the serial number: the key id taken",
            Self::SeveralKeys => {
                "a device has several keys: the first taken by its serial number, the others by their key id"
            }
            Self::SerialFromLabel => "the file does not say the serial number: the label taken",
            Self::SerialFromUser => {
                "the file does not say the serial number: one made up from the user's name taken"
            }
            Self::Pin => {
                "a PIN in front of the passcodes is not taken over: people type the passcode alone"
            }
            Self::EmergencyCodes => {
                "emergency codes are not taken over: otpair user bypass gives one when it is needed"
            }
            Self::TimeZone => "the file does not say a date's time zone: UTC taken",
            Self::NoMac => "an encrypted value has no MAC: taken as it was decrypted",
            Self::MacOverPlaintext => "a MAC is over the plaintext, not the ciphertext: taken, it fits",
            Self::Signature => "the file is signed: the signature was not checked",
            Self::NotEncrypted => "the file is not encrypted: the key or passphrase was not needed",
        })
    }
}

/// The assumptions made so far, each reported once.
#[derive(Default)]
pub(super) struct Notes {
    made: Vec<Assumption>,
    reported: usize,
}

impl Notes {
    pub(super) fn add(&mut self, assumption: Assumption) {
        if !self.made.contains(&assumption) {
            self.made.push(assumption);
        }
    }

    /// The next assumption that nobody has been told of.
    pub(super) fn unreported(&mut self) -> Option<Assumption> {
        let next = self.made.get(self.reported).copied();
        self.reported += usize::from(next.is_some());
        next
    }
}
