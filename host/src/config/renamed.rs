//! Keys that were called otherwise in earlier versions: they are read, and it is said what they are called now.

/// Former and present paths.
const RENAMED: [(&str, &str); 1] = [("experiment.replicas", "experiment.training_sets")];

/// The present path of a key, if it is a former one.
pub fn renamed(path: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(former, _)| *former == path).map(|(_, present)| *present)
}
