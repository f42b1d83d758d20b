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

/// A Gaussian, or another generator, fitted to all events of this dataset and to halves, and asked for a region, eighteen of twenty, and the tail.
pub fn fitted_gaussian(dataset: &str, generator: &str, sizes: &str) -> String {
    format!(
        r#"
[experiment]
{sizes}
n_truth = 200_000
seed = 4

[dataset]
{dataset}

[[generator]]
{generator}

[[uncertainty]]
plugin = "halves"
full = 1

[[summary]]
plugin = "coordinate"

[[metric]]
name = "half"
plugin = "integral"
intervals = [[0.0, 0.5]]

[[metric]]
name = "2-19"
plugin = "integral"
quantiles = 20
regions = "2-19"

[[metric]]
name = "tail"
plugin = "integral"
quantiles = 20
regions = "20"
"#
    )
}

/// Mean of a function over normal numbers of unit width.
pub fn normal_mean(f: impl Fn(f64) -> f64) -> f64 {
    let steps = (-80_000..80_000).map(|k| (f64::from(k) + 0.5) * 1e-4);
    let (sum, whole) = steps.fold((0.0, 0.0), |(sum, whole), x| {
        let p = (-0.5 * x * x).exp();
        (sum + p * f(x), whole + p)
    });
    sum / whole
}
