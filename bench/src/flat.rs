//! The price of one flat parameter vector: a leaf with split views against a leaf for each segment.

use amplicast_nn::{CausalTransformer, MixtureHead, Support, initial_parameters, layout, loss_and_gradient};
use amplicast_nn::{guarded, single_threaded};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Model, Result, Seed};
use tch::{Kind, Tensor};

use crate::network::log_density;
use crate::plugins::Plugins;
use crate::ring::{model, rows};
use crate::table::{Row, cost};
use crate::timing::{Pairs, Times};

const REPETITIONS: usize = 201;
const COMPONENTS: usize = 20;
const MILLI: f64 = 1e-3;

/// Milliseconds that one flat vector adds, of those of the plugin's loss and gradient.
///
/// The two kinds of leaves are compared on a plain network with the segments of the default one. That is generous to the
/// separate leaves: they stay in libtorch from step to step, while the flat vector comes from a slice and its gradient
/// goes back to one.
pub fn measure(plugins: &Plugins, dimension: usize, batch: usize) -> Result<Row> {
    let step = gradient_of_the_plugin(plugins, dimension, batch)?;
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
    let head = MixtureHead::new(COMPONENTS, &vec![Support::Line; dimension]);
    let loss = |take: &mut dyn FnMut() -> Tensor| -log_density(&shape, &head, take, &x).mean(Kind::Float);

    let mut gradient = vec![0.0; theta.len()];
    let flat = || {
        loss_and_gradient(&layout, &theta, &mut gradient, |mut views| loss(&mut || views.take())).map(drop)
    };
    let leaves: Vec<Tensor> = layout
        .ranges()
        .map(|(segment, range)| {
            let size: Vec<i64> = segment.shape.iter().map(|&n| n as i64).collect();
            Tensor::from_slice(&theta[range]).view(&size[..]).set_requires_grad(true)
        })
        .collect();
    let separate = || {
        guarded(|| {
            let mut next = leaves.iter().map(Tensor::shallow_clone);
            let loss = loss(&mut || next.next().expect("as many leaves as segments"));
            let gradients = Tensor::run_backward(&[&loss], &leaves, false, false);
            drop((gradients, loss.double_value(&[])));
        })
    };
    let pairs = Pairs::of(REPETITIONS, flat, separate)?;
    let extra = format!("{:.3} ms more than a leaf a segment", pairs.difference / MILLI);
    let against = format!("loss and gradient of the plugin, {}", cost(&step, MILLI, "ms"));
    let what = format!("flat parameters, {dimension}D, batch {batch}");
    Ok(Row::new(what, extra, against).surplus(1.0 + pairs.difference / step.median(), Some(1.0)))
}

fn gradient_of_the_plugin(plugins: &Plugins, dimension: usize, batch: usize) -> Result<Times> {
    let model = model(plugins, dimension)?;
    let (theta, rows) = (model.initial(Seed::new(4))?, rows());
    let gradients = model.gradients().expect("it has gradients");
    let mut gradient = vec![0.0; theta.len()];
    let rows = &rows[..batch];
    Times::of(REPETITIONS, || {
        gradients.loss_and_gradient(&theta, rows, None, Seed::new(5), &mut gradient).map(drop)
    })
}
