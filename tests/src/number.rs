//! Numbers as tables have them.

/// A number with its thousands apart: "10,000".
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let numbers = [1, 999, 1000, 100_000, 1_000_000].map(grouped);
        assert_eq!(numbers, ["1", "999", "1,000", "100,000", "1,000,000"]);
    }
}
