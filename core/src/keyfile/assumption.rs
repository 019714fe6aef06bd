//! What was taken for granted about a file, each reported once.

use std::fmt;

/// Something that neither the file nor a flag says, and what was taken instead. `Display` is one line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// No type: TOTP.
    Type,
    /// No type, in a format where that means HOTP.
    Hotp,
    /// No type in a Feitian file: told from the writing of the seed.
    TypeFromSeed,
    /// No number of digits: 6.
    Digits,
    /// No time interval: 30 s.
    TimeInterval,
    /// No time interval in a Feitian file: 60 s.
    FeitianInterval,
    /// Time tokens of `SafeWord` count from 2000-01-01.
    Since2000,
    /// No hash for TOTP: SHA1.
    Algorithm,
    /// No counter: 0.
    Counter,
    /// A moving factor: the counter of the next passcode.
    MovingFactor,
    /// A third column in a Ping CSV: a counter, so HOTP.
    ThirdColumn,
    /// The first line is a header row.
    HeaderRow,
    /// No serial number: the key's id.
    SerialFromKeyId,
    /// Several keys on one device: all but the first go by their key's id.
    SeveralKeys,
    /// No serial number: the label.
    SerialFromLabel,
    /// No serial number in a `YubiKey`'s log: the public id.
    SerialFromPublicId,
    /// A seed that could be base32 too: hexadecimal.
    Hex,
    /// A seed that could be hexadecimal too: base32.
    Base32,
    /// A base32 seed that ends inside a byte: what is left over was dropped.
    CutBase32,
    /// A seed that is not as long as is usual for its hash.
    SeedLength,
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
    /// A MAC, and no `MACMethod` that says how it is made: the hash that has its length, and the encryption key.
    MacMethod,
    /// One initialization vector for all values.
    OneVector,
    /// A passphrase's key without a length: as the cipher wants it.
    KeyLength,
    /// A draft from before RFC 6030.
    Draft,
    /// A draft that does not say how the key is made of the passphrase: PBKDF2 with HMAC-SHA1.
    DraftPassphrase,
    /// A draft's expiry date with slashes: the month first.
    MonthFirst,
    /// A number in base64 where digits belong.
    NumberInBase64,
    /// An encrypted number in digits where bytes belong.
    NumberInDigits,
    /// A limit to the number of transactions.
    Transactions,
    /// A PIN that belongs before or behind the passcode.
    PinNotAsked,
    /// The file is signed; the signature was not checked.
    Signature,
    /// A key or passphrase was given for a file that is not encrypted.
    NotEncrypted,
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "the file does not say the type: TOTP taken",
            Self::Hotp => "the file does not say the type: HOTP taken, as its format has it",
            Self::TypeFromSeed => {
                "the file does not say the type: TOTP taken where a seed is base32, HOTP where it is hexadecimal"
            }
            Self::Digits => "the file does not say the number of digits: 6 taken",
            Self::TimeInterval => "the file does not say the time interval: 30 s taken",
            Self::FeitianInterval => {
                "the file does not say the time interval: 60 s taken, as Feitian's c200 have it"
            }
            Self::Since2000 => "SafeWord's time tokens count from 2000-01-01 UTC: taken so",
            Self::Algorithm => "the file does not say the hash algorithm: SHA1 taken",
            Self::Counter => "the file does not say the counter: 0 taken",
            Self::MovingFactor => "a moving factor was taken for the counter of the next passcode",
            Self::ThirdColumn => "the file does not say the type: HOTP taken where there is a third column, the counter",
            Self::HeaderRow => "the first line was taken for a header row",
            Self::SerialFromKeyId => "the file does not say the serial number: the key id taken",
            Self::SeveralKeys => {
                "a device has several keys: the first taken by its serial number, the others by their key id"
            }
            Self::SerialFromLabel => "the file does not say the serial number: the label taken",
            Self::SerialFromPublicId => {
                "the file does not say the serial number: the YubiKey's public id taken"
            }
            Self::Hex => "a seed could be base32 as well as hexadecimal: hexadecimal taken, as its format has it",
            Self::Base32 => "a seed could be hexadecimal as well as base32: base32 taken, as its format has it",
            Self::CutBase32 => "a base32 seed ends inside a byte: the bits left over were dropped",
            Self::SeedLength => {
                "a seed is not as long as is usual for its hash (SHA1 20 bytes, SHA256 32, SHA512 64): \
                 check the hash (--algorithm)"
            }
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
            Self::MacMethod => {
                "the file does not say how its MACs are made: HMAC with the hash of that length taken, it fits"
            }
            Self::OneVector => "all values have one initialization vector: the encryption is weaker than it should be",
            Self::KeyLength => "the file does not say the length of the passphrase's key: taken as its cipher wants it",
            Self::Draft => "the file follows a draft of PSKC from before RFC 6030: read as such",
            Self::DraftPassphrase => {
                "the file does not say how its key is made of the passphrase: PBKDF2 with HMAC-SHA1 taken"
            }
            Self::MonthFirst => "an expiry date has slashes: the month taken first, then the day",
            Self::NumberInBase64 => "a number is written in base64: taken as 4 or 8 bytes, the highest first, or as digits",
            Self::NumberInDigits => "an encrypted number is written in digits, not in bytes: taken as digits",
            Self::Transactions => "the file limits how often a token may be used: that is not counted",
            Self::PinNotAsked => {
                "the file wants a PIN before or behind the passcode: otpair asks for the passcode only"
            }
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

    /// Adds all that others have.
    pub(super) fn take(&mut self, others: Self) {
        for assumption in others.made {
            self.add(assumption);
        }
    }

    /// The next assumption that nobody has been told of.
    pub(super) fn unreported(&mut self) -> Option<Assumption> {
        let next = self.made.get(self.reported).copied();
        self.reported += usize::from(next.is_some());
        next
    }
}
