//! In what way events lie nearer to training events than true events do.

use serde::{Deserialize, Serialize};

/// Part of the events beyond that of true ones that must lie next to one training event.
pub const LEAST_PART: f64 = 0.03;

/// In what way events lie nearer to training events than true events do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nearer {
    /// The part of them, beyond that of true events, that lies next to one training event.
    pub part: f64,
    /// Probability that one of them lies nearer to the training events, for how dense these are, than a true event.
    pub probability: f64,
}

impl Nearer {
    /// In words; `kind` says what the events are: `generated`, `holdout`.
    pub fn text(self, kind: &str) -> String {
        if self.part > LEAST_PART {
            format!("{} of the {kind} events lie next to one training event each", percent(self.part))
        } else {
            format!(
                "with probability {:.2} a {kind} event lies nearer to the training events than a true one does",
                self.probability
            )
        }
    }
}

/// A part in percent, with a digit after the point where it is small.
pub fn percent(part: f64) -> String {
    let percent = 100.0 * part;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nearness without neighbors of their own is a probability, and no part of the events.
    #[test]
    fn a_probability_is_no_part_of_the_events() {
        let text = |part, probability| Nearer { part, probability }.text("holdout");
        assert_eq!(text(0.42, 0.9), "42 % of the holdout events lie next to one training event each");
        assert_eq!(
            text(0.01, 0.8),
            "with probability 0.80 a holdout event lies nearer to the training events than a true one does"
        );
    }
}
