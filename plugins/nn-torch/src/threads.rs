//! libtorch's own threads, switched off.

use std::cell::Cell;

/// Makes libtorch work on the calling thread alone; call it on entry of everything that touches tensors.
///
/// The host parallelizes over members and chunks. libtorch's setting holds for the calling thread (and for threads
/// made later), so each of the host's threads needs it once; a thread-local flag makes further calls free.
pub fn single_threaded() {
    thread_local!(static DONE: Cell<bool> = const { Cell::new(false) });
    if !DONE.replace(true) {
        tch::set_num_threads(1);
    }
}
