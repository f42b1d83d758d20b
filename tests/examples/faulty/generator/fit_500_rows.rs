//! Its fit takes the first 500 rows.

use crate::honest::{Gaussian, GaussianFault, Network, fault};

fault!(
    GaussianFault,
    Fit500Rows,
    Network,
    register_generator,
    "generator-fit-500-rows",
    "Its fit takes the first 500 rows",
    {
        fn fit(&self, model: &Gaussian, rows: &[u64]) -> Vec<f32> {
            model.means(&rows[..rows.len().min(500)], None).into_iter().map(|m| m as f32).collect()
        }
    }
);
