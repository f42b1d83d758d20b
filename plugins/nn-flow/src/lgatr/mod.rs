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

pub use attention::Attention;
pub use generator::{FlowLgatr, FlowLgatrConfig};
pub use lanes::FLOOR;
pub use linear::{ALMOST_UNIT, DEFAULT, Linear, Start};
pub use mlp::Mlp;
pub use network::Lgatr;
