//! Quantities of a system of particles: functions of its summed four-momentum.

use amplicast_sdk::momenta;

use crate::system::{OfSystem, Quantity};

macro_rules! quantity {
    ($summary:ident, $quantity:ident, $name:literal, $about:literal, $axis:literal, $of:path, $defined:expr) => {
        #[doc = $about]
        #[derive(Debug, Clone)]
        pub struct $quantity;

        impl Quantity for $quantity {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;

            fn axis(particles: &str) -> String {
                format!($axis, particles)
            }

            fn of(momentum: [f64; 4]) -> f64 {
                $of(momentum)
            }

            const DEFINED: Option<fn([f64; 4]) -> bool> = $defined;
        }

        #[doc = concat!($about, "; label `", $name, ":0,1,2`.")]
        pub type $summary = OfSystem<$quantity>;

        amplicast_sdk::register_summary!($summary);
    };
}

quantity!(
    InvariantMass,
    Mass,
    "invariant-mass",
    "The invariant mass of a system of particles, in GeV",
    "m({}) [GeV]",
    momenta::mass,
    None
);
quantity!(
    TransverseMomentum,
    Transverse,
    "transverse-momentum",
    "The transverse momentum of a system of particles, in GeV",
    "pT({}) [GeV]",
    momenta::transverse_momentum,
    None
);
quantity!(
    Pseudorapidity,
    Eta,
    "pseudorapidity",
    "The pseudorapidity of a system of particles",
    "eta({})",
    momenta::pseudorapidity,
    Some(momenta::moves)
);
quantity!(
    Azimuth,
    Phi,
    "azimuth",
    "The azimuth of a system of particles, from -pi to pi",
    "phi({})",
    momenta::azimuth,
    Some(momenta::moves_across)
);
