//! Equivariant linear maps as three plain ones: of invariants, of vectors in four components, of bivectors in three.

use amplicast_nn::lanes::{self, Dense, Transposed, WeightSums};
use amplicast_nn::pulp::{Simd, WithSimd};

use super::features::{Rows, Slot, SlotMut};

/// The matrices of a linear map, or their gradient.
pub(crate) struct Matrices {
    pub invariant: Dense,
    /// Without a bias, as all but the first.
    pub vector: Dense,
    /// A complex number a + ib is ((a, -b), (b, a)).
    pub bivector: Option<Dense>,
}

/// A linear map, packed.
pub(crate) struct Linear {
    invariant: lanes::Linear,
    vector: lanes::Linear,
    bivector: Option<lanes::Linear>,
}

impl Linear {
    pub fn new(matrices: &Matrices) -> Self {
        Linear {
            invariant: lanes::Linear::new(&matrices.invariant),
            vector: lanes::Linear::new(&matrices.vector),
            bivector: matrices.bivector.as_ref().map(lanes::Linear::new),
        }
    }

    /// Of a token's channels; with `ADD` added to what is there.
    #[inline(always)]
    pub fn apply<S: Simd, const ADD: bool>(&self, simd: S, x: Slot<'_>, y: SlotMut<'_>) {
        simd.vectorize(Apply::<ADD> { map: self, x, y });
    }
}

/// Compiled once for all maps of the network, as the others here.
struct Apply<'a, const ADD: bool> {
    map: &'a Linear,
    x: Slot<'a>,
    y: SlotMut<'a>,
}

impl<const ADD: bool> WithSimd for Apply<'_, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (x, y) = (self.x.view::<S>(), self.y.view::<S>());
        self.map.invariant.apply::<S, 1, ADD>(simd, x.invariants, y.invariants);
        self.map.vector.apply::<S, 4, ADD>(simd, x.vectors, y.vectors);
        if let Some(map) = &self.map.bivector {
            map.apply::<S, 3, ADD>(simd, x.bivectors, y.bivectors);
        }
    }
}

/// The inputs of a linear map as the sums of its gradient read them.
pub(crate) struct Inputs {
    invariants: Transposed,
    vectors: Transposed,
    bivectors: Transposed,
}

impl Inputs {
    /// Memory for up to these rows of blocks of one register of events.
    pub fn new<S: Simd>(rows: Rows) -> Self {
        Inputs {
            invariants: Transposed::new::<S>(rows.invariants(), S::F32_LANES),
            vectors: Transposed::new::<S>(rows.vectors, 4 * S::F32_LANES),
            bivectors: Transposed::new::<S>(rows.bivectors, 3 * S::F32_LANES),
        }
    }

    /// Those of a token.
    #[inline(always)]
    pub fn set<S: Simd>(&mut self, simd: S, x: Slot<'_>) {
        simd.vectorize(Set { inputs: self, x });
    }
}

struct Set<'a> {
    inputs: &'a mut Inputs,
    x: Slot<'a>,
}

impl WithSimd for Set<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (inputs, x) = (self.inputs, self.x.view::<S>());
        inputs.invariants.set(simd, x.invariants);
        inputs.vectors.set(simd, x.vectors);
        inputs.bivectors.set(simd, x.bivectors);
    }
}

/// A linear map's backward pass.
pub(crate) struct Layer {
    transposed: Linear,
    /// The gradient of the weights, summed so far, if anybody asks for it.
    sums: Option<Sums>,
}

struct Sums {
    invariant: WeightSums,
    vector: WeightSums,
    bivector: Option<WeightSums>,
}

/// What a map read, and memory for its transpose.
pub(crate) type Read<'a> = (Slot<'a>, &'a mut Inputs);

impl Layer {
    /// With the gradient of the weights.
    pub fn new<S: Simd>(matrices: &Matrices) -> Self {
        let sums = |dense: &Dense| WeightSums::new::<S>(dense.inputs, dense.outputs);
        let Matrices { invariant, vector, bivector } = matrices;
        let (invariant, vector, bivector) = (sums(invariant), sums(vector), bivector.as_ref().map(sums));
        Layer { sums: Some(Sums { invariant, vector, bivector }), ..Layer::of_inputs(matrices) }
    }

    /// With that of the inputs alone.
    pub fn of_inputs(matrices: &Matrices) -> Self {
        let transposed = Linear {
            invariant: lanes::Linear::transposed(&matrices.invariant),
            vector: lanes::Linear::transposed(&matrices.vector),
            bivector: matrices.bivector.as_ref().map(lanes::Linear::transposed),
        };
        Layer { transposed, sums: None }
    }

    /// Adds to the gradient of the weights, and writes that of the inputs. The outputs' gradient is zero in lanes without
    /// an event.
    #[inline(always)]
    pub fn step<S: Simd>(&mut self, simd: S, gradient: Slot<'_>, read: Read<'_>, by_inputs: SlotMut<'_>) {
        self.add(simd, gradient, read);
        self.apply(simd, gradient, by_inputs);
    }

    /// Writes the gradient of the inputs.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, gradient: Slot<'_>, by_inputs: SlotMut<'_>) {
        self.transposed.apply::<S, false>(simd, gradient, by_inputs);
    }

    /// Adds to the gradient of the weights.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, simd: S, gradient: Slot<'_>, (read, inputs): Read<'_>) {
        if let Some(sums) = &mut self.sums {
            inputs.set(simd, read);
            simd.vectorize(Add { sums, gradient, inputs });
        }
    }

    /// The gradient of the weights.
    ///
    /// # Panics
    /// If that of the inputs alone was asked for: a mistake in a network's code.
    #[inline(always)]
    pub fn totals<S: Simd>(&self, simd: S) -> Matrices {
        let sums = self.sums.as_ref().expect("the gradient of the weights was summed");
        simd.vectorize(Totals { sums })
    }
}

struct Add<'a> {
    sums: &'a mut Sums,
    gradient: Slot<'a>,
    inputs: &'a Inputs,
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Add { sums, gradient, inputs } = self;
        let (gradient, events) = (gradient.view::<S>(), S::F32_LANES);
        sums.invariant.add(simd, gradient.invariants, &inputs.invariants, events);
        sums.vector.add(simd, gradient.vectors, &inputs.vectors, 4 * events);
        if let Some(sums) = &mut sums.bivector {
            sums.add(simd, gradient.bivectors, &inputs.bivectors, 3 * events);
        }
    }
}

struct Totals<'a> {
    sums: &'a Sums,
}

impl WithSimd for Totals<'_> {
    type Output = Matrices;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Matrices {
        let Sums { invariant, vector, bivector } = self.sums;
        let bivector = bivector.as_ref().map(
            #[inline(always)]
            |sums| sums.totals(simd),
        );
        Matrices { invariant: invariant.totals(simd), vector: vector.totals(simd), bivector }
    }
}
