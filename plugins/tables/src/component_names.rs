//! Names of columns that are components of particles: `j0_px`, `E_1`, `jet.pt`, `ptj1`.

use crate::layout::Part;
use crate::words::words;

/// A label without its numbers, and these: those that differ in their numbers alone are counted.
pub fn numbered(label: &str) -> (String, Vec<u128>) {
    let number = |word: &str| word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten();
    let (mut family, mut numbers) = (Vec::new(), Vec::new());
    for word in label.split('_') {
        match number(word) {
            Some(value) => {
                numbers.push(value);
                family.push("#");
            }
            None => family.push(word),
        }
    }
    (family.join("_"), numbers)
}

/// The order of labels by their numbers: those of one family share its places among the others (b1, j1, j2, b2 stays).
pub fn natural_places(labels: &[String]) -> Vec<usize> {
    let keys: Vec<(String, Vec<u128>)> = labels.iter().map(|label| numbered(label)).collect();
    let mut order: Vec<usize> = (0..labels.len()).collect();
    for (i, (family, _)) in keys.iter().enumerate() {
        let mut members: Vec<usize> = (0..labels.len()).filter(|j| keys[*j].0 == *family).collect();
        if members[0] == i {
            let places = members.clone();
            members.sort_by(|a, b| keys[*a].1.cmp(&keys[*b].1));
            places.into_iter().zip(members).for_each(|(place, member)| order[place] = member);
        }
    }
    order
}

/// The words of a name, `p_x` being one.
pub fn tokens(name: &str) -> Vec<String> {
    // `p_x`, `pT` and `mom_z` are one word.
    let mut merged: Vec<String> = Vec::new();
    for token in words(name) {
        match merged.last_mut() {
            Some(before)
                if ["p", "mom", "momentum"].contains(&before.as_str())
                    && ["x", "y", "z", "t"].contains(&token.as_str()) =>
            {
                before.push_str(&token);
            }
            _ => merged.push(token),
        }
    }
    merged
}

/// All ways to read a column's name as a particle and a component.
pub fn readings(name: &str) -> Vec<(String, Part)> {
    let tokens = tokens(name);
    let reading = |i: usize| {
        let part = Part::named(&tokens[i]).filter(|part| *part != Part::Other)?;
        let label: Vec<&str> =
            tokens.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, token)| token.as_str()).collect();
        Some((label.join("_"), part))
    };
    let read: Vec<(String, Part)> = (0..tokens.len()).filter_map(reading).collect();
    if read.is_empty() { glued(&tokens).into_iter().collect() } else { read }
}

/// A name in which a component and a particle stand together in small letters: `ptj1`, `jetpt`, `mj_1`.
fn glued(tokens: &[String]) -> Option<(String, Part)> {
    const PARTS: [&str; 12] =
        ["energy", "mass", "eta", "phi", "rapidity", "px", "py", "pz", "pt", "e", "m", "y"];
    const PARTICLES: [&str; 29] = [
        "j", "jet", "fj", "fatjet", "b", "bjet", "l", "lep", "lepton", "mu", "muon", "el", "ele", "electron",
        "tau", "g", "gamma", "ph", "photon", "t", "top", "w", "z", "h", "higgs", "q", "v", "trk", "const",
    ];
    tokens.iter().enumerate().find_map(|(i, token)| {
        let (part, particle) = PARTS.iter().find_map(|part| {
            let rest = token.strip_prefix(part).or_else(|| token.strip_suffix(part))?;
            PARTICLES.contains(&rest).then_some((*part, rest))
        })?;
        let label = tokens.iter().enumerate().map(|(j, t)| if i == j { particle } else { t.as_str() });
        Some((label.collect::<Vec<_>>().join("_"), Part::named(part)?))
    })
}
