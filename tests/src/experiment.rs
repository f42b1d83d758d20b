//! The experiment that most tests vary.

/// The dataset whose answers are known in closed form: normal numbers of mean 0 and width 1.
pub const GAUSSIAN: &str = "plugin = \"gaussian\"";

/// Bootstrapped fits to the mean of a Gaussian, and the event itself as the summary `x`. `dataset` and `sizes` are the keys of
/// `[dataset]` and `[experiment]`, and `more` are further tables, the metrics at least.
pub fn fits(dataset: &str, sizes: &str, more: &str) -> String {
    format!(
        r#"
[experiment]
{sizes}
[dataset]
{dataset}
[[generator]]
plugin = "gaussian-fit"
[[uncertainty]]
plugin = "ensemble"
[[summary]]
name = "x"
plugin = "coordinate"
{more}"#
    )
}
