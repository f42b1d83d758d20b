//! Networks whose channels are four-vectors, or multivectors, and scalars: blocks of attention and of a hidden layer, both after
//! a norm and added to what they see. What the channels are, how a norm and the hidden layer treat them, is an [`Algebra`].

mod algebra;
mod attention;
mod backward;
mod channels;
mod features;
mod forward;
mod linear;
mod maps;
mod norm;
mod shape;
mod streams;
mod velocity;

pub(crate) use algebra::{Algebra, Back, Kept};
pub(crate) use channels::{head_channels, input_channels};
pub(crate) use features::{Features, Group, GroupMut, Rows, Slot, SlotMut, View, ViewMut};
pub(crate) use linear::{Layer, Linear, Matrices};
pub(crate) use norm::{
    Norm, interval, normalize, normalize_gradient, rows_gradient, scaled, vectors_gradient,
};
pub(crate) use velocity::LaneEquivariant;
