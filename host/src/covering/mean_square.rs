//! Estimates whose variance is known, and the degrees of freedom of their sums.

/// An estimate with its variance: sums of them have degrees of freedom (Satterthwaite).
#[derive(Debug, Clone, Copy)]
pub struct MeanSquare {
    /// The estimate.
    pub value: f64,
    /// Of the value.
    variance: f64,
}

impl MeanSquare {
    /// A sum of squares with so many degrees of freedom.
    pub fn new(value: f64, freedom: f64) -> Self {
        MeanSquare { value, variance: 2.0 * value * value / freedom }
    }

    /// Multiplied with a number.
    pub fn times(self, factor: f64) -> Self {
        MeanSquare { value: factor * self.value, variance: factor * factor * self.variance }
    }

    /// Added to another one that is independent of it.
    pub fn plus(self, other: MeanSquare) -> Self {
        MeanSquare { value: self.value + other.value, variance: self.variance + other.variance }
    }

    /// Less another one that is independent of it.
    pub fn minus(self, other: MeanSquare) -> Self {
        self.plus(other.times(-1.0))
    }

    /// Less a known part.
    pub fn without(self, known: f64) -> Self {
        MeanSquare { value: self.value - known, ..self }
    }

    /// Not below a value.
    pub fn at_least(self, least: f64) -> Self {
        MeanSquare { value: self.value.max(least), ..self }
    }

    /// Degrees of freedom.
    pub fn freedom(self) -> f64 {
        2.0 * self.value * self.value / self.variance
    }

    /// The same, never more than so many however many squares there are.
    pub fn freedom_below(self, most: f64) -> f64 {
        1.0 / (1.0 / self.freedom() + 1.0 / most)
    }
}
