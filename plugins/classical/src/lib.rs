//! Generators without a network: gaussian-fit, resample, samples.
