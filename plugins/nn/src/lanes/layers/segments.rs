//! The segments of a flat vector, one after the other in the order of a network's parameters.

use amplicast_sdk::{Layout, Segment};

use super::dense::Dense;

/// The segments of parameters, to be read.
///
/// A network that reads more segments than it declares, or writes others than it read, is a mistake in its code: all methods
/// here panic then.
pub struct Segments<'a> {
    segments: std::slice::Iter<'a, Segment>,
    rest: &'a [f32],
}

impl<'a> Segments<'a> {
    /// All of a vector.
    pub fn new(layout: &'a Layout, vector: &'a [f32]) -> Self {
        assert_eq!(vector.len(), layout.len(), "length of the parameters");
        Segments { segments: layout.segments().iter(), rest: vector }
    }

    /// Shape and numbers of the next segment.
    pub fn shaped(&mut self) -> (&'a [usize], &'a [f32]) {
        let segment = self.segments.next().expect("a network read more segments than its layout has");
        let numbers = self.rest.split_off(..segment.len()).expect("as many numbers as the layout says");
        (&segment.shape, numbers)
    }

    /// The numbers of the next segment.
    pub fn take(&mut self) -> &'a [f32] {
        self.shaped().1
    }

    /// A matrix and a bias.
    pub fn dense(&mut self) -> Dense {
        Dense::new(self.take(), self.take())
    }

    /// A matrix without a bias.
    pub fn matrix(&mut self) -> Dense {
        let (shape, numbers) = self.shaped();
        Dense::without_bias(numbers, shape[0])
    }
}

/// The segments of a gradient, to be written.
pub struct SegmentsMut<'a> {
    segments: std::slice::Iter<'a, Segment>,
    rest: &'a mut [f32],
}

impl<'a> SegmentsMut<'a> {
    /// All of a vector.
    pub fn new(layout: &'a Layout, vector: &'a mut [f32]) -> Self {
        assert_eq!(vector.len(), layout.len(), "length of the gradient");
        SegmentsMut { segments: layout.segments().iter(), rest: vector }
    }

    /// Writes the next segment.
    pub fn put(&mut self, numbers: &[f32]) {
        let segment = self.segments.next().expect("a network wrote more segments than its layout has");
        let out = self.rest.split_off_mut(..segment.len()).expect("as many numbers as the layout says");
        out.copy_from_slice(numbers);
    }

    /// Writes a matrix and a bias.
    pub fn dense(&mut self, dense: &Dense) {
        self.put(&dense.weight);
        self.put(&dense.bias);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout::new([("a.weight", vec![2, 3]), ("a.bias", vec![2]), ("b", vec![1, 2])])
    }

    #[test]
    fn what_is_read_is_written_to_its_place() {
        let (layout, numbers) = (layout(), Vec::from_iter((0..10_u8).map(f32::from)));
        let mut segments = Segments::new(&layout, &numbers);
        let (dense, matrix) = (segments.dense(), segments.matrix());
        assert_eq!((dense.inputs, dense.outputs, &dense.bias[..]), (3, 2, &[6.0, 7.0][..]));
        assert_eq!((matrix.inputs, matrix.outputs, &matrix.bias[..]), (2, 1, &[0.0][..]));
        let mut out = vec![f32::NAN; 10];
        let mut gradient = SegmentsMut::new(&layout, &mut out);
        gradient.dense(&dense);
        gradient.put(&matrix.weight);
        assert_eq!(out, numbers);
    }

    #[test]
    #[should_panic(expected = "more segments than its layout has")]
    fn a_segment_too_many() {
        let layout = layout();
        let mut segments = Segments::new(&layout, &[0.0; 10]);
        (0..4).for_each(|_| assert!(!segments.take().is_empty()));
    }

    #[test]
    #[should_panic(expected = "length")]
    fn a_segment_of_another_length() {
        SegmentsMut::new(&layout(), &mut [0.0; 10]).put(&[0.0; 5]);
    }
}
