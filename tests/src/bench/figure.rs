//! One figure: a median, and between what half of the values lie.

/// What many values come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The median.
    pub median: f64,
    /// The first quartile.
    pub low: f64,
    /// The third quartile.
    pub high: f64,
    /// How many values there were.
    pub count: usize,
}

impl Figure {
    /// Of these values; nothing if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |hundredth: usize| sorted.get(sorted.len().saturating_sub(1) * hundredth / 100);
        Some(Self {
            median: *at(50)?,
            low: *at(25)?,
            high: *at(75)?,
            count: values.len(),
        })
    }

    /// Of nanoseconds, KiB or counts.
    pub fn of_numbers(values: &[u64]) -> Option<Self> {
        let values: Vec<_> = values.iter().map(|value| as_f64(*value)).collect();
        Self::of(&values)
    }

    /// A single value, which is the same each time.
    pub fn exact(value: f64) -> Self {
        Self {
            median: value,
            low: value,
            high: value,
            count: 1,
        }
    }

    /// Less that much, and in units of that size.
    #[must_use]
    pub fn less(self, base: f64, unit: f64) -> Self {
        let scaled = |value: f64| (value - base) / unit;
        Self {
            median: scaled(self.median),
            low: scaled(self.low),
            high: scaled(self.high),
            count: self.count,
        }
    }
}

/// The value that so many hundredths of the values lie below. `values` may not be empty.
pub fn percentile(values: &[u64], hundredth: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    as_f64(sorted[(sorted.len() - 1) * hundredth / 100])
}

/// A number of nanoseconds, KiB or instructions.
#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds, KiB and instructions are far below 2^52"
)]
pub fn as_f64(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_and_the_quartiles() {
        let figure = Figure {
            median: 3.0,
            low: 2.0,
            high: 4.0,
            count: 5,
        };
        assert_eq!(Figure::of(&[5.0, 1.0, 4.0, 2.0, 3.0]), Some(figure));
        assert_eq!(Figure::of(&[]), None);
    }

    #[test]
    fn a_figure_less_the_base_is_in_the_unit() {
        let figure = Figure::of_numbers(&[500]).unwrap();
        assert_eq!(figure.less(100.0, 200.0), Figure::exact(2.0));
    }
}
