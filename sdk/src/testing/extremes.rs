//! Events far from the usual ones, which real files and generators have all the same.

use ndarray::{Array2, Axis};

use crate::Schema;

/// An event with what is special in it.
pub struct Extreme {
    pub what: String,
    pub event: Vec<f64>,
}

impl Extreme {
    /// The event alone (1 x d).
    pub fn values(&self) -> Array2<f64> {
        Array2::from_shape_fn((1, self.event.len()), |(_, k)| self.event[k])
    }
}

/// Extreme events of this schema; the first two are the same event.
pub fn extremes(schema: &Schema) -> Vec<Extreme> {
    let list = match schema.particles().len() {
        0 => columns(schema.dimension()),
        particles => momenta(particles),
    };
    list.into_iter().map(|(what, event)| Extreme { what: what.into(), event }).collect()
}

/// All extreme events together (n x d).
pub fn together(list: &[Extreme]) -> Array2<f64> {
    let mut values = Array2::zeros((0, list.first().map_or(0, |e| e.event.len())));
    for extreme in list {
        values.append(Axis(0), extreme.values().view()).expect("events of one length");
    }
    values
}

type Named = (&'static str, Vec<f64>);

fn columns(d: usize) -> Vec<Named> {
    let alternate = |a: f64, b: f64| (0..d).map(|k| if k % 2 == 0 { a } else { b }).collect::<Vec<_>>();
    let mut list = vec![
        ("zeros", vec![0.0; d]),
        ("zeros again", vec![0.0; d]),
        ("ones", vec![1.0; d]),
        ("1e-30", vec![1e-30; d]),
        ("-1e-30", vec![-1e-30; d]),
        ("5001", vec![5001.0; d]),
        ("-7500", vec![-7500.0; d]),
        ("1e6", vec![1e6; d]),
        ("1e9 and 1e-9", alternate(1e9, 1e-9)),
        ("x and -x", alternate(1.5, -1.5)),
    ];
    if d > 1 {
        list.push(("a first column of zero", alternate(0.0, 1.0)));
        list.push(("a second column of zero", alternate(1.0, 0.0)));
    }
    list
}

fn momenta(n: usize) -> Vec<Named> {
    type Momentum = [f64; 4];
    const USUAL: [Momentum; 2] = [[160.0, 60.0, -45.0, 120.0], [100.0, -30.0, 40.0, -80.0]];
    const ZERO: Momentum = [0.0; 4];
    let all = |momentum: Momentum| vec![momentum; n].concat();
    let of = |momentum: &dyn Fn(usize) -> Momentum| (0..n).flat_map(momentum).collect::<Vec<f64>>();
    // p and -p in turn; what is left of an odd number is at rest.
    let pairs = |[e, x, y, z]: Momentum| {
        of(&|k| match (k % 2, k + 1 == n) {
            (0, true) => [e, 0.0, 0.0, 0.0],
            (0, false) => [e, x, y, z],
            _ => [e, -x, -y, -z],
        })
    };
    vec![
        ("zero momenta", all(ZERO)),
        ("zero momenta again", all(ZERO)),
        ("a first particle of zero momentum", of(&|k| if k == 0 { ZERO } else { USUAL[k % 2] })),
        ("a last particle of zero momentum", of(&|k| if k + 1 == n { ZERO } else { USUAL[k % 2] })),
        ("particles at rest", all([5.0, 0.0, 0.0, 0.0])),
        ("particles along the beam", of(&|k| [50.0, 0.0, 0.0, if k % 2 == 0 { 50.0 } else { -50.0 }])),
        ("massless pairs back to back, of sum zero", pairs([50.0, 30.0, 0.0, 40.0])),
        ("pairs back to back in the transverse plane", pairs([50.0, 30.0, 39.0, 0.0])),
        ("10 TeV each", of(&|k| [1e4, 6e3, if k % 2 == 0 { 7.9e3 } else { -7.9e3 }, 100.0])),
        ("10 TeV, nearly along the beam", all([1e4, 1e-3, 0.0, 1e4 - 1e-9])),
        ("1e-30 GeV", all([2e-30, 1e-30, 1e-30, 1e-30])),
        ("particles of one momentum", all(USUAL[0])),
        (
            "massless particles",
            of(&|k| if k % 2 == 0 { [5.0, 3.0, 4.0, 0.0] } else { [13.0, 0.0, 5.0, 12.0] }),
        ),
        ("an azimuth of pi", of(&|k| [30.0, -25.0, if k % 2 == 0 { 0.0 } else { -0.0 }, 3.0])),
        ("space-like momenta", all([10.0, 30.0, 30.0, 5.0])),
    ]
}
