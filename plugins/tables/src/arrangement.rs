//! Which columns of a file are which component of which particle.

use amplicast_sdk::{Error, Result};

use crate::layout::{Layout, Part};

/// The four-momenta of an event among the columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrangement {
    /// The components of each particle.
    pub layout: Layout,
    /// What the columns' names call the particles; empty if they tell nothing.
    pub labels: Vec<String>,
    /// For each particle the column of each component.
    columns: Vec<Vec<usize>>,
    /// Whether columns are E, px, py, pz of each particle in turn.
    identical: bool,
}

impl Arrangement {
    /// Particle after particle, each with the components of a layout.
    pub fn in_turn(layout: Layout, particles: usize) -> Self {
        let parts = layout.parts().len();
        let columns = (0..particles).map(|p| (p * parts..(p + 1) * parts).collect()).collect();
        Self::of(layout, Vec::new(), columns)
    }

    fn of(layout: Layout, labels: Vec<String>, columns: Vec<Vec<usize>>) -> Self {
        let in_order = columns.iter().flatten().copied().eq(0..columns.iter().map(Vec::len).sum());
        let identical = in_order && layout == Layout::four_momentum();
        Arrangement { layout, labels, columns, identical }
    }

    /// What names such as `j0_px`, `E_1` or `jet.pt` tell, if all of them do.
    pub fn of_names(names: &[String]) -> Option<Self> {
        let read: Vec<Vec<(String, Part)>> = names.iter().map(|name| readings(name)).collect();
        // `e_pt` is the pT of an electron, `pt_e` is as well: the one that all columns agree on.
        [<[_]>::last, <[_]>::first].into_iter().find_map(|choose| {
            let read: Option<Vec<&(String, Part)>> = read.iter().map(|list| choose(list)).collect();
            Self::of_readings(&read?)
        })
    }

    fn of_readings(read: &[&(String, Part)]) -> Option<Self> {
        let mut labels: Vec<String> = Vec::new();
        let mut found: Vec<Vec<(Part, usize)>> = Vec::new();
        for (column, (label, part)) in read.iter().enumerate() {
            let particle = labels.iter().position(|l| l == label).unwrap_or_else(|| {
                labels.push(label.clone());
                found.push(Vec::new());
                labels.len() - 1
            });
            found[particle].push((*part, column));
        }
        // The order of the first particle; the others need not have it.
        let parts: Vec<Part> = found.first()?.iter().map(|(part, _)| *part).collect();
        let columns = found.iter().map(|list| {
            let column = |part: &Part| list.iter().find(|(p, _)| p == part).map(|(_, column)| *column);
            if list.len() == parts.len() { parts.iter().map(column).collect() } else { None }
        });
        let columns: Option<Vec<Vec<usize>>> = columns.collect();
        Some(Self::of(Layout::of(parts).ok()?, labels, columns?))
    }

    /// Refuses a layout that says something else than the names do.
    pub fn expect(&self, layout: &Layout, names: &[String]) -> Result<()> {
        let parts = layout.parts().len();
        for (particle, columns) in self.columns.iter().enumerate() {
            for (part, column) in self.layout.parts().iter().zip(columns) {
                let said = layout.parts()[column % parts];
                if said != *part || column / parts != particle || columns.len() != parts {
                    return Err(Error::config(
                        "layout",
                        format!(
                            "expected what the columns' names tell (`{}` is {part}), found `{layout}`, by which column {} is \
                             {said} of particle {}; leave the layout out",
                            names[*column],
                            column + 1,
                            column / parts + 1,
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    /// In the order of these particles, if the columns' names tell which they are; otherwise as it is.
    #[must_use]
    pub fn ordered(&self, particles: &[String]) -> Self {
        let place = |name: &String| self.labels.iter().position(|label| *label == tokens(name).join("_"));
        let places: Option<Vec<usize>> = particles.iter().map(place).collect();
        match places {
            Some(places) if places.len() == self.columns.len() => {
                let labels = places.iter().map(|p| self.labels[*p].clone()).collect();
                let columns = places.iter().map(|p| self.columns[*p].clone()).collect();
                Self::of(self.layout.clone(), labels, columns)
            }
            _ => self.clone(),
        }
    }

    /// Particles in an event.
    pub fn particles(&self) -> usize {
        self.columns.len()
    }

    /// Whether columns are already what the SDK wants.
    pub fn is_identical(&self) -> bool {
        self.identical
    }

    /// The momentum of a particle of an event, and its components as they stand in the file.
    pub fn momentum(&self, event: &[f64], particle: usize) -> [f64; 4] {
        let columns = &self.columns[particle];
        if self.identical {
            let start = 4 * particle;
            return [event[start], event[start + 1], event[start + 2], event[start + 3]];
        }
        self.layout.momentum(|part| event[columns[part]])
    }

    /// A component of a particle as it stands in the file.
    pub fn component(&self, event: &[f64], particle: usize, part: usize) -> f64 {
        event[self.columns[particle][part]]
    }

    /// Events of a file as events of four-momenta.
    pub fn convert(&self, from: &[f64], to: &mut [f64]) {
        let d = self.columns.len() * self.layout.parts().len();
        for (event, out) in from.chunks_exact(d).zip(to.chunks_exact_mut(4 * self.columns.len())) {
            for (particle, out) in out.chunks_exact_mut(4).enumerate() {
                out.copy_from_slice(&self.momentum(event, particle));
            }
        }
    }
}

/// The words of a name in lower case: parts at separators, at digits, and where a capital follows a small letter.
fn tokens(name: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for c in name.chars() {
        let joins = last.is_some_and(|last| {
            last.is_alphanumeric()
                && last.is_ascii_digit() == c.is_ascii_digit()
                && !(last.is_lowercase() && c.is_uppercase())
        });
        if c.is_alphanumeric() {
            match tokens.last_mut() {
                Some(token) if joins => token.extend(c.to_lowercase()),
                _ => tokens.push(c.to_lowercase().collect()),
            }
        }
        last = Some(c);
    }
    // `p_x`, `pT` and `mom_z` are one word.
    let mut merged: Vec<String> = Vec::new();
    for token in tokens {
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
fn readings(name: &str) -> Vec<(String, Part)> {
    let tokens = tokens(name);
    let reading = |i: usize| {
        let part = Part::named(&tokens[i]).filter(|part| *part != Part::Other)?;
        let label: Vec<&str> =
            tokens.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, token)| token.as_str()).collect();
        Some((label.join("_"), part))
    };
    (0..tokens.len()).filter_map(reading).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn of(text: &str) -> Option<(String, String, Vec<Vec<usize>>)> {
        let a = Arrangement::of_names(&names(text))?;
        Some((a.layout.to_string(), a.labels.join(" "), a.columns))
    }

    #[test]
    fn names_tell_the_components() {
        for (text, layout, labels) in [
            ("j0_px j0_py j0_pz j0_E j1_px j1_py j1_pz j1_E", "px,py,pz,E", "j_0 j_1"),
            ("jet1.pt jet1.eta jet1.phi jet1.mass", "pt,eta,phi,m", "jet_1"),
            ("E px py pz", "E,px,py,pz", ""),
            ("jetPt jetEta jetPhi jetE", "pt,eta,phi,E", "jet"),
            ("e_pt e_eta e_phi e_m", "pt,eta,phi,m", "e"),
            ("pt_e eta_e phi_e m_e", "pt,eta,phi,m", "e"),
            ("lep_pT lep_eta lep_phi lep_energy", "pt,eta,phi,E", "lep"),
            ("p_x1 p_y1 p_z1 e1", "px,py,pz,E", "1"),
            ("etarel_0 phirel_0 ptrel_0 mask_0", "eta,phi,pt,mask", "0"),
        ] {
            let found = of(text).unwrap_or_else(|| panic!("{text} tells nothing"));
            assert_eq!((found.0.as_str(), found.1.as_str()), (layout, labels), "{text}");
        }
        // Component by component, and particles in different orders.
        let found = of("E_0 E_1 PX_0 PX_1 PY_0 PY_1 PZ_0 PZ_1").unwrap();
        assert_eq!((found.0.as_str(), found.2), ("E,px,py,pz", vec![vec![0, 2, 4, 6], vec![1, 3, 5, 7]]));
        let found = of("a_E a_px a_py a_pz b_px b_py b_pz b_E").unwrap();
        assert_eq!(found.2[1], [7, 4, 5, 6]);
        for text in ["x1 x2 x3 x4", "E px py", "pt eta", "j0_px j0_py j0_pz mtt", "j0_px j0_py j0_pz j1_E"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_layout_may_not_contradict_the_names() {
        let names = names("px_0 py_0 pz_0 E_0 px_1 py_1 pz_1 E_1");
        let found = Arrangement::of_names(&names).unwrap();
        found.expect(&Layout::read("px,py,pz,E").unwrap(), &names).unwrap();
        let error = found.expect(&Layout::four_momentum(), &names).unwrap_err().to_string();
        let expected = "layout: expected what the columns' names tell (`px_0` is px), found `E,px,py,pz`, by which column 1 is \
                        E of particle 1; leave the layout out";
        assert_eq!(error, expected);
    }

    #[test]
    fn particles_come_in_the_order_asked_for() {
        let found = Arrangement::of_names(&names("b_E b_px b_py b_pz q1_E q1_px q1_py q1_pz")).unwrap();
        let event: Vec<f64> = (0..8).map(f64::from).collect();
        let mut out = [0.0; 8];
        found.ordered(&["q1".into(), "b".into()]).convert(&event, &mut out);
        assert_eq!(out, [4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0]);
        // Other names say nothing of the order.
        assert_eq!(found.ordered(&["x".into(), "y".into()]), found);
        assert!(found.is_identical());
    }
}
