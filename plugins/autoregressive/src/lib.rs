//! Autoregressive transformer with mixture heads.
