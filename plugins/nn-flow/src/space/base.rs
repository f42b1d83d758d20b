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

    /// How many coordinates of an event, the first ones, are given and not generated.
    fn given(&self) -> usize {
        self.coordinates().given()
    }

    /// Those of some training events, one after the other.
    fn some_conditions(&self) -> &[f64] {
        &[]
    }

    /// Draws the coordinates of a point of the base distribution; leaves the given ones as they are.
    fn draw(&self, stream: &mut Stream, x: &mut [f64]);

    /// The base's log density over the coordinates x.
    fn base_log_density(&self, x: &[f64]) -> f64;
}
