//! The loss of a velocity.

/// Half of the mean squared error of the velocity's numbers, with weights of the events that sum up to 1.
pub(crate) struct Loss<'a> {
    weights: &'a [f64],
    /// Of an event.
    numbers: f64,
    pub sum: f64,
}

impl<'a> Loss<'a> {
    /// Of events with so many numbers.
    pub fn new(weights: &'a [f64], numbers: usize) -> Self {
        Loss { weights, numbers: numbers as f64, sum: 0.0 }
    }

    /// Adds one number of an event that is off by so much; returns the derivative by it.
    pub fn add(&mut self, event: usize, off: f64) -> f64 {
        let share = self.weights[event] / self.numbers;
        self.sum += 0.5 * share * off * off;
        share * off
    }

    /// Adds the numbers of a particle, their squares first.
    pub fn add_particle(&mut self, event: usize, off: [f64; 4]) -> [f64; 4] {
        let share = self.weights[event] / self.numbers;
        self.sum += 0.5 * share * off.iter().map(|off| off * off).sum::<f64>();
        off.map(|off| share * off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_are_the_mean_square() {
        let weights = [0.25, 0.75];
        let off = [[1.0, -2.0, 0.5, 3.0], [0.0, 4.0, -1.0, 2.0]];
        let [mut one, mut four] = [(); 2].map(|()| Loss::new(&weights, 4));
        for (event, off) in off.into_iter().enumerate() {
            let slopes = off.map(|off| one.add(event, off));
            assert_eq!(slopes, off.map(|off| weights[event] * off / 4.0));
            assert_eq!(four.add_particle(event, off), slopes);
        }
        // (0.25 * 14.25 + 0.75 * 21) / 4 / 2.
        assert_eq!((one.sum, four.sum), (2.4140625, 2.4140625));
    }
}
