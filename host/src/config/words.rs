//! Names that the host gives where an experiment gives none.

/// In the place of an uncertainty model: members that the generator brings.
pub const GIVEN: &str = "given";

/// The selection without cuts.
pub const ALL: &str = "all";
