//! Uncertainty models: bayesian, ensemble, point.
