//! The channels of tokens.

use tch::Tensor;

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
