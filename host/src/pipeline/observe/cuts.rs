//! Selections: cuts on summaries, which true and generated events pass alike.

/// Events with this summary in [low, high) pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Number of the summary.
    pub summary: usize,
    /// Smallest value that passes.
    pub low: f64,
    /// Smallest value above that no longer passes.
    pub high: f64,
}

/// A selection with its quantiles resolved: all cuts must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cuts(pub Vec<Cut>);

impl Cuts {
    /// Whether it cuts on this summary.
    pub fn uses(&self, summary: usize) -> bool {
        self.0.iter().any(|cut| cut.summary == summary)
    }
}
