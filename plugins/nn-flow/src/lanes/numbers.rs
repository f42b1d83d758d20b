//! How numbers get into the lanes and out.

use std::ops::Range;

use amplicast_nn::lanes::Slots;

/// Writes some columns of events' numbers into the first rows of all slots. `events` has event after event, and in each a
/// line of `line` numbers for each slot.
pub(crate) fn put(slots: &mut Slots, lanes: usize, (events, line): (&[f64], usize), columns: Range<usize>) {
    let count = slots.count();
    for slot in 0..count {
        let rows = slots.numbers_mut(slot);
        let lines = events.chunks_exact(line).skip(slot).step_by(count);
        for (lane, line) in lines.enumerate() {
            for (k, value) in line[columns.clone()].iter().enumerate() {
                rows[k * lanes + lane] = *value as f32;
            }
        }
    }
}

/// Reads the first rows of all slots into some columns of events' numbers, which [`put`] would write.
pub(crate) fn get(slots: &Slots, lanes: usize, (events, line): (&mut [f64], usize), columns: Range<usize>) {
    for slot in 0..slots.count() {
        let rows = slots.numbers(slot);
        let lines = events.chunks_exact_mut(line).skip(slot).step_by(slots.count());
        for (lane, line) in lines.enumerate() {
            for (k, value) in line[columns.clone()].iter_mut().enumerate() {
                *value = f64::from(rows[k * lanes + lane]);
            }
        }
    }
}
