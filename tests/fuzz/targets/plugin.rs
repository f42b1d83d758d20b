//! What is known of a plugin file before it is loaded; nothing is loaded.

use amplicast_tests::{Place, library};

use super::{Outcome, Target};

pub fn target() -> Outcome<Target> {
    let place = Place::new();
    let seeds = vec![std::fs::read(library(&place, "made", &[("generator", "flow"), ("metric", "ks")], ""))?];
    let read = move |_: usize, input: &[u8]| {
        let file = place.write("changed.so", input);
        Ok(amplicast::plugins::inspect(&file).is_ok())
    };
    Ok(Target { seeds, language: None, is_caught: false, read: Box::new(read) })
}
