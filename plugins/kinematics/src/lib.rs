//! Summary statistics: coordinate, radius, invariant-mass, transverse-momentum.
