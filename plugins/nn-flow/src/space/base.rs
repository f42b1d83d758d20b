//! What every space is: coordinates of events, and the base distribution at the other end of time.

use amplicast_nn::Coordinates;
use amplicast_sdk::Stream;

/// The events' coordinates x and the base distribution.
pub(crate) trait Space: Send + Sync {
    /// Tokens of an event (particles, columns), and numbers of each.
    fn shape(&self) -> [usize; 2];

    /// Numbers of an event.
    fn dimension(&self) -> usize {
        self.shape().into_iter().product()
    }

    /// Which numbers of a token are angles, on a circle of 2 pi.
    fn angles(&self) -> &'static [bool];

    fn coordinates(&self) -> &dyn Coordinates;

    /// Draws the coordinates of a point of the base distribution.
    fn draw(&self, stream: &mut Stream, x: &mut [f64]);

    /// The base's log density over the coordinates x.
    fn base_log_density(&self, x: &[f64]) -> f64;
}
