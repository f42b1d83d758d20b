//! What equal and near events tell of a conditional generator, whose events have the given columns of training events.

use amplicast_sdk::ndarray::{Array2, Axis};

use super::glance::Glance;
use super::resolution::resolution_of;

/// What a look at a member's events may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Whether equal events are no chance where independent ones are not.
    pub equal: bool,
    /// Whether events that lie near a true event were made of it.
    pub near: bool,
}

/// Resolution of the generated columns, in bits, from which on events with the same condition are not equal by chance, though they all lie
/// in a small part of the space.
const FINE: f64 = 16.0;

impl Asked {
    /// Everything, of events that are generated as a whole. Of events with these columns given, those that were generated for the condition of a
    /// training event lie near it if they are right, in all columns and in functions of them; and they equal it, and each other, where what is
    /// generated is discrete or rounded. Many of them have one condition, so that their distances to other events go together as well.
    pub fn of(glances: &[Glance], dimension: usize, given: &[usize]) -> Self {
        if given.is_empty() {
            return Asked { equal: true, near: true };
        }
        let columns: Vec<usize> = (0..dimension).filter(|column| !given.contains(column)).collect();
        let fine = |glance: &Glance| {
            let generated: Array2<f64> = glance.head(dimension).select(Axis(1), &columns).mapv(f64::from);
            resolution_of(generated.view()) >= FINE
        };
        Asked { equal: glances.iter().all(fine), near: false }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Known, RowHashes};
    use super::super::testing::random;
    use super::*;

    fn asked(generated: fn(f64) -> f64, given: &[usize]) -> Asked {
        let mut events = random(1, 600, 2);
        events.column_mut(1).mapv_inplace(generated);
        let known = Known::new(random(2, 100, 2).view(), 1);
        let mut glance = Glance::default();
        glance.add(events.view(), &known, &mut RowHashes::default());
        Asked::of(&[glance], 2, given)
    }

    #[test]
    fn what_is_generated_tells_whether_equal_events_are_chance() {
        assert_eq!(asked(f64::round, &[]), Asked { equal: true, near: true });
        assert_eq!(asked(|x| x, &[0]), Asked { equal: true, near: false });
        let hundredths: fn(f64) -> f64 = |x| (100.0 * x).round() / 100.0;
        for discrete in [f64::round, hundredths] {
            assert_eq!(asked(discrete, &[0]), Asked { equal: false, near: false });
        }
    }
}
