//! Metrics: integral, ks.
