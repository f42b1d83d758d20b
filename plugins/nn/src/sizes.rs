//! What a configuration may ask for, before any memory is.

use amplicast_sdk::{Result, ensure_config};

/// Most of anything in a network.
const MOST: usize = 65_536;

/// Refuses sizes of 0, and those that no network has, by their keys. What sizes need together, the host looks at.
pub fn check_sizes(sizes: &[(&str, usize)]) -> Result<()> {
    for &(name, size) in sizes {
        ensure_config(size > 0, name, || "expected at least 1, found 0".into())?;
        ensure_config(size <= MOST, name, || {
            let gigabytes = 4e-9 * size as f64;
            format!("expected at most {MOST}, found {size}: one parameter each would need {gigabytes:.1} GB")
        })?;
    }
    Ok(())
}

/// Refuses a number of heads that does not divide the width.
pub fn check_heads(width: usize, heads: usize) -> Result<()> {
    ensure_config(width.is_multiple_of(heads), "heads", || {
        format!("expected a divisor of the width {width}, found {heads}")
    })
}

/// Refuses every device but `cpu`: of a component of this name, whose sibling in libtorch has the name with `-torch` after it.
pub fn check_cpu(device: &str, name: &str) -> Result<()> {
    ensure_config(device == "cpu", "device", || {
        format!(
            "expected `cpu`, found `{device}`; a GPU needs libtorch: use `{name}-torch`, which is built after `cargo xtask \
             setup --torch`"
        )
    })
}
