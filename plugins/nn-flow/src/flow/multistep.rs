//! A solver for the flow of a network: one call of it a step.
//!
//! A flow from the base to events is short and smooth, and the calls of the network are what it costs. Each step of Adams' methods goes
//! on with the velocities of the last two points (predictor); the call at its end corrects it with one velocity more, and is the first of
//! the next step. So a step of order 3 costs one call, where Kutta's rule takes four. Steps are shorter at both ends: at the base, where
//! there are no earlier velocities, and at the events, where velocities change most.

use std::collections::VecDeque;

use amplicast_sdk::Result;

/// Writes the velocities at a time.
pub type Field<'a> = dyn FnMut(f64, &[f64], &mut [f64]) -> Result<()> + 'a;

/// t = (1 - s^p)^p for equal steps in s. On top pairs, of the powers tried between 0.8 and 1.5, that with the smallest error for 8 calls.
const POWER: f64 = 1.25;

/// Numbers of calls that are tried.
const CALLS: [u64; 10] = [6, 8, 12, 16, 24, 32, 48, 64, 96, 128];

/// Part of the events by which a number of calls is judged.
const MOST: f64 = 0.95;

/// Velocities of all events at a time.
struct Slope {
    time: f64,
    velocity: Vec<f64>,
}

/// Takes `x` from time `start` to `end` by so many calls.
pub fn multistep((start, end): (f64, f64), calls: u64, x: &mut [f64], field: &mut Field<'_>) -> Result<()> {
    let time = |i: u64| end + (start - end) * (1.0 - (i as f64 / calls as f64).powf(POWER)).powf(POWER);
    // The newest first.
    let mut slopes: VecDeque<Slope> = VecDeque::new();
    let mut before = x.to_vec();
    for i in 0..calls {
        let mut slope = match slopes.len() {
            3 => slopes.pop_back().expect("there are three"),
            _ => Slope { time: 0.0, velocity: vec![0.0; x.len()] },
        };
        slope.time = time(i);
        field(slope.time, x, &mut slope.velocity)?;
        slopes.push_front(slope);
        if i > 0 {
            x.copy_from_slice(&before);
            add_integral((time(i - 1), time(i)), &slopes, slopes.len(), x);
            before.copy_from_slice(x);
        }
        add_integral((time(i), time(i + 1)), &slopes, slopes.len().min(2), x);
    }
    Ok(())
}

/// The fewest calls of those tried whose results differ from those of twice as many by no more than the tolerance: root mean square over
/// all numbers of an event, of which there are `numbers`, and over most events, from these starting points.
///
/// Where a flow parts, as at the middle of a ring, two starting points next to each other end far from each other: the few events that go
/// there differ by as much as events do, however many calls are made, and the distribution is the same.
///
/// None where the most that are tried are not enough: few, equal steps are not what this flow needs.
pub fn enough_calls(
    span: (f64, f64),
    tolerance: f64,
    (start, numbers): (&[f64], usize),
    field: &mut Field<'_>,
) -> Result<Option<u64>> {
    let mut found: Vec<(u64, Vec<f64>)> = Vec::new();
    let mut by = |calls: u64| -> Result<Vec<f64>> {
        if let Some((_, x)) = found.iter().find(|(of, _)| *of == calls) {
            return Ok(x.clone());
        }
        let mut x = start.to_vec();
        multistep(span, calls, &mut x, field)?;
        found.push((calls, x.clone()));
        Ok(x)
    };
    for calls in CALLS {
        let (few, many) = (by(calls)?, by(2 * calls)?);
        let of_event = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let mut squares: Vec<f64> = few.chunks(numbers).zip(many.chunks(numbers)).map(of_event).collect();
        squares.sort_unstable_by(f64::total_cmp);
        let most = ((MOST * squares.len() as f64).ceil() as usize).min(squares.len());
        let mean = squares[..most].iter().sum::<f64>() / (most * numbers).max(1) as f64;
        if mean.sqrt() <= tolerance {
            return Ok(Some(calls));
        }
    }
    Ok(None)
}

/// Adds the integral over a step of the polynomial through the first `count` slopes, three at most.
fn add_integral((from, to): (f64, f64), slopes: &VecDeque<Slope>, count: usize, x: &mut [f64]) {
    // Two points of Gauss are exact up to cubic polynomials.
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let nodes = [middle - half / 3_f64.sqrt(), middle + half / 3_f64.sqrt()];
    for (k, slope) in slopes.iter().take(count).enumerate() {
        let others = || slopes.iter().take(count).enumerate().filter(move |(j, _)| *j != k);
        let at = |t: f64| -> f64 {
            others().map(|(_, other)| (t - other.time) / (slope.time - other.time)).product()
        };
        let weight = half * (at(nodes[0]) + at(nodes[1]));
        x.iter_mut().zip(&slope.velocity).for_each(|(x, v)| *x += weight * v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x' = (cos 3t, t x): both have a closed form.
    fn error(calls: u64) -> f64 {
        let mut x = [0.0, 2.0];
        let mut field = |t: f64, x: &[f64], v: &mut [f64]| {
            v.copy_from_slice(&[(3.0 * t).cos(), t * x[1]]);
            Ok(())
        };
        multistep((0.0, 1.0), calls, &mut x, &mut field).unwrap();
        (x[0] - 3_f64.sin() / 3.0).hypot(x[1] - 2.0 * 0.5_f64.exp())
    }

    /// The last step is predicted alone, with an error of its length's cube; all others are corrected, with its fourth power each.
    #[test]
    fn the_error_falls_with_the_cube_of_the_steps() {
        let ratio = error(32) / error(64);
        assert!((6.0..12.0).contains(&ratio), "{ratio}");
        assert!(error(16) < 2e-3, "{}", error(16));
    }

    /// Constant and linear velocities are exact from the second step on, a constant one at once.
    #[test]
    fn one_call_a_step() {
        let (mut x, mut calls) = ([1.0], 0);
        let mut field = |_: f64, _: &[f64], v: &mut [f64]| {
            calls += 1;
            v[0] = -2.0;
            Ok(())
        };
        multistep((1.0, 0.0), 7, &mut x, &mut field).unwrap();
        assert!(calls == 7 && (x[0] - 3.0).abs() < 1e-14, "{calls} {x:?}");
    }

    #[test]
    fn as_many_calls_as_the_tolerance_asks_for() {
        let mut field = |t: f64, x: &[f64], v: &mut [f64]| {
            v.copy_from_slice(&[(3.0 * t).cos(), t * x[1]]);
            Ok(())
        };
        let start = [0.0, 2.0];
        let mut before = 0;
        for tolerance in [1e-1, 1e-3, 1e-5] {
            let calls = enough_calls((0.0, 1.0), tolerance, (&start, 2), &mut field).unwrap().unwrap();
            // The difference from twice as many calls is seven eighths of the error.
            assert!(calls > before && error(calls) < 2.0 * tolerance, "{tolerance}: {calls}");
            before = calls;
        }
        assert_eq!(enough_calls((0.0, 1.0), 1e-14, (&start, 2), &mut field).unwrap(), None);
    }

    /// x' = 12 (x - s(t)) (1 - x^2) parts somewhere near 0, by s: what begins next to that place goes to 1 or -1 by the last digits, and judges
    /// nobody.
    #[test]
    fn where_a_flow_parts_nobody_is_judged() {
        const EVENTS: usize = 2000;
        let start: Vec<f64> = (0..EVENTS).map(|i| (i as f64 + 0.5) / 1000.0 - 1.0).collect();
        let jump = |t: f64, x: &[f64], v: &mut [f64]| {
            let by = 0.5 * (30.0 * t).sin();
            v.iter_mut().zip(x).for_each(|(v, x)| *v = 12.0 * (x - by) * (1.0 - x * x));
            Ok(())
        };
        let calls = enough_calls((0.0, 1.0), 3e-3, (&start, 1), &mut { jump }).unwrap().unwrap();
        let all = |calls: u64| {
            let mut x = start.clone();
            multistep((0.0, 1.0), calls, &mut x, &mut { jump }).unwrap();
            x
        };
        let (few, many) = (all(calls), all(2 * calls));
        let off = |(a, b): (&f64, &f64)| (a - b).abs();
        let differ = few.iter().zip(&many).filter(|pair| off(*pair) > 0.5).count();
        let mean = (few.iter().zip(&many).map(|pair| off(pair).powi(2)).sum::<f64>() / EVENTS as f64).sqrt();
        println!("{calls} calls, {differ} events differ, {mean} in the mean");
        assert!(
            differ > 0 && differ < EVENTS / 20 && mean > 2.0 * 3e-3,
            "{differ} with {calls} calls, {mean}"
        );
    }
}
