//! The graph against the lanes, and its gradients.

use amplicast_nn_flow::transformer::Transformer;

use crate::agreement::check_lanes;
use crate::symmetry::check_gradients;

/// Odd sizes, whole blocks and rests.
#[test]
fn the_graph_and_the_lanes_agree() {
    let sizes = [(6, 4, 12, 3, 2, 2, 101), (2, 1, 10, 2, 1, 3, 48), (3, 2, 8, 1, 3, 1, 7)];
    for (tokens, numbers, width, heads, blocks, mlp_factor, n) in sizes {
        let network = Transformer { tokens, numbers, given: 0, width, heads, blocks, mlp_factor };
        check_lanes(network, tokens * numbers, n, 3e-5);
    }
}

#[test]
fn gradients_agree_with_differences() {
    check_gradients(
        &Transformer { tokens: 3, numbers: 4, given: 0, width: 8, heads: 2, blocks: 1, mlp_factor: 2 },
        3,
    );
}
