//! L-GATr (Spinner et al. 2405.14806; Brehmer et al. 2411.00446): a transformer whose channels are multivectors of the
//! algebra of space-time and scalars, equivariant under the connected Lorentz group.
//!
//! Multivectors are kept as complex four-vectors. The pseudoscalar e0123 squares to -1 and commutes with even elements, so
//! that it is their imaginary unit i, and with s_i = e_i e_0 (Pauli's matrices: s_1 s_2 s_3 = i) every multivector is
//!
//! m = q + v e_0 with q = q_0 + q_1 s_1 + q_2 s_2 + q_3 s_3, and v of the same form.
//!
//! q_0 is scalar + i pseudoscalar, (q_1, q_2, q_3) is a bivector (-E - iB of a field), and v is a vector + i axial vector.
//! A Lorentz transformation leaves q_0, turns v as a four-vector (real and imaginary part alike) and the bivector as a
//! complex three-vector. The ten equivariant linear maps are then all real 2 x 2 matrices on q_0, all real 2 x 2 matrices
//! on v, and the complex numbers on the bivector: plain matrix products over the channels, without an algebra's basis.
//! In components of e0, e1, ...: q_0 = (1, e0123), q_1 = -(e01, e23), q_2 = (-e02, e13), q_3 = -(e03, e12),
//! v_0 = (e0, -e123), v_1 = (e1, -e023), v_2 = (e2, e013), v_3 = (e3, -e012), as (real, imaginary).

mod attention;
mod generator;
mod lanes;
mod linear;
mod mlp;
mod network;
mod norm;
mod product;
#[cfg(test)]
mod tests;

use tch::Tensor;

pub use generator::{FlowLgatr, FlowLgatrConfig};
pub(crate) use network::Lgatr;

/// Channels of T tokens: C multivectors, S scalars. Real and imaginary part of a channel are neighbors.
pub(crate) struct Features {
    /// C.
    pub channels: i64,
    /// T x (2 C + S): q_0, then the scalars. They are what no transformation changes.
    pub invariants: Tensor,
    /// 4 x T x 2 C.
    pub vectors: Tensor,
    /// 3 x T x 2 C.
    pub bivectors: Tensor,
}

impl Features {
    /// q_0 of all channels: T x 2 C.
    pub fn complex(&self) -> Tensor {
        self.invariants.narrow(1, 0, 2 * self.channels)
    }

    /// The scalars: T x S.
    pub fn scalars(&self) -> Tensor {
        self.invariants.narrow(1, 2 * self.channels, self.invariants.size()[1] - 2 * self.channels)
    }

    /// Sum of both.
    pub fn plus(&self, other: &Features) -> Features {
        Features {
            channels: self.channels,
            invariants: &self.invariants + &other.invariants,
            vectors: &self.vectors + &other.vectors,
            bivectors: &self.bivectors + &other.bivectors,
        }
    }

    /// All multivectors times `factor` (broadcast to T x 2 C), with other scalars.
    pub fn scaled(&self, factor: &Tensor, scalars: &Tensor) -> Features {
        Features {
            channels: self.channels,
            invariants: Tensor::cat(&[&(self.complex() * factor), scalars], 1),
            vectors: &self.vectors * factor,
            bivectors: &self.bivectors * factor,
        }
    }
}
