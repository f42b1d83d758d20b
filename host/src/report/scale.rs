//! Linear and logarithmic axes: ranges, positions and ticks.

use super::text::Text;

/// Linear or logarithmic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    Log,
}

/// The range of an axis in data coordinates; always finite, and positive if logarithmic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub kind: Kind,
    pub low: f64,
    pub high: f64,
}

/// Ticks of an axis.
pub(super) struct Ticks {
    pub major: Vec<(f64, Text)>,
    pub minor: Vec<f64>,
}

/// Positions are cut off this many ranges from the axis.
const REACH: f64 = 50.0;

/// No logarithmic axis covers more than this: whatever lies lower is cut off.
const MAX_DECADES: f64 = 12.0;

impl Scale {
    /// A linear axis from `low` to `high`.
    pub fn linear(low: f64, high: f64) -> Self {
        let usable = low.is_finite() && high.is_finite() && high > low && (high - low).is_finite();
        let (low, high) = if usable { (low, high) } else { (0.0, 1.0) };
        Scale { kind: Kind::Linear, low, high }
    }

    /// A logarithmic axis that holds all usable values, with a margin of a part of the range.
    pub fn log(values: impl IntoIterator<Item = f64>, margin: f64) -> Self {
        let usable = |v: &f64| v.is_finite() && *v > 1e-290 && *v < 1e290;
        let logs: Vec<f64> = values.into_iter().filter(usable).map(f64::log10).collect();
        let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let low = logs.iter().copied().fold(f64::INFINITY, f64::min).max(high - MAX_DECADES);
        if logs.is_empty() {
            return Scale { kind: Kind::Log, low: 0.1, high: 10.0 };
        }
        // At least one decade, so that the reader sees the scale.
        let missing = (1.0 - (high - low)).max(0.0) / 2.0;
        let pad = margin * (high - low + 2.0 * missing);
        Scale::from_logs(low - missing - pad, high + missing + pad)
    }

    fn from_logs(low: f64, high: f64) -> Self {
        Scale { kind: Kind::Log, low: 10f64.powf(low), high: 10f64.powf(high) }
    }

    /// The same axis with its upper end moved by a part of the range.
    pub fn raised(&self, part: f64) -> Self {
        match self.kind {
            Kind::Linear => Scale { high: self.high + part * (self.high - self.low), ..*self },
            Kind::Log => {
                let (low, high) = (self.low.log10(), self.high.log10());
                Scale::from_logs(low, high + part * (high - low))
            }
        }
    }

    /// Whether the value can be drawn at all.
    pub fn holds(&self, value: f64) -> bool {
        value.is_finite() && (self.kind == Kind::Linear || value > 0.0)
    }

    /// Position of a value: 0 at the lower end, 1 at the upper; finite for every value, cut off far outside.
    pub fn position(&self, value: f64) -> f64 {
        let part = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            Kind::Log if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            Kind::Log => f64::NEG_INFINITY,
        };
        if part.is_nan() { -REACH } else { part.clamp(-REACH, REACH) }
    }

    /// Labeled and unlabeled ticks; a linear axis has about `wanted` labels.
    pub fn ticks(&self, wanted: f64) -> Ticks {
        match self.kind {
            Kind::Linear => self.linear_ticks(wanted),
            Kind::Log => self.log_ticks(),
        }
    }

    fn inside(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.position(value))
    }

    fn linear_ticks(&self, wanted: f64) -> Ticks {
        let rough = (self.high - self.low) / wanted;
        let power = 10f64.powf(rough.log10().floor());
        let (factor, parts) = match rough / power {
            f if f < 1.5 => (1.0, 5),
            f if f < 3.5 => (2.0, 4),
            f if f < 7.5 => (5.0, 5),
            _ => (10.0, 5),
        };
        let step = factor * power;
        let small = step / f64::from(parts);
        let first = (self.low / small).ceil() as i64;
        let mut ticks = Ticks { major: Vec::new(), minor: Vec::new() };
        for i in first..first.saturating_add(200) {
            let value = i as f64 * small;
            if !self.inside(value) {
                break;
            }
            if i.rem_euclid(i64::from(parts)) == 0 {
                ticks.major.push((value, linear_label(value, step, self.low.abs().max(self.high.abs()))));
            } else {
                ticks.minor.push(value);
            }
        }
        ticks
    }

    fn log_ticks(&self) -> Ticks {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let decades = (self.high / self.low).log10();
        let every = if decades > 16.0 {
            4
        } else if decades > 8.0 {
            2
        } else {
            1
        };
        let mut ticks = Ticks { major: Vec::new(), minor: Vec::new() };
        for exponent in first..=last {
            for factor in 1..10 {
                let value = f64::from(factor) * 10f64.powi(exponent);
                if !self.inside(value) {
                    continue;
                }
                let labeled = factor == 1 && exponent.rem_euclid(every) == 0;
                if labeled || (decades < 1.7 && matches!(factor, 2 | 5)) {
                    ticks.major.push((value, Text::power_of_ten(factor, exponent)));
                } else if factor == 1 || every == 1 {
                    ticks.minor.push(value);
                }
            }
        }
        ticks
    }
}

/// A label with the decimals that the step needs; a power of ten for very large and very small axes.
fn linear_label(value: f64, step: f64, largest: f64) -> Text {
    if (1e-3..1e5).contains(&largest) {
        let decimals = (-step.log10() + 1e-9).ceil().clamp(0.0, 9.0) as usize;
        return Text::plain(format!("{value:.decimals$}").replace('-', "−"));
    }
    if value == 0.0 {
        return Text::plain("0");
    }
    let exponent = largest.log10().floor();
    let decimals = (exponent - step.log10() + 1e-9).ceil().clamp(0.0, 9.0) as usize;
    let mantissa = format!("{:.decimals$}", value / 10f64.powf(exponent));
    Text::markup(&format!("{mantissa}×10^{{{exponent:.0}}}").replace('-', "−"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_finite_for_everything() {
        let scales = [
            Scale::log([1e-300, 1e300, f64::NAN, 0.0, -1.0], 0.05),
            Scale::log([], 0.05),
            Scale::log([5.0], 0.05),
            Scale::linear(3.0, 3.0),
            Scale::linear(f64::NEG_INFINITY, 1.0),
            Scale::linear(-f64::MAX, f64::MAX),
        ];
        for scale in scales {
            assert!(scale.low < scale.high, "{scale:?}");
            for value in [0.0, -1.0, 1e-320, 1.0, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                assert!(scale.position(value).is_finite(), "{scale:?} at {value}");
            }
            let ticks = scale.ticks(5.5);
            assert!(!ticks.major.is_empty() && ticks.major.len() < 15, "{scale:?} has {}", ticks.major.len());
        }
    }

    #[test]
    fn linear_ticks_are_round_numbers() {
        let labels = |scale: Scale| -> Vec<String> {
            scale.ticks(5.5).major.iter().map(|(_, label)| label.svg(10.0)).collect()
        };
        assert_eq!(labels(Scale::linear(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::linear(-5.0, 5.0)), ["−4", "−2", "0", "2", "4"]);
    }
}
