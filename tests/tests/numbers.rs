//! Numbers of closed form that the book states, derived again.

const BOOK: &str = include_str!("../../docs/src/what-g-means.md");

/// Mean and width of the normal density, and the region [0, 0.5] as in Bahl et al. 2025, Eqs 20 to 30, and Matchev et al. 2022.
const REGION: (f64, f64) = (0.0, 0.5);

fn density(x: f64, mean: f64, width: f64) -> f64 {
    (-0.5 * ((x - mean) / width).powi(2)).exp() / (width * (2.0 * std::f64::consts::PI).sqrt())
}

/// The integral over the region, by Simpson's rule: exact to 1e-13 with so many steps.
fn integral(mean: f64, width: f64) -> f64 {
    let (low, high) = REGION;
    let n = 1000;
    let step = (high - low) / f64::from(n);
    let weight = |i: i32| {
        if i == 0 || i == n {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=n).map(|i| weight(i) * density(low + step * f64::from(i), mean, width)).sum::<f64>() * step / 3.0
}

/// G = I (1 - I) / (n Var(I)) of a fit, to first order in 1 / n: Var(I) = sum of (dI/dp)^2 Var(p), with n Var of the mean 1, and n
/// Var of the width 1/2 (the fit's Fisher information, diagonal).
fn first_order(fits_width: bool) -> f64 {
    // Central differences, good to 1e-9.
    let h = 1e-4;
    let by_mean = (integral(h, 1.0) - integral(-h, 1.0)) / (2.0 * h);
    let by_width = (integral(0.0, 1.0 + h) - integral(0.0, 1.0 - h)) / (2.0 * h);
    let variance = by_mean.powi(2) + if fits_width { by_width.powi(2) / 2.0 } else { 0.0 };
    let whole = integral(0.0, 1.0);
    whole * (1.0 - whole) / variance
}

#[test]
fn g_of_the_gaussian_region() {
    let (mean_only, both) = (first_order(false), first_order(true));
    // In closed form: (phi(0) - phi(0.5))^2 and (0.5 phi(0.5))^2 / 2.
    let phi = |x: f64| density(x, 0.0, 1.0);
    let terms = [(phi(0.0) - phi(0.5)).powi(2), (0.5 * phi(0.5)).powi(2) / 2.0];
    let whole = integral(0.0, 1.0);
    let closed = whole * (1.0 - whole) / (terms[0] + terms[1]);
    assert!((both / closed - 1.0).abs() < 1e-6, "{both} {closed}");
    assert_eq!(format!("{both:.3} {mean_only:.1}"), "8.750 70.4");
    for stated in [
        format!("= {:.4} + {:.4}", terms[0], terms[1]),
        format!("which is {both:.2} times less than I(1 - I) = {:.4}", whole * (1.0 - whole)),
        format!("G = {mean_only:.1})"),
        format!("G = {:.6} / {:.8} = {mean_only:.1}", whole * (1.0 - whole), terms[0]),
    ] {
        assert!(BOOK.contains(&stated), "the book does not say `{stated}`");
    }
}

/// The true G at n = 100, where first order is 4 % off: by the second moment of I - I_true over the exact laws of mean (normal) and
/// width (chi), integrated numerically.
#[test]
fn g_of_the_gaussian_region_at_100_events() {
    let n = 100.0;
    let whole = integral(0.0, 1.0);
    let (mut by_likelihood, mut unbiased, mut norm) = (0.0, 0.0, 0.0);
    // s^2 = sum (x - mean)^2 follows chi^2 of n - 1 degrees of freedom: s's density is s^(n-2) exp(-s^2 / 2).
    let log_law = |s: f64| (n - 2.0) * s.ln() - 0.5 * s * s;
    let peak = (n - 2.0_f64).sqrt();
    let steps = 60;
    for i in -steps..=steps {
        let s = peak + 5.0 * 0.75 * f64::from(i) / f64::from(steps);
        for j in -steps..=steps {
            let z = 5.0 * f64::from(j) / f64::from(steps);
            let weight = (log_law(s) - log_law(peak) - 0.5 * z * z).exp();
            let deviation = |width: f64| (integral_quick(z / n.sqrt(), width) - whole).powi(2);
            by_likelihood += weight * deviation(s / n.sqrt());
            unbiased += weight * deviation(s / (n - 1.0_f64).sqrt());
            norm += weight;
        }
    }
    let g = |sum: f64| whole * (1.0 - whole) / (n * sum / norm);
    let (by_likelihood, unbiased) = (g(by_likelihood), g(unbiased));
    // What 60 000 simulated training sets gave, with an error of 0.05.
    assert!(
        (by_likelihood - 8.39).abs() < 0.1 && (unbiased - 8.54).abs() < 0.1,
        "{by_likelihood} {unbiased}"
    );
    for stated in
        [format!("for 100, {by_likelihood:.2} with"), format!("and {unbiased:.2} with\nthe unbiased one")]
    {
        assert!(BOOK.contains(&stated), "the book does not say `{stated}`");
    }
}

/// Simpson's rule with fewer steps: good to 1e-8.
fn integral_quick(mean: f64, width: f64) -> f64 {
    let (low, high) = REGION;
    let step = (high - low) / 8.0;
    let weights = [1.0, 4.0, 2.0, 4.0, 2.0, 4.0, 2.0, 4.0, 1.0];
    let terms = weights.iter().zip(0..).map(|(w, i)| w * density(low + step * f64::from(i), mean, width));
    terms.sum::<f64>() * step / 3.0
}
