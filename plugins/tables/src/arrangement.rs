//! Which columns of a file are which component of which particle.

use amplicast_sdk::{Error, Result};

use crate::component_names::{natural_places, numbered, readings, tokens};
use crate::layout::{Layout, Part};

/// The four-momenta of an event among the columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrangement {
    /// The components of each particle.
    pub layout: Layout,
    /// What the columns' names call the particles; empty if they tell nothing.
    pub labels: Vec<String>,
    /// The order of the particles in the file, if their numbers tell another one, which is taken.
    pub reordered: Option<Vec<String>>,
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
        Arrangement { layout, labels, reordered: None, columns, identical }
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
        Some(Self::of(Layout::of(parts).ok()?, labels, columns?).counted())
    }

    /// In the order of the particles' numbers where their names tell some: names that are sorted as text have `j10` before `j2`.
    fn counted(self) -> Self {
        let order = natural_places(&self.labels);
        if order.iter().copied().eq(0..order.len()) {
            return self;
        }
        let labels = order.iter().map(|p| self.labels[*p].clone()).collect();
        let columns = order.iter().map(|p| self.columns[*p].clone()).collect();
        Arrangement { reordered: Some(self.labels), ..Self::of(self.layout, labels, columns) }
    }

    /// What a user should know of the order of its particles.
    pub fn note(&self) -> Option<String> {
        let some = |labels: &[String]| {
            let more = if labels.len() > 4 { ", ..." } else { "" };
            format!("{}{more}", labels[..labels.len().min(4)].join(", "))
        };
        let file = self.reordered.as_ref()?;
        // Where the two orders part.
        let first = file.iter().zip(&self.labels).position(|(a, b)| a != b).unwrap_or(0).saturating_sub(1);
        Some(format!(
            "particles are taken in the order of the numbers in their columns' names ({}), not in that of the file ({})",
            some(&self.labels[first..]),
            some(&file[first..])
        ))
    }

    /// What keeps names from telling the four-momenta of all columns, though some are components, and the cure.
    pub fn why_not(names: &[String]) -> Option<String> {
        let (components, others): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|name| !readings(name).is_empty());
        if components.is_empty() || Self::of_names(names).is_some() {
            return None;
        }
        let list = |names: &[&String]| {
            let more = if names.len() > 6 { ", ..." } else { "" };
            format!(
                "{}{more}",
                names[..names.len().min(6)]
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        };
        let cure = |kept: &[&String]| {
            format!("`--columns {}`", kept.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(","))
        };
        let own = |names: &[&String]| names.iter().map(|name| (*name).clone()).collect::<Vec<_>>();
        if !others.is_empty() {
            let right = Self::of_names(&own(&components)).is_some();
            let rest =
                if right { format!(": leave them out ({})", cure(&components)) } else { String::new() };
            return Some(format!("{} are no components of a momentum{rest}", list(&others)));
        }
        // Both an energy and a mass, or a pseudorapidity and a rapidity: one follows from the other.
        let is = |name: &String, part: Part| readings(name).iter().any(|(_, other)| *other == part);
        for (needed, left_out) in [(Part::E, Part::M), (Part::Eta, Part::Rapidity)] {
            let (left, kept): (Vec<&String>, Vec<&String>) =
                names.iter().partition(|name| is(name, left_out));
            if names.iter().any(|name| is(name, needed)) && Self::of_names(&own(&kept)).is_some() {
                let (left, cure) = (list(&left), cure(&kept));
                return Some(format!(
                    "{left} are not needed beside the other components: leave them out ({cure})"
                ));
            }
        }
        // Two masses, say.
        names.iter().enumerate().find_map(|(i, name)| {
            let other = names[..i].iter().find(|other| readings(other) == readings(name))?;
            Some(format!("`{other}` and `{name}` are the same component: name the wanted ones with `columns` (`--columns`)"))
        })
    }

    /// Refuses columns that are taken in turn although their names tell other components.
    pub fn expect_unnamed(&self, names: &[String]) -> Result<()> {
        let momentum =
            |part: &Part| [Part::Px, Part::Py, Part::Pz, Part::Pt, Part::Eta, Part::Phi].contains(part);
        for (part, column) in self.columns.iter().flat_map(|columns| self.layout.parts().iter().zip(columns))
        {
            let Some(name) = names.get(*column) else { continue };
            let told: Vec<Part> = readings(name).into_iter().map(|(_, part)| part).filter(momentum).collect();
            if !told.is_empty() && !told.contains(part) {
                return Err(Error::data(format!(
                    "expected columns of which each particle has the same components, found that `{name}`, which would be {part} in the \
                     order `{}`, is {}; name the wanted `columns` (`--columns`), or say what they are with `layout` (`--layout`)",
                    self.layout, told[0]
                )));
            }
        }
        Ok(())
    }

    /// Refuses a layout that says something else than the names do.
    pub fn expect(&self, layout: &Layout, names: &[String]) -> Result<()> {
        let parts = layout.parts().len();
        for columns in &self.columns {
            // Particles may be counted in another order than the file's; each has its components together.
            let block = columns.first().map_or(0, |column| column / parts);
            for (part, column) in self.layout.parts().iter().zip(columns) {
                let said = layout.parts()[column % parts];
                if said != *part || column / parts != block || columns.len() != parts {
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
        match places.or_else(|| self.by_number(particles)) {
            // Their order already, of which there may be a note.
            Some(places) if places.iter().copied().eq(0..self.columns.len()) => self.clone(),
            Some(places) if places.len() == self.columns.len() => {
                let labels = places.iter().map(|p| self.labels[*p].clone()).collect();
                let columns = places.iter().map(|p| self.columns[*p].clone()).collect();
                Self::of(self.layout.clone(), labels, columns)
            }
            _ => self.clone(),
        }
    }

    /// The places of particles that have the numbers of the labels, but other words: `p2`, `p0` and `p1` of `E_0`, `E_1`, `E_2`.
    fn by_number(&self, particles: &[String]) -> Option<Vec<usize>> {
        let one_family = |names: &[String]| -> Option<Vec<u128>> {
            let (family, _) = numbered(names.first()?);
            let numbers = names.iter().map(|name| match numbered(name) {
                (other, numbers) if other == family && numbers.len() == 1 => Some(numbers[0]),
                _ => None,
            });
            numbers.collect()
        };
        let particles: Vec<String> = particles.iter().map(|name| tokens(name).join("_")).collect();
        let (labels, wanted) = (one_family(&self.labels)?, one_family(&particles)?);
        wanted.iter().map(|number| labels.iter().position(|label| label == number)).collect()
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
            ("ptj1 etaj1 phij1 mj1 ptj2 etaj2 phij2 mj2", "pt,eta,phi,m", "j_1 j_2"),
            ("jetpt_0 jeteta_0 jetphi_0 jetmass_0", "pt,eta,phi,m", "jet_0"),
            ("FatJet1_pt FatJet1_eta FatJet1_phi FatJet1_msoftdrop", "pt,eta,phi,m", "fat_jet_1"),
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
    fn names_that_tell_something_else_are_not_taken_in_turn() {
        let in_turn = Arrangement::in_turn(Layout::four_momentum(), 2);
        let mixed = names("l_pt l_eta l_phi l_m j_px j_py j_pz j_E");
        assert_eq!(Arrangement::of_names(&mixed), None);
        let error = in_turn.expect_unnamed(&mixed).unwrap_err().to_string();
        assert!(error.contains("`l_pt`, which would be E in the order `E,px,py,pz`, is pt"), "{error}");
        in_turn.expect_unnamed(&names("x1 x2 x3 x4 x5 x6 x7 x8")).unwrap();
        in_turn.expect_unnamed(&names("t x y z a b c d")).unwrap();
    }

    #[test]
    fn what_is_no_component_is_named_with_the_cure() {
        let why = |text: &str| Arrangement::why_not(&names(text));
        let found = why("pt_0 eta_0 phi_0 m_0 btag_0 pt_1 eta_1 phi_1 m_1 btag_1").unwrap();
        let cure = "leave them out (`--columns pt_0,eta_0,phi_0,m_0,pt_1,eta_1,phi_1,m_1`)";
        assert_eq!(found, format!("`btag_0`, `btag_1` are no components of a momentum: {cure}"));
        let found = why("j0_pt j0_eta j0_phi j0_m j0_E").unwrap();
        assert!(
            found.starts_with("`j0_m` are not needed")
                && found.contains("`--columns j0_pt,j0_eta,j0_phi,j0_E`"),
            "{found}"
        );
        let found = why("jet_pt jet_eta jet_phi jet_mass jet_msoftdrop").unwrap();
        assert!(found.starts_with("`jet_mass` and `jet_msoftdrop` are the same component"), "{found}");
        assert_eq!(why("x1 x2 x3 x4 x5"), None);
        assert_eq!(why("E px py pz"), None);
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
        // By their numbers alone, where the file's words are others.
        let numbers = Arrangement::of_names(&names("E_0 px_0 py_0 pz_0 E_1 px_1 py_1 pz_1")).unwrap();
        numbers.ordered(&["p1".into(), "p0".into()]).convert(&event, &mut out);
        assert_eq!(out, [4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0]);
        // Numbers that are not the file's say nothing, nor do other names.
        assert_eq!(numbers.ordered(&["p1".into(), "p2".into()]), numbers);
        assert_eq!(found.ordered(&["x".into(), "y".into()]), found);
        assert!(found.is_identical());
    }

    /// Twelve particles whose columns are sorted as text (`E_0, E_1, E_10, E_11, E_2 ...`), component by component or particle by
    /// particle: particle i is the one with the number i, its energy 10 i.
    #[test]
    fn particles_are_counted_as_people_count() {
        for style in ["C_N", "jN_C", "jet_C_N", "CN", "JetNC", "C_jN", "Jet.C_N", "evt_jet_N_C", "CjN"] {
            let numbered = |n: usize, c: &str| style.replace('N', &n.to_string()).replace('C', c);
            let mut columns: Vec<(String, f64)> = Vec::new();
            for n in 0..12 {
                let values = [("E", 10 * n + 9), ("px", 1), ("py", 2), ("pz", n)];
                columns.extend(values.map(|(c, value)| (numbered(n, c), value as f64)));
            }
            columns.sort_by(|a, b| a.0.cmp(&b.0));
            let (names, event): (Vec<String>, Vec<f64>) = columns.into_iter().unzip();
            let found = Arrangement::of_names(&names).unwrap_or_else(|| panic!("{style}"));
            let expected: Vec<f64> =
                (0..12).flat_map(|n| [(10 * n + 9) as f64, 1.0, 2.0, f64::from(n)]).collect();
            for prefix in ["p", "b", "j"] {
                let particles: Vec<String> = (0..12).map(|i| format!("{prefix}{i}")).collect();
                let mut out = [0.0; 48];
                found.ordered(&particles).convert(&event, &mut out);
                assert_eq!(out[..], expected, "{style} as {prefix}0 ...");
            }
            let note = found.note().unwrap_or_else(|| panic!("{style} says nothing"));
            assert!(note.contains("in the order of the numbers in their columns' names"), "{note}");
        }
        // In order already, and families that alternate, say nothing.
        for text in [
            "E_1 px_1 py_1 pz_1 E_2 px_2 py_2 pz_2",
            "b1_E b1_px b1_py b1_pz j1_E j1_px j1_py j1_pz j2_E j2_px j2_py j2_pz b2_E b2_px b2_py b2_pz",
        ] {
            let found = Arrangement::of_names(&names(text)).unwrap();
            assert!(found.note().is_none() && found.is_identical(), "{text}");
        }
    }
}
