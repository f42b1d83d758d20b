//! Channels of tokens in memory.

use amplicast_nn::lanes::{Row, Slots, padded};
use amplicast_nn::pulp::Simd;

/// Multivectors and scalars of several tokens (slots), on blocks of one register of events.
///
/// A row holds what the linear maps treat alike: one register of an invariant, four of a vector, three of a bivector. So
/// the components take part in every product as more events would.
pub struct Features {
    invariants: Slots,
    vectors: Slots,
    bivectors: Slots,
}

/// One of the slots, of any instruction set.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    features: &'a Features,
    slot: usize,
}

/// The same, to be written.
pub struct SlotMut<'a> {
    features: &'a mut Features,
    slot: usize,
}

/// The channels of a token, as [`super::super::Features`] has them: q_0 and then the scalars, vectors, bivectors; real and
/// imaginary parts are neighbours.
#[derive(Clone, Copy)]
pub struct View<'a, S: Simd> {
    pub invariants: &'a [Row<S, 1>],
    pub vectors: &'a [Row<S, 4>],
    pub bivectors: &'a [Row<S, 3>],
}

/// The same, to be written.
pub struct ViewMut<'a, S: Simd> {
    pub invariants: &'a mut [Row<S, 1>],
    pub vectors: &'a mut [Row<S, 4>],
    pub bivectors: &'a mut [Row<S, 3>],
}

/// A group of channels, such as those of a head.
#[derive(Clone, Copy)]
pub struct Group<'a, S: Simd> {
    pub complex: &'a [Row<S, 1>],
    pub scalars: &'a [Row<S, 1>],
    pub vectors: &'a [Row<S, 4>],
    pub bivectors: &'a [Row<S, 3>],
}

/// The same, to be written.
pub struct GroupMut<'a, S: Simd> {
    pub complex: &'a mut [Row<S, 1>],
    pub scalars: &'a mut [Row<S, 1>],
    pub vectors: &'a mut [Row<S, 4>],
    pub bivectors: &'a mut [Row<S, 3>],
}

impl Features {
    /// `count` slots of these [multivectors, scalars] for blocks of `events`, with the rows that linear maps write.
    pub fn new(count: usize, [c, s]: [usize; 2], events: usize) -> Self {
        Features::of(count, [padded(2 * c + s), padded(2 * c)], events)
    }

    /// The same for what [`super::norm::normalise`] writes: the scalars' inverse root and two numbers of the multivectors'
    /// come after the invariants.
    pub fn normed(count: usize, [c, s]: [usize; 2], events: usize) -> Self {
        Features::of(count, [2 * c + s + 3, 2 * c], events)
    }

    fn of(count: usize, [invariants, others]: [usize; 2], events: usize) -> Self {
        Features {
            invariants: Slots::new(count, invariants, events),
            vectors: Slots::new(count, others, 4 * events),
            bivectors: Slots::new(count, others, 3 * events),
        }
    }

    /// A slot. Beyond the last they begin anew.
    #[inline(always)]
    pub fn at(&self, slot: usize) -> Slot<'_> {
        Slot { features: self, slot }
    }

    /// A slot. Beyond the last they begin anew.
    #[inline(always)]
    pub fn at_mut(&mut self, slot: usize) -> SlotMut<'_> {
        SlotMut { features: self, slot }
    }

    /// Makes all numbers zero.
    pub fn clear(&mut self) {
        self.invariants.clear();
        self.vectors.clear();
        self.bivectors.clear();
    }
}

impl<'a> Slot<'a> {
    #[inline(always)]
    pub fn view<S: Simd>(self) -> View<'a, S> {
        View {
            invariants: self.features.invariants.at::<S, 1>(self.slot),
            vectors: self.features.vectors.at::<S, 4>(self.slot),
            bivectors: self.features.bivectors.at::<S, 3>(self.slot),
        }
    }
}

impl<'a> SlotMut<'a> {
    #[inline(always)]
    pub fn view<S: Simd>(self) -> ViewMut<'a, S> {
        ViewMut {
            invariants: self.features.invariants.at_mut::<S, 1>(self.slot),
            vectors: self.features.vectors.at_mut::<S, 4>(self.slot),
            bivectors: self.features.bivectors.at_mut::<S, 3>(self.slot),
        }
    }
}

impl<'a, S: Simd> View<'a, S> {
    /// Group `index` of `count` groups of these [multivectors, scalars].
    #[inline(always)]
    pub fn group(self, (index, count): (usize, usize), [c, s]: [usize; 2]) -> Group<'a, S> {
        let first = 2 * c * index;
        Group {
            complex: &self.invariants[first..first + 2 * c],
            scalars: &self.invariants[2 * c * count + s * index..][..s],
            vectors: &self.vectors[first..first + 2 * c],
            bivectors: &self.bivectors[first..first + 2 * c],
        }
    }

    /// All channels.
    #[inline(always)]
    pub fn all(self, channels: [usize; 2]) -> Group<'a, S> {
        self.group((0, 1), channels)
    }
}

impl<'a, S: Simd> ViewMut<'a, S> {
    /// Group `index` of `count` groups of these [multivectors, scalars].
    #[inline(always)]
    pub fn group(self, (index, count): (usize, usize), [c, s]: [usize; 2]) -> GroupMut<'a, S> {
        let first = 2 * c * index;
        let (complex, scalars) = self.invariants.split_at_mut(2 * c * count);
        GroupMut {
            complex: &mut complex[first..first + 2 * c],
            scalars: &mut scalars[s * index..s * (index + 1)],
            vectors: &mut self.vectors[first..first + 2 * c],
            bivectors: &mut self.bivectors[first..first + 2 * c],
        }
    }

    /// All channels.
    #[inline(always)]
    pub fn all(self, channels: [usize; 2]) -> GroupMut<'a, S> {
        self.group((0, 1), channels)
    }
}
