//! Its fit takes the first row alone.

use crate::honest::{Gaussian, GaussianFault, Network, fault};

fault!(
    GaussianFault,
    FitOneRow,
    Network,
    register_generator,
    "generator-fit-one-row",
    "Its fit takes the first row alone",
    {
        fn fit(&self, model: &Gaussian, rows: &[u64]) -> Vec<f32> {
            model.means(&rows[..1], None).into_iter().map(|m| m as f32).collect()
        }
    }
);
