//! `xs:dateTime` as PSKC has it (RFC 6030 section 5): `2026-05-01T00:00:00Z`, to seconds since 1970 UTC.

use crate::calendar::days_from_civil;

/// A date, and whether it said its time zone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Date {
    /// Seconds since 1970 UTC; what is before 1970 is 0.
    pub(super) seconds: u64,
    /// Whether it said so; else UTC was taken.
    pub(super) zoned: bool,
}

/// Reads `YYYY-MM-DD[Thh:mm:ss[.f…]][Z|±hh:mm]`, years 1 to 9999; nothing if it is none.
pub(super) fn parse(text: &str) -> Option<Date> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let days = days(
        number(date.get(..4)?)?,
        part(date, 4, '-')?,
        part(date, 7, '-')?,
    )?;
    let (clock, zone) = match rest.strip_prefix('T') {
        Some(rest) => clock(rest)?,
        None => (0, rest),
    };
    let offset = offset(zone)?;
    let seconds = days * 86_400 + clock - offset.unwrap_or(0);
    Some(Date {
        seconds: u64::try_from(seconds).unwrap_or(0),
        zoned: offset.is_some(),
    })
}

fn number(digits: &str) -> Option<i64> {
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// The two digits after a separator at this place.
fn part(text: &str, at: usize, separator: char) -> Option<i64> {
    number(text.get(at..at + 3)?.strip_prefix(separator)?)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=longest).contains(&day) {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

/// The seconds of the day, and what stands behind; parts of a second are dropped.
fn clock(text: &str) -> Option<(i64, &str)> {
    let (hour, minute, second) = (
        number(text.get(..2)?)?,
        part(text, 2, ':')?,
        part(text, 5, ':')?,
    );
    let rest = text.get(8..)?;
    let rest = rest.strip_prefix('.').map_or(rest, |rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 3600 + minute * 60 + second, rest))
}

/// The seconds that a time zone is east of UTC; `Some(None)` if there is none.
#[allow(clippy::option_option)]
fn offset(zone: &str) -> Option<Option<i64>> {
    if zone.is_empty() || zone == "Z" {
        return Some((zone == "Z").then_some(0));
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hour, minute) = (
        number(zone.strip_prefix(['+', '-'])?.get(..2)?)?,
        part(zone, 3, ':')?,
    );
    (zone.len() == 6 && hour <= 14 && minute < 60)
        .then_some(Some(sign * (hour * 3600 + minute * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_with_and_without_clock_and_zone() {
        for (text, seconds, zoned) in [
            ("1970-01-01T00:00:00Z", 0, true),
            ("2006-05-01T00:00:00Z", 1_146_441_600, true),
            ("2000-02-29T23:59:59.999Z", 951_868_799, true),
            ("2026-11-23T12:00:00+02:00", 1_795_428_000, true),
            ("2026-11-23T12:00:00-00:30", 1_795_437_000, true),
            ("2026-11-23T12:00:00", 1_795_435_200, false),
            (" 2026-11-23 ", 1_795_392_000, false),
            ("2026-11-23Z", 1_795_392_000, true),
            ("9999-12-31T23:59:59Z", 253_402_300_799, true),
            ("0001-01-01T00:00:00Z", 0, true),
        ] {
            assert_eq!(parse(text), Some(Date { seconds, zoned }), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "0000-01-01",
            "2026-11-23T24:00:00Z",
            "2026-11-23T12:00Z",
            "2026-11-23T12:00:00z",
            "2026-11-23T12:00:00+2:00",
            "2026-11-23T12:00:00+15:00",
            "2026-1-23",
            "+026-11-23",
            "2026-11-2\u{e9}",
            "2026-11-23T12:00:\u{e9}",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
