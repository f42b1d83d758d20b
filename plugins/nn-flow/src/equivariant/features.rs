//! Channels of tokens in memory.

use amplicast_nn::lanes::{Row, Slots};
use amplicast_nn::pulp::Simd;

/// How many rows of each kind a group of channels has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rows {
    /// Scalars and pseudoscalars of multivectors.
    pub complex: usize,
    pub scalars: usize,
    pub vectors: usize,
    pub bivectors: usize,
}

impl Rows {
    /// Of multivectors, each real and imaginary part, and scalars.
    pub fn multivectors([c, s]: [usize; 2]) -> Self {
        Rows { complex: 2 * c, scalars: s, vectors: 2 * c, bivectors: 2 * c }
    }

    /// Of real vectors and scalars alone.
    pub fn vectors([c, s]: [usize; 2]) -> Self {
        Rows { complex: 0, scalars: s, vectors: c, bivectors: 0 }
    }

    /// Of either.
    pub fn of(complex: bool, channels: [usize; 2]) -> Self {
        if complex { Rows::multivectors(channels) } else { Rows::vectors(channels) }
    }

    /// Numbers in them.
    pub fn numbers(&self) -> usize {
        self.complex + self.scalars + 4 * self.vectors + 3 * self.bivectors
    }

    /// Of several such groups.
    pub fn times(self, count: usize) -> Self {
        let Rows { complex, scalars, vectors, bivectors } = self;
        Rows {
            complex: count * complex,
            scalars: count * scalars,
            vectors: count * vectors,
            bivectors: count * bivectors,
        }
    }

    /// At least as many as each of these.
    pub fn most(all: &[Rows]) -> Self {
        let most = |of: fn(&Rows) -> usize| all.iter().map(of).max().unwrap_or(0);
        Rows {
            complex: most(|rows| rows.complex),
            scalars: most(|rows| rows.scalars),
            vectors: most(|rows| rows.vectors),
            bivectors: most(|rows| rows.bivectors),
        }
    }

    pub fn invariants(&self) -> usize {
        self.complex + self.scalars
    }
}

/// Channels of several tokens (slots), on blocks of one register of events.
///
/// A row holds what the linear maps treat alike: one register of an invariant, four of a vector, three of a bivector. So
/// the components take part in every product as more events would.
pub(crate) struct Features {
    invariants: Slots,
    vectors: Slots,
    bivectors: Slots,
}

/// One of the slots, of any instruction set.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    features: &'a Features,
    slot: usize,
}

/// The same, to be written.
pub(crate) struct SlotMut<'a> {
    features: &'a mut Features,
    slot: usize,
}

/// The channels of a token: invariants (those of multivectors, then scalars), vectors, bivectors; real and imaginary parts
/// are neighbors.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, S: Simd> {
    pub invariants: &'a [Row<S, 1>],
    pub vectors: &'a [Row<S, 4>],
    pub bivectors: &'a [Row<S, 3>],
}

/// The same, to be written.
pub(crate) struct ViewMut<'a, S: Simd> {
    pub invariants: &'a mut [Row<S, 1>],
    pub vectors: &'a mut [Row<S, 4>],
    pub bivectors: &'a mut [Row<S, 3>],
}

/// A group of channels, such as those of a head.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a, S: Simd> {
    pub complex: &'a [Row<S, 1>],
    pub scalars: &'a [Row<S, 1>],
    pub vectors: &'a [Row<S, 4>],
    pub bivectors: &'a [Row<S, 3>],
}

/// The same, to be written.
pub(crate) struct GroupMut<'a, S: Simd> {
    pub complex: &'a mut [Row<S, 1>],
    pub scalars: &'a mut [Row<S, 1>],
    pub vectors: &'a mut [Row<S, 4>],
    pub bivectors: &'a mut [Row<S, 3>],
}

impl Features {
    /// `count` slots of these rows for blocks of `events`.
    pub fn new(count: usize, rows: Rows, events: usize) -> Self {
        Features::normed(count, rows, 0, events)
    }

    /// The same, with `more` rows after the invariants for what a norm keeps.
    pub fn normed(count: usize, rows: Rows, more: usize, events: usize) -> Self {
        Features {
            invariants: Slots::new(count, rows.invariants() + more, events),
            vectors: Slots::new(count, rows.vectors, 4 * events),
            bivectors: Slots::new(count, rows.bivectors, 3 * events),
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
    /// Group `index` of `count` groups of these rows.
    #[inline(always)]
    pub fn group(self, (index, count): (usize, usize), rows: Rows) -> Group<'a, S> {
        Group {
            complex: &self.invariants[index * rows.complex..][..rows.complex],
            scalars: &self.invariants[count * rows.complex + index * rows.scalars..][..rows.scalars],
            vectors: &self.vectors[index * rows.vectors..][..rows.vectors],
            bivectors: &self.bivectors[index * rows.bivectors..][..rows.bivectors],
        }
    }

    /// All channels.
    #[inline(always)]
    pub fn all(self, rows: Rows) -> Group<'a, S> {
        self.group((0, 1), rows)
    }
}

impl<'a, S: Simd> ViewMut<'a, S> {
    /// Group `index` of `count` groups of these rows.
    #[inline(always)]
    pub fn group(self, (index, count): (usize, usize), rows: Rows) -> GroupMut<'a, S> {
        let (complex, scalars) = self.invariants.split_at_mut(count * rows.complex);
        GroupMut {
            complex: &mut complex[index * rows.complex..][..rows.complex],
            scalars: &mut scalars[index * rows.scalars..][..rows.scalars],
            vectors: &mut self.vectors[index * rows.vectors..][..rows.vectors],
            bivectors: &mut self.bivectors[index * rows.bivectors..][..rows.bivectors],
        }
    }

    /// All channels.
    #[inline(always)]
    pub fn all(self, rows: Rows) -> GroupMut<'a, S> {
        self.group((0, 1), rows)
    }
}
