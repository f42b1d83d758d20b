//! The arguments of a summary on the command line, as JSON.

use amplicast_sdk::serde_json::Value;

/// An argument as a number if it is one, otherwise as text: reading the configuration then says what was expected.
pub fn value(argument: &str) -> Value {
    match argument.trim().parse::<u64>() {
        Ok(number) => number.into(),
        Err(_) => argument.trim().into(),
    }
}
