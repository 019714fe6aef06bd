//! The clock, and how times and durations are read and written. Everything is in UTC and whole seconds.

use otpair_core::calendar::{self, days_from_civil};
use std::time::{SystemTime, UNIX_EPOCH};
use toml::value::{Datetime, Offset};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The units of a duration, the longest first.
const UNITS: [(&str, u64); 4] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)];

/// This machine's time in seconds since 1970-01-01 00:00 UTC; 0 for a clock that is set before that.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Reads a duration, `30s`, `5m`, `8h` or `2d`, in seconds. Nothing if it is none, or too long to count.
#[must_use]
pub fn parse_duration(text: &str) -> Option<u64> {
    let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(unit))?;
    let digits = text.strip_suffix(unit)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(seconds)
}

/// Writes a duration in seconds so that [`parse_duration`] reads it, in the longest unit without a remainder.
#[must_use]
pub fn format_duration(seconds: u64) -> String {
    let fits = |(_, length): &(&str, u64)| seconds >= *length && seconds.is_multiple_of(*length);
    let (unit, length) = UNITS.into_iter().find(fits).unwrap_or(("s", 1));
    format!("{}{unit}", seconds / length)
}

/// Writes a time (seconds since 1970 UTC) by RFC 3339: `2027-01-31T18:00:00Z`.
#[must_use]
pub fn format_utc(time: u64) -> String {
    let (date, time) = calendar::date_and_time(time);
    format!("{date}T{time}Z")
}

/// Reads a time: a date (its beginning, UTC) or a date and time with an offset, by RFC 3339. In seconds since 1970 UTC;
/// anything earlier is 0.
#[must_use]
pub fn parse_time(text: &str) -> Option<u64> {
    unix_seconds(&text.parse().ok()?)
}

/// The time of a TOML date or offset date-time. Nothing for the two that leave it open: a time without a date, and a
/// date and time without an offset.
pub(crate) fn unix_seconds(datetime: &Datetime) -> Option<u64> {
    let date = datetime.date.as_ref()?;
    let days = days_from_civil(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    );
    let (second_of_day, offset_minutes) = match (&datetime.time, datetime.offset) {
        (None, None) => (0, 0),
        (Some(time), Some(offset)) => {
            let minutes = i64::from(time.hour) * 60 + i64::from(time.minute);
            let offset = match offset {
                Offset::Z => 0,
                Offset::Custom { minutes } => i64::from(minutes),
            };
            (minutes * 60 + i64::from(time.second.unwrap_or(0)), offset)
        }
        _ => return None,
    };
    let seconds = days * 86_400 + second_of_day - offset_minutes * 60;
    Some(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        let read = ["30s", "1m", "8h", "2d", "0s"].map(parse_duration);
        assert_eq!(
            read,
            [Some(30), Some(60), Some(28_800), Some(172_800), Some(0)]
        );
        for bad in [
            "",
            "s",
            "60",
            "-1m",
            "+1m",
            "1 m",
            "1.5h",
            "1w",
            "1M",
            "1h30m",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for text in ["0s", "30s", "90s", "1m", "1h", "36h", "2d"] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn times_are_written_by_rfc_3339() {
        let known = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_801_353_600, "2027-01-31T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ];
        for (time, text) in known {
            assert_eq!(format_utc(time), text);
            assert_eq!(parse_time(text), Some(time), "{text}");
        }
        assert!(!format_utc(u64::MAX).is_empty());
    }

    #[test]
    fn every_day_of_nine_centuries_is_read_back_as_it_was_written() {
        for day in 0..330_000 {
            assert_eq!(parse_time(&format_utc(day * DAY)), Some(day * DAY));
        }
    }

    #[test]
    fn a_date_is_its_utc_beginning_and_an_offset_is_taken_into_account() {
        assert_eq!(parse_time("2027-01-31"), Some(1_801_353_600));
        assert_eq!(parse_time("2027-01-31T02:00:00+02:00"), Some(1_801_353_600));
        assert_eq!(parse_time("2027-01-30T19:00:00-05:00"), Some(1_801_353_600));
        assert_eq!(parse_time("1969-12-31T23:00:00Z"), Some(0));
    }

    #[test]
    fn what_leaves_the_time_open_is_no_time() {
        for bad in [
            "",
            "yesterday",
            "10:00:00",
            "2027-01-31T10:00:00",
            "2027-02-29",
            "2027-13-01",
            "2027-01-31T25:00:00Z",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_clock_reads_later_than_this_was_written() {
        assert!(now() > 1_700_000_000);
    }
}
