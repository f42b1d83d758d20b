//! Weights and memory of gradients.

use amplicast_sdk::{Differentiable, Model};

use super::*;

/// Integer weights are repetitions.
#[test]
fn weights_are_repetitions() {
    let model = ring_model(2);
    let theta = model.initial(Seed::new(1)).unwrap();
    let mut gradients = [vec![0.0; theta.len()], vec![0.0; theta.len()]];
    let weighted = model
        .loss_and_gradient(&theta, &[3, 5, 8], Some(&[2.0, 0.0, 1.0]), Seed::new(1), &mut gradients[0])
        .unwrap();
    let repeated =
        model.loss_and_gradient(&theta, &[3, 3, 8], None, Seed::new(1), &mut gradients[1]).unwrap();
    assert!((weighted - repeated).abs() < 1e-6);
    for (w, r) in gradients[0].iter().zip(&gradients[1]) {
        assert!((w - r).abs() < 1e-5 * (1.0 + r.abs()), "{w} {r}");
    }
}

/// Memory that an earlier or a concurrent call used leaves no trace.
#[test]
fn calls_do_not_disturb_each_other() {
    let model = momenta_model(1);
    let theta = model.initial(Seed::new(1)).unwrap();
    let call = |theta: &[f32], n: u64| {
        let mut gradient = vec![0.0; theta.len()];
        let rows: Vec<u64> = (0..n).collect();
        let loss = model.loss_and_gradient(theta, &rows, None, Seed::new(1), &mut gradient).unwrap();
        (loss, gradient)
    };
    let first = call(&theta, 70);
    // A batch of another size, and a diverged one.
    call(&theta, 200);
    call(&vec![f32::NAN; theta.len()], 70);
    assert_eq!(call(&theta, 70), first);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| call(&theta, 70))).collect();
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), first));
    });
}

#[test]
fn a_row_beyond_the_training_set_is_refused() {
    let model = ring_model(2);
    let theta = model.initial(Seed::new(1)).unwrap();
    let mut gradient = vec![0.0; theta.len()];
    let error = model.loss_and_gradient(&theta, &[1000], None, Seed::new(1), &mut gradient).unwrap_err();
    assert!(error.to_string().contains("found row 1000"), "{error}");
}
