//! Linear layers as they lie in the parameter vector, with what is folded into them.

/// W (outputs x inputs, row by row) and b of a linear layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Columns of W.
    pub inputs: usize,
    /// Rows of W.
    pub outputs: usize,
    /// The numbers of W.
    pub weight: Vec<f32>,
    /// The bias.
    pub bias: Vec<f32>,
}

impl Dense {
    /// From a matrix and a bias.
    pub fn new(weight: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        Dense { inputs: weight.len() / outputs, outputs, weight: weight.to_vec(), bias: bias.to_vec() }
    }

    /// From a matrix alone: the bias is zero.
    pub fn without_bias(weight: &[f32], outputs: usize) -> Self {
        Dense::new(weight, &vec![0.0; outputs])
    }

    /// The same layer after a layer norm's scale and shift: W diag(scale), b + W shift.
    pub fn after_norm(weight: &[f32], bias: &[f32], scale: &[f32], shift: &[f32]) -> Self {
        let mut folded = Dense::new(weight, bias);
        for (row, bias) in folded.weight.chunks_exact_mut(scale.len()).zip(&mut folded.bias) {
            *bias += row.iter().zip(shift).map(|(w, s)| w * s).sum::<f32>();
            row.iter_mut().zip(scale).for_each(|(w, s)| *w *= s);
        }
        folded
    }

    /// Multiplies the queries, the first third of a layer of queries, keys and values, by 1/sqrt(width of a head).
    pub fn scale_queries(&mut self, heads: usize) {
        let width = self.inputs;
        let factor = ((width / heads) as f32).sqrt().recip();
        self.weight[..width * width].iter_mut().for_each(|w| *w *= factor);
        self.bias[..width].iter_mut().for_each(|b| *b *= factor);
    }

    /// Reads `self` as the gradient of a layer made by [`after_norm`](Dense::after_norm) from the matrix `weight`, and
    /// turns it into that of `weight` and its bias; returns the gradients of scale and shift.
    ///
    /// With W' = W diag(scale) and b' = b + W shift: dW = dW' diag(scale) + db' shift^T, db = db',
    /// dscale_i = sum_o dW'_oi W_oi, dshift_i = sum_o db'_o W_oi.
    pub fn unfold_norm(&mut self, weight: &[f32], scale: &[f32], shift: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut by_scale, mut by_shift) = (vec![0.0; self.inputs], vec![0.0; self.inputs]);
        let rows = self.weight.chunks_exact_mut(self.inputs).zip(weight.chunks_exact(self.inputs));
        for ((row, weight), bias) in rows.zip(&self.bias) {
            for (i, (gradient, w)) in row.iter_mut().zip(weight).enumerate() {
                by_scale[i] += *gradient * w;
                by_shift[i] += bias * w;
                *gradient = *gradient * scale[i] + bias * shift[i];
            }
        }
        (by_scale, by_shift)
    }
}
