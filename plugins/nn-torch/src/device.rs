//! Where a network runs.

use amplicast_sdk::{Error, Result};
use tch::Device;

/// The device that the key `device` of a configuration names, on a machine with this many CUDA devices.
pub fn parse_device(text: &str, cuda_devices: impl FnOnce() -> i64) -> Result<Device> {
    if text == "cpu" {
        return Ok(Device::Cpu);
    }
    let Some(number) = text.strip_prefix("cuda:").and_then(|number| number.parse().ok()) else {
        return Err(Error::config(
            "device",
            format!("expected `cpu` or `cuda:0`, `cuda:1`, ..., found `{text}`"),
        ));
    };
    match usize::try_from(cuda_devices()).unwrap_or(0) {
        devices if number < devices => Ok(Device::Cuda(number)),
        0 => Err(Error::config(
            "device",
            format!(
                "expected a CUDA device that libtorch can use, of which it finds none, found `{text}`; use `cpu`"
            ),
        )),
        devices => Err(Error::config(
            "device",
            format!(
                "expected one of libtorch's {devices} CUDA devices, the first is `cuda:0`, found `{text}`"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_that_are_not_there_are_refused() {
        let parse = |text: &str, devices: i64| parse_device(text, || devices);
        assert_eq!(parse("cpu", 0).unwrap(), Device::Cpu);
        assert_eq!(parse("cuda:1", 2).unwrap(), Device::Cuda(1));
        let refuse = |text: &str, devices: i64| parse(text, devices).unwrap_err().to_string();
        for text in ["gpu", "cuda", "cuda:", "cuda:-1", "cuda:x", "CPU", ""] {
            let expected = format!("device: expected `cpu` or `cuda:0`, `cuda:1`, ..., found `{text}`");
            assert_eq!(refuse(text, 2), expected);
        }
        assert_eq!(
            refuse("cuda:2", 2),
            "device: expected one of libtorch's 2 CUDA devices, the first is `cuda:0`, found `cuda:2`"
        );
        assert_eq!(
            refuse("cuda:0", 0),
            "device: expected a CUDA device that libtorch can use, of which it finds none, found `cuda:0`; use `cpu`"
        );
    }
}
