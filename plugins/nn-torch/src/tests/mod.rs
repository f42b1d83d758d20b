//! The lanes against the graphs.

mod decoder;
mod perceptron;
