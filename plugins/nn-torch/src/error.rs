//! libtorch's errors as the SDK's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use amplicast_sdk::{Error, Result};

/// Runs tensor code; what libtorch throws (tch panics with it) becomes an error of one line.
///
/// libtorch's messages carry dozens of C++ frames, of which a user needs none.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown panic");
        // tch unwraps its own error, so a newer message holds escaped line ends.
        let first = message.split("\\n").next().unwrap_or(message).lines().next().unwrap_or_default();
        let first = first.trim_start_matches("called `Result::unwrap()` on an `Err` value: Torch(\"");
        Error::plugin(format!("libtorch: {first}"))
    })
}

#[cfg(test)]
mod tests {
    use tch::Tensor;

    use super::*;

    #[test]
    fn one_line_without_frames() {
        let error = guarded(|| Tensor::from_slice(&[1.0, 2.0]).view([3, 5])).unwrap_err().to_string();
        assert!(error.starts_with("libtorch: shape '[3, 5]' is invalid"), "{error}");
        assert!(!error.contains('\n') && !error.contains("frame"), "{error}");
    }
}
