//! Events in bins, all alike or with weights and groups.

use amplicast_sdk::{
    Accumulator, Expectations, GroupedFractions, Result, Values, WeightedFractions, expect_length,
};

/// Bins [edge, next edge) of equal width.
struct Bins {
    edges: Vec<f64>,
}

impl Bins {
    fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// The number of a value's bin; that of bins if it is outside of all.
    fn place(&self) -> impl Fn(f64) -> u32 + use<> {
        // Adding 2^52 rounds to an integer, found in the low bits of the sum: unlike a cast, a compiler makes instructions of this that take several
        // values at once.
        const MAGIC: f64 = (1_u64 << 52) as f64;
        let (low, bins) = (self.edges[0], self.len() as f64);
        let scale = bins / (self.edges[self.len()] - low);
        move |x| {
            let bin = (x - low) * scale;
            let bin = if bin >= 0.0 && bin < bins { bin } else { bins };
            let rounded = (bin + MAGIC) - MAGIC;
            let down = if rounded > bin { rounded - 1.0 } else { rounded };
            (down + MAGIC).to_bits() as u32
        }
    }

    /// The bin of a value; none if it is outside of all.
    fn of(&self) -> impl Fn(f64) -> Option<usize> + use<> {
        let (place, bins) = (self.place(), self.len());
        move |x| Some(place(x) as usize).filter(|bin| *bin < bins)
    }
}

/// Events in bins; others are left out.
pub struct Histogram {
    bins: Bins,
    /// Of the bins, and of what is outside of all.
    counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram with equally spaced edges.
    pub fn new(edges: &[f64]) -> Self {
        Histogram { bins: Bins { edges: edges.to_vec() }, counts: vec![0; edges.len()] }
    }
}

impl Accumulator for Histogram {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let place_of = self.bins.place();
        // Two passes: the first takes several values at once.
        let mut places = [0; 64];
        for values in values.one()?.chunks(places.len()) {
            for (place, x) in places.iter_mut().zip(values) {
                *place = place_of(*x);
            }
            places[..values.len()].iter().for_each(|place| self.counts[*place as usize] += 1);
        }
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.counts[..self.bins.len()].iter().map(|&c| c as f64).collect())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        expect_length("bins", self.bins.len(), state.len())?;
        self.counts.iter_mut().zip(state).for_each(|(c, &s)| *c += s as u64);
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

/// The same of events that may have weights: the sums of [`WeightedFractions`].
pub struct WeightedHistogram {
    bins: Bins,
    sums: WeightedFractions,
}

impl WeightedHistogram {
    /// An empty histogram with equally spaced edges.
    pub fn new(edges: &[f64]) -> Self {
        let bins = Bins { edges: edges.to_vec() };
        WeightedHistogram { sums: WeightedFractions::new(bins.len()), bins }
    }

    /// The sums of its bins.
    pub fn sums(&self) -> &WeightedFractions {
        &self.sums
    }
}

impl Accumulator for WeightedHistogram {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let (x, weights) = values.one_weighted()?;
        let bin = self.bins.of();
        self.sums.add(weights, x.len());
        for (i, x) in x.iter().enumerate() {
            if let Some(bin) = bin(*x) {
                self.sums.add_one_to(bin, weights.map_or(1.0, |weights| weights[i]));
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.sums.numbers())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.sums.merge(state)
    }

    fn values(&self) -> Result<Vec<f64>> {
        self.state()
    }
}

/// The same of events of which some belong together: a summary of [`GroupedFractions`].
pub struct GroupedHistogram {
    bins: Bins,
    sums: GroupedFractions,
}

impl GroupedHistogram {
    /// An empty histogram with equally spaced edges.
    pub fn new(edges: &[f64]) -> Self {
        let bins = Bins { edges: edges.to_vec() };
        GroupedHistogram { sums: GroupedFractions::new(bins.len()), bins }
    }

    /// The sums of its bins.
    pub fn sums(&self) -> &GroupedFractions {
        &self.sums
    }
}

impl Accumulator for GroupedHistogram {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        let bin = self.bins.of();
        if !values.are_alike() {
            return self.sums.add(values, bin);
        }
        let mut counts = vec![0; self.bins.len()];
        values.list()?.iter().filter_map(|x| bin(*x)).for_each(|bin| counts[bin] += 1);
        self.sums.add_counts(&counts, values.events() as u64);
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.sums.numbers())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.sums.merge(state)
    }

    fn values(&self) -> Result<Vec<f64>> {
        Ok(self.sums.summary())
    }
}

/// The fractions in so many bins with their covariance, from what the accumulator of a histogram holds after so many events; none if it holds plain
/// counts.
pub fn fractions_of(values: &[f64], bins: usize) -> Result<Option<Expectations>> {
    // That lengths differ tells them apart: of weights there are 5 (bins + 1).
    match values.len() {
        len if len == bins => Ok(None),
        len if len == GroupedFractions::len_of(bins) => {
            GroupedFractions::read_summary(values, bins).map(|(_, found)| Some(found))
        }
        _ => WeightedFractions::read(values).map(|sums| Some(sums.expectations())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_leave_out_what_is_outside() {
        let mut histogram = Histogram::new(&[0.0, 1.0, 2.0]);
        histogram.update(Values::single(&[-0.1, 0.0, 0.99, 1.0, 2.0, 5.0])).unwrap();
        assert_eq!(histogram.values().unwrap(), vec![2.0, 1.0]);
    }

    #[test]
    fn places_are_those_of_a_cast() {
        let bins = Bins { edges: (0..=50).map(|k| -1.0 + 0.3 * f64::from(k)).collect() };
        let (place, scale) = (bins.place(), 50.0 / (bins.edges[50] - bins.edges[0]));
        let around = |x: &f64| [x.next_down(), *x, x.next_up(), x + 0.149, x + 0.15, x + 0.299];
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e300, 1e300, -0.0];
        for x in bins.edges.iter().flat_map(around).chain(odd) {
            let bin = (x + 1.0) * scale;
            let expected = if (0.0..50.0).contains(&bin) { bin as u32 } else { 50 };
            assert_eq!(place(x), expected, "{x}");
        }
    }

    /// Whatever it holds, the fractions are there; those of groups have larger errors.
    #[test]
    fn fractions_of_any_histogram() {
        let (edges, x) = ([0.0, 1.0, 2.0], [0.1, 0.2, 0.1, 0.2, 1.5, 1.6, 1.7, 5.0]);
        let (mut weighted, mut grouped) = (WeightedHistogram::new(&edges), GroupedHistogram::new(&edges));
        weighted.update(Values { w: Some(&[1.0; 8]), ..Values::single(&x) }).unwrap();
        grouped.update(Values { g: Some(&[0, 0, 0, 0, 4, 4, 4, 7]), ..Values::single(&x) }).unwrap();
        let of = |values: &[f64]| fractions_of(values, 2).unwrap().unwrap();
        let (weighted, grouped) = (of(&weighted.values().unwrap()), of(&grouped.values().unwrap()));
        assert_eq!((&weighted.means, &grouped.means), (&vec![0.5, 0.375], &vec![0.5, 0.375]));
        assert!(grouped.events < 0.5 * weighted.events);
        let mut generated = GroupedHistogram::new(&edges);
        generated.update(Values::single(&x)).unwrap();
        assert!((of(&generated.values().unwrap()).events - 8.0).abs() < 1e-12);
        assert!(fractions_of(&[3.0, 4.0], 2).unwrap().is_none() && fractions_of(&[1.0], 2).is_err());
    }
}
