//! The figures as a table of ratios.

/// What was measured of one contender.
pub struct Measured {
    /// Its name.
    pub name: String,
    /// Times in one process while the disk was quiet, in nanoseconds.
    pub times: Vec<u64>,
    /// Times in processes of their own, in nanoseconds.
    pub alone: Vec<u64>,
    /// Peak memory of such processes, in KiB.
    pub peaks: Vec<u64>,
    /// Flushes of one sign-on.
    pub flushes: Option<usize>,
}

impl Measured {
    /// With nothing but these times yet.
    pub fn new(name: &str, times: Vec<u64>) -> Self {
        Self {
            name: name.to_owned(),
            times,
            alone: Vec::new(),
            peaks: Vec::new(),
            flushes: None,
        }
    }
}

/// The value that so many hundredths of the values lie below. `values` may not be empty.
pub fn percentile(values: &[u64], hundredth: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    as_f64(sorted[(sorted.len() - 1) * hundredth / 100])
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds and KiB are far below 2^52"
)]
fn as_f64(value: u64) -> f64 {
    value as f64
}

/// Times less `pam_permit`'s, in units of one in-place flush.
pub struct Scale {
    /// `pam_permit`'s median, in nanoseconds.
    pub permit: f64,
    /// `pam_permit`'s median in processes of their own, in nanoseconds.
    pub permit_alone: f64,
    /// `pam_permit`'s median peak, in KiB.
    pub permit_peak: f64,
    /// The flush's median, in nanoseconds.
    pub flush: f64,
}

impl Scale {
    /// The median of a contender's times.
    pub fn median(&self, measured: &Measured) -> f64 {
        self.at(measured, 50)
    }

    fn at(&self, measured: &Measured, hundredth: usize) -> f64 {
        (percentile(&measured.times, hundredth) - self.permit) / self.flush
    }

    fn alone(&self, measured: &Measured) -> f64 {
        (percentile(&measured.alone, 50) - self.permit_alone) / self.flush
    }

    /// Peak memory over `pam_permit`'s, in MiB.
    pub fn memory(&self, measured: &Measured) -> f64 {
        (percentile(&measured.peaks, 50) - self.permit_peak) / 1024.0
    }

    /// A line of the table; `one` is the contender that "over 1 token" goes by, where it applies.
    pub fn line(&self, measured: &Measured, one: Option<&Measured>) -> String {
        let over = one.map_or("–".to_owned(), |one| {
            format!("{:.2}", self.median(measured) / self.median(one))
        });
        let flushes = measured
            .flushes
            .map_or("–".to_owned(), |flushes| flushes.to_string());
        format!(
            "| {} | {:.2} | {:.2} to {:.2} | {over} | {:.2} | {:+.1} MB | {flushes} |",
            measured.name,
            self.median(measured),
            self.at(measured, 25),
            self.at(measured, 75),
            self.alone(measured),
            self.memory(measured),
        )
    }
}

/// The table's head.
pub const HEAD: &str = "\
| sign-on | flushes' time | half of them | over 1 token | first in its process | peak memory | flushes |
|---|---|---|---|---|---|---|";
