//! Samples are a function of the seed alone.

use amplicast_sdk::Model;

use super::*;

/// A longer chunk begins with the shorter one, whatever the size of the blocks; other seeds give other events.
#[test]
fn samples_are_a_function_of_the_seed() {
    let model = ring_model(2);
    let member = model.at(&model.initial(Seed::new(1)).unwrap()).unwrap();
    let sample = |n: usize, seed: u64| {
        let mut out = Array2::zeros((n, 2));
        member.sample(chunk(seed), out.view_mut()).unwrap();
        out
    };
    let long = sample(1000, 1);
    assert_eq!(long, sample(1000, 1));
    assert_eq!(long.slice(amplicast_sdk::ndarray::s![..77, ..]), sample(77, 1));
    assert_ne!(long, sample(1000, 2));
    let mut with = Array2::zeros((1000, 2));
    member.sample_with_log_density(chunk(1), with.view_mut(), &mut vec![0.0; 1000]).unwrap();
    assert_eq!(long, with);
    // On other threads, at the same time.
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| sample(1000, 1))).collect();
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), long));
    });
}
