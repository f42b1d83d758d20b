//! The price of one flat parameter vector in libtorch: a leaf with split views against a leaf for each segment.
//!
//! The autoregressive plugin's own gradient has no such row. There segments are slices of the flat vector, read one after
//! the other while the weights are packed, which separate vectors would have to be as well: there is nothing to compare.

use amplicast_nn::{CausalTransformer, Support, initial_parameters, layout};
use amplicast_nn_torch::{
    MixtureHead, Views, causal_transformer, guarded, loss_and_gradient, single_threaded,
};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Result, Seed};
use tch::{Device, Kind, Tensor};

use crate::table::{Row, cost};
use crate::timing::Pairs;

const REPETITIONS: usize = 201;
const COMPONENTS: usize = 20;
const MILLI: f64 = 1e-3;

/// Milliseconds that one flat vector adds to libtorch's loss and gradient of the default network.
///
/// The comparison is generous to the separate leaves: they stay in libtorch from step to step, while the flat vector comes
/// from a slice and its gradient goes back to one.
pub fn measure(dimension: usize, batch: usize) -> Result<Row> {
    single_threaded();
    let shape = CausalTransformer {
        features: 1,
        positions: dimension,
        width: 32,
        heads: 4,
        blocks: 2,
        mlp_factor: 2,
        outputs: 3 * COMPONENTS,
    };
    let parameters = shape.parameters(vec![0.0; 3 * COMPONENTS]);
    let (layout, theta) = (layout(&parameters), initial_parameters(&parameters, Seed::new(1)));
    let mut stream = Seed::new(2).stream();
    let x: Vec<f32> = (0..batch * dimension).map(|_| StandardNormal.sample(&mut stream)).collect();
    let x = Tensor::from_slice(&x).view([batch as i64, dimension as i64]);
    // The start token's zero, then all numbers but the last.
    let start = Tensor::zeros([batch as i64, 1], (Kind::Float, Device::Cpu));
    let features = Tensor::cat(&[start, x.narrow(1, 0, dimension as i64 - 1)], 1).unsqueeze(2);
    let head = MixtureHead::new(COMPONENTS, &vec![Support::Line; dimension]);
    let loss = |mut views: Views| {
        let raw = causal_transformer(&shape, &mut views, &features);
        -head.log_density(&raw, &x).mean(Kind::Float)
    };

    let mut gradient = vec![0.0; theta.len()];
    let options = (Kind::Float, Device::Cpu);
    let flat = || loss_and_gradient(&layout, &theta, options, &mut gradient, loss).map(drop);
    let leaves: Vec<Tensor> = layout
        .ranges()
        .map(|(segment, range)| {
            let size: Vec<i64> = segment.shape.iter().map(|&n| n as i64).collect();
            Tensor::from_slice(&theta[range]).view(&size[..]).set_requires_grad(true)
        })
        .collect();
    let separate = || {
        guarded(|| {
            let loss = loss(Views::separate(leaves.iter().map(Tensor::shallow_clone).collect()));
            let gradients = Tensor::run_backward(&[&loss], &leaves, false, false);
            drop((gradients, loss.double_value(&[])));
        })
    };
    let pairs = Pairs::of(REPETITIONS, flat, separate)?;
    let extra = format!("{:.3} ms more than a leaf a segment", pairs.difference / MILLI);
    let against = format!("libtorch's loss and gradient, {}", cost(&pairs.second, MILLI, "ms"));
    let what = format!("flat parameters in libtorch, {dimension}D, batch {batch}");
    Ok(Row::new(what, extra, against).surplus(1.0 + pairs.difference / pairs.second.median(), None))
}
