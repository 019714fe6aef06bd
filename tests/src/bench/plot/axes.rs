//! A panel of the plot: its axes, and where a value lies in it.

use otpair_tests::picture::escape;
use std::fmt::Write as _;

/// What is left free around the axes, for numbers and words.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 36.0;

/// How values become heights.
pub enum Scale {
    /// From 0 to this, with a tick at each step.
    Linear {
        /// The top.
        most: f64,
        /// The step.
        step: f64,
    },
    /// From a power of ten to another.
    Logarithmic {
        /// The bottom's.
        least: i32,
        /// The top's.
        most: i32,
    },
}

impl Scale {
    /// One that holds values from 0 up to this, with four to eight steps of 1, 2 or 5.
    pub fn linear(most: f64) -> Self {
        let rough = most.max(f64::MIN_POSITIVE) / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [5.0, 2.0, 1.0]
            .into_iter()
            .map(|digit| digit * power)
            .find(|step| *step <= rough)
            .unwrap_or(power);
        Self::Linear {
            most: (most / step).ceil().max(1.0) * step,
            step,
        }
    }

    /// One that holds values between these.
    pub fn logarithmic(least: f64, most: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "logarithms of ratios are small"
        )]
        let power = |value: f64| value as i32;
        Self::Logarithmic {
            least: power(least.log10().floor()),
            most: power(most.log10().ceil()),
        }
    }

    /// How far up a value lies, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { most, .. } => value / most,
            Self::Logarithmic { least, most } => {
                let (least, most) = (f64::from(*least), f64::from(*most));
                (value.max(f64::MIN_POSITIVE).log10() - least) / (most - least)
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// Where the ticks are.
    fn ticks(&self) -> Vec<f64> {
        match self {
            Self::Linear { most, step } => {
                let ticks = std::iter::successors(Some(0.0), |tick| Some(tick + step));
                ticks.take_while(|tick| *tick < most + step / 2.0).collect()
            }
            Self::Logarithmic { least, most } => {
                (*least..=*most).map(|power| 10_f64.powi(power)).collect()
            }
        }
    }
}

/// A panel: its place, and what is written beside it.
pub struct Axes<'a> {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    title: &'a str,
    unit: &'a str,
}

impl<'a> Axes<'a> {
    /// One in this rectangle.
    pub fn new(x: f64, y: f64, width: f64, height: f64, title: &'a str, unit: &'a str) -> Self {
        Self {
            left: x + LEFT,
            right: x + width - RIGHT,
            top: y + TOP,
            bottom: y + height - BOTTOM,
            title,
            unit,
        }
    }

    /// The height of a value.
    pub fn y(&self, scale: &Scale, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * scale.share(value)
    }

    /// The left end and the width of one of so many places side by side.
    pub fn slot(&self, place: usize, count: usize) -> (f64, f64) {
        let number = |count| f64::from(u32::try_from(count).unwrap_or(1));
        let width = (self.right - self.left) / number(count.max(1));
        (self.left + width * number(place), width)
    }

    /// The title, the unit, and a line with a number for each tick.
    pub fn draw(&self, svg: &mut String, scale: &Scale) {
        let (left, right, top) = (self.left, self.right, self.top);
        let _ = writeln!(
            svg,
            "<text x=\"{left}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\">{}</text>\
             <text x=\"{left}\" y=\"{}\">{}</text>",
            top - 32.0,
            escape(self.title),
            top - 14.0,
            escape(self.unit)
        );
        for tick in scale.ticks() {
            let y = self.y(scale, tick);
            let _ = writeln!(
                svg,
                "<line class=\"faint\" x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 6.0,
                y + 4.0,
                number(tick)
            );
        }
    }

    /// What stands below, around this place.
    pub fn label(&self, svg: &mut String, x: f64, text: &str) {
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            self.bottom + 20.0,
            escape(text)
        );
    }

    /// A line at what is to be reached.
    pub fn aim(&self, svg: &mut String, scale: &Scale, value: f64, from: f64, to: f64) {
        let y = self.y(scale, value);
        let _ = writeln!(
            svg,
            "<line class=\"aim\" x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{to:.1}\" y2=\"{y:.1}\"/>"
        );
    }
}

/// A tick's number, without what the steps have left behind the last digit.
fn number(tick: f64) -> String {
    let rounded = format!("{tick:.3}");
    rounded
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_up_to_beyond_the_most() {
        let ticks = |most| {
            Scale::linear(most)
                .ticks()
                .into_iter()
                .map(number)
                .collect::<Vec<_>>()
        };
        assert_eq!(ticks(5.3), ["0", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(ticks(0.9), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(ticks(24.0), ["0", "5", "10", "15", "20", "25"]);
    }

    #[test]
    fn a_logarithmic_axis_goes_by_powers_of_ten() {
        let scale = Scale::logarithmic(1.0, 120.0);
        assert_eq!(scale.ticks(), [1.0, 10.0, 100.0, 1000.0]);
        assert!((scale.share(10.0) - 1.0 / 3.0).abs() < 1e-9);
    }
}
