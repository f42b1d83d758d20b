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

    /// E, px, py, pz of particles of these names, in this order.
    pub fn of_particles(names: &[String]) -> Self {
        let labels = names.iter().map(|name| tokens(name).join("_")).collect();
        Arrangement { labels, ..Self::in_turn(Layout::four_momentum(), names.len()) }
    }

    /// The same of columns that are lists of one particle each (`j0_0` ... `j0_3`, `j10_0` ...), whose numbers tell the order.
    pub fn of_lists(layout: Layout, names: &[String]) -> Self {
        let parts = layout.parts().len();
        let label = |list: &[String]| {
            let label = list.first()?.strip_suffix("_0")?;
            let whole = list.iter().enumerate().all(|(i, name)| *name == format!("{label}_{i}"));
            (whole && list.len() == parts).then(|| tokens(label).join("_"))
        };
        let in_turn = Self::in_turn(layout, names.len() / parts);
        match names.chunks(parts).map(label).collect::<Option<Vec<_>>>() {
            Some(labels) => Arrangement { labels, ..in_turn }.counted(),
            None => in_turn,
        }
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
mod tests;
