//! Where density and samples differ in little: in the tails, by a few percent of a width, in one of many columns.
//!
//! For a density p, that of a proposal q, and any function g: the mean of g p / (p + q) over draws of q is that of g q / (p + q)
//! over samples of p, both being the integral of g p q / (p + q) (Bennett 1976). Neither has a weight above 1, so that both
//! errors can be trusted in any number of columns, and wherever one of the two densities is 0.

use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView1, Axis, concatenate, s};

use super::outcome::{Stop, Verdict, ensure, ensure_finite};
use super::proposal::{Proposal, quantile};
use super::sampled::{Fraction, Sampled};
use super::subject::Subject;

/// Numbers of plain columns that a generator learns for this test.
pub const SHAPE_COLUMNS: [usize; 5] = [1, 4, 2, 8, 5];

/// What all of them may take.
pub const SHAPE_TIME: Duration = Duration::from_millis(1500);

/// Samples of the first piece, which tells how many more the time allows; of each further one, and of all.
const FIRST: usize = 200;
const PIECE: usize = 20_000;
const MOST: usize = 80_000;
/// What samples and densities may take.
const TIME: Duration = Duration::from_millis(300);
/// Samples around which the proposal is built.
const CENTERS: usize = 40;
/// Standard errors that are taken for chance: there are some hundred of these comparisons.
const CHANCE: f64 = 5.5;
/// What is allowed beyond chance, for arithmetic in f32: a part of the number.
const SLACK: f64 = 0.004;
/// Draws of the proposal in a part of space without which nothing can be said of it.
const FEW: usize = 50;
/// Samples that may have the same number in a column, and by how much more often it may occur than others: a density has no
/// atoms, but in half precision many numbers come several times.
const SAME: (usize, usize) = (12, 4);

/// Distances from a column's middle, in units of that which 1 % exceeds.
const DISTANCES: [f64; 3] = [0.8, 1.0, 1.2];
/// Parts of the samples below a density.
const LEVELS: [f64; 5] = [0.01, 0.05, 0.25, 0.5, 0.75];
/// Columns that are looked at one by one.
const COLUMNS: usize = 8;

/// Events with their log densities under test, and under the proposal.
struct Drawn {
    events: Array2<f64>,
    density: Vec<f64>,
    proposal: Vec<f64>,
}

/// A function of an event and of its log density.
type Function<'a> = Box<dyn Fn(ArrayView1<'_, f64>, f64) -> f64 + 'a>;

/// Compares samples with their density.
pub fn shape(subject: &Subject<'_>, of: &Sampled<'_>) -> Verdict {
    let (seed, start) = (subject.seed(38), Instant::now());
    let (mut pieces, mut density) = (Vec::new(), Vec::new());
    let mut draw = |n: usize| -> Verdict {
        let piece = (of.samples)(n, seed.index(pieces.len() as u64))?;
        density.extend((of.log_density)(piece.view())?);
        pieces.push(piece);
        Ok(())
    };
    draw(FIRST)?;
    // As many draws of the proposal need a density too.
    let rate = 0.5 * TIME.as_secs_f64() / start.elapsed().as_secs_f64().max(1e-9);
    let mut left = ((FIRST as f64 * rate) as usize).min(MOST).saturating_sub(FIRST);
    while left > 0 {
        let n = left.min(PIECE);
        draw(n)?;
        left -= n;
    }
    ensure_finite("log densities of own events", density.iter().copied())?;
    let views: Vec<_> = pieces.iter().map(|piece| piece.view()).collect();
    let events = concatenate(Axis(0), &views).map_err(|error| Stop::Failed(error.to_string()))?;
    let what = format!("{} column(s)", of.dimension);
    no_number_twice(&what, &events)?;

    let proposal = Proposal::new(pieces[0].slice(s![..CENTERS, ..]));
    let draws = proposal.sample(events.nrows(), subject.seed(39));
    let functions = functions(&events, &density, &proposal.middle);
    let samples = Drawn { proposal: proposal.log_density(events.view()), events, density };
    let draws = Drawn {
        density: (of.log_density)(draws.view())?,
        proposal: proposal.log_density(draws.view()),
        events: draws,
    };
    functions.iter().try_for_each(|(name, function)| agree(&what, name, function, &samples, &draws))?;
    let n = samples.density.len();
    if n < MOST { Err(Stop::Partial(format!("{what}: {n} of {MOST} events in its time"))) } else { Ok(()) }
}

/// No number of a column occurs many times: a density has no such atoms.
fn no_number_twice(what: &str, events: &Array2<f64>) -> Verdict {
    for (k, column) in events.columns().into_iter().enumerate() {
        let mut sorted = column.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut same: Vec<(usize, f64)> =
            sorted.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
        same.sort_unstable_by_key(|(count, _)| std::cmp::Reverse(*count));
        let (Some(&(count, value)), others) = (same.first(), same.get(9).map_or(0, |(count, _)| *count))
        else {
            continue;
        };
        ensure(count <= SAME.0.max(SAME.1 * others), || {
            format!(
                "{what}: x{} is {value} in {count} of {} samples, of which a density knows nothing",
                k + 1,
                sorted.len()
            )
        })?;
    }
    Ok(())
}

fn functions<'a>(events: &Array2<f64>, density: &[f64], middle: &'a [f64]) -> Vec<(String, Function<'a>)> {
    let mut list: Vec<(String, Function<'a>)> = vec![("all events".into(), Box::new(|_, _| 1.0))];
    let mut scales = Vec::new();
    for (k, &m) in middle.iter().enumerate().take(COLUMNS) {
        let far = quantile(events.column(k).iter().map(|x| (x - m).abs()), 0.99);
        scales.push(far / 2.6);
        for factor in DISTANCES {
            let edge = factor * far;
            let name = format!("|x{} - {m:.3}| > {edge:.3}", k + 1);
            list.push((name, Box::new(move |event, _| f64::from(u8::from((event[k] - m).abs() > edge)))));
        }
    }
    for level in LEVELS {
        let edge = quantile(density.iter().copied(), level);
        let name = format!("a log density below {edge:.3}");
        list.push((name, Box::new(move |_, density| f64::from(u8::from(density < edge)))));
    }
    // Bounded, so that no single event decides.
    let most = 9.0 * scales.len() as f64;
    let square = move |event: ArrayView1<'_, f64>| {
        let terms = event.iter().zip(middle).zip(&scales).map(|((x, m), s)| ((x - m) / s).powi(2));
        terms.sum::<f64>().min(most)
    };
    list.push(("the squared distance from the middle".into(), Box::new(move |event, _| square(event))));
    list
}

fn agree(what: &str, name: &str, function: &Function<'_>, samples: &Drawn, draws: &Drawn) -> Verdict {
    // p / (p + q), and q / (p + q) with the sign turned.
    let share = |difference: f64| 1.0 / (1.0 + (-difference).exp());
    let values = |drawn: &Drawn, sign: f64| -> Vec<f64> {
        let logs = drawn.density.iter().zip(&drawn.proposal);
        let one = |(event, (p, q)): (ArrayView1<'_, f64>, (&f64, &f64))| {
            function(event, *p) * share(sign * (p - q))
        };
        drawn.events.rows().into_iter().zip(logs).map(one).collect()
    };
    let (of_samples, of_draws) = (values(samples, -1.0), values(draws, 1.0));
    if of_draws.iter().filter(|x| **x > 0.0).count() < FEW {
        return Ok(());
    }
    let n = of_samples.len() as f64;
    let (found, stated) = (Fraction::of(of_samples.into_iter()), Fraction::of(of_draws.into_iter()));
    // Of a part of space without a sample, or with few, the error is not what these tell.
    let floor = if n * stated.value < FEW as f64 { (stated.value / n).sqrt() } else { 0.0 };
    let tolerance =
        CHANCE * found.error.max(floor).hypot(stated.error) + SLACK * found.value.max(stated.value);
    ensure((found.value - stated.value).abs() <= tolerance, || {
        format!(
            "{what}, {name}: {:.5} +- {:.5} of the samples, the density says {:.5} +- {:.5} (weighted with the \
             part of a proposal in proposal and density, and the other way round)",
            found.value, found.error, stated.value, stated.error
        )
    })
}
