//! How often independent events are equal by chance.
//!
//! Rounded and discrete numbers repeat. If p_k is the probability of event k, a pair of independent events of one law is equal with
//! probability c = sum p_k^2, whether both are of one sample or of two; for samples of two laws it is sum p_k q_k, at most the
//! geometric mean of both c (Cauchy and Schwarz). So what a sample shows among its own events bounds what it may have in common
//! with an independent one; so does the resolution of its numbers.

/// What is known of a sample's equal events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbers {
    /// Events.
    pub events: f64,
    /// The part of all possible events that were counted.
    pub share: f64,
    /// Equal pairs among the events that were counted.
    pub equal_pairs: f64,
    /// Of independent events one pair in 2^resolution is equal at most, as far as their numbers tell; 0 of discrete ones.
    pub resolution: f64,
}

impl Numbers {
    /// Pairs among all events.
    fn pairs(&self) -> f64 {
        0.5 * self.events * (self.events - 1.0).max(0.0)
    }

    /// The largest c that is likely.
    fn rate(&self) -> f64 {
        // 3 equal pairs are the 95 % bound where none is found.
        ((self.equal_pairs + 3.0) / (self.share * self.pairs()).max(1.0)).min(1.0)
    }

    /// Equal pairs of an event of this sample and one of an independent other one, of the part `share` of all possible events.
    pub fn in_common(&self, other: &Numbers, share: f64) -> f64 {
        // What falls into so many numbers in one of them meets none of them more often.
        let resolution = 0.5_f64.powf(self.resolution.max(other.resolution));
        self.events * other.events * share * (self.rate() * other.rate()).sqrt().min(resolution)
    }

    /// Equal pairs among the events that were counted, as far as their numbers tell: discrete ones may repeat at will.
    pub fn repeated(&self) -> f64 {
        self.share * self.pairs() * 0.5_f64.powf(self.resolution)
    }
}

/// Whether so many are no chance, where so many are expected at most.
pub fn is_no_chance(found: f64, expected: f64) -> bool {
    // Half as many again for laws that are not quite equal, and six standard deviations.
    let most = 1.5 * expected;
    found > most + 6.0 * most.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(events: f64, equal_pairs: f64, resolution: f64) -> Numbers {
        Numbers { events, share: 1.0, equal_pairs, resolution }
    }

    #[test]
    fn equal_events_within_bound_those_in_common() {
        // A die: c = 1/6.
        let die = |n: f64| numbers(n, 0.5 * n * (n - 1.0) / 6.0, 0.0);
        let expected = die(1000.0).in_common(&die(3000.0), 1.0);
        assert!((expected / (3e6 / 6.0) - 1.0).abs() < 1e-3, "{expected}");
        // Against numbers that do not repeat: at most the geometric mean, here of 1/6 and 3 of 5e5 pairs.
        let other = numbers(1000.0, 0.0, 0.0);
        let expected = die(1000.0).in_common(&other, 1.0) / 1e6;
        assert!((expected / (3.0 / 499_500.0 / 6.0_f64).sqrt() - 1.0).abs() < 1e-3, "{expected}");
        // Full double precision never meets anything.
        assert!(die(1e6).in_common(&numbers(1e6, 0.0, 50.0), 1.0) < 0.02);
        assert!(is_no_chance(1.0, numbers(1e4, 0.0, 50.0).in_common(&numbers(1e4, 0.0, 50.0), 1.0)));
    }

    #[test]
    fn chance_has_its_fluctuations() {
        assert!(!is_no_chance(0.0, 0.0) && is_no_chance(1.0, 1e-6));
        assert!(!is_no_chance(15.0, 3.0) && is_no_chance(30.0, 3.0));
        assert!(!is_no_chance(14_000.0, 1e4) && is_no_chance(16_000.0, 1e4));
    }
}
