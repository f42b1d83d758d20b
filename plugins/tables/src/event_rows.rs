//! The rows that the events of a generator become: the particles asked for, and perhaps a weight.

use amplicast_sdk::{Error, Result};

use crate::decoded::Writer;
use crate::particles::{FINAL, Particle, Wanted, listed, wanted};
use crate::table::{Selection, Table};

/// What the nominal weight is called, whatever a file calls it.
const NOMINAL: &str = "weight";

/// Names of weights that a message lists at most.
const LISTED: usize = 20;

/// Which weight of an event is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Weight {
    None,
    Nominal,
    Named(String),
}

/// Events on their way to rows.
#[derive(Debug)]
pub struct EventRows {
    /// The particles of the event that is being read.
    pub particles: Vec<Particle>,
    /// None: all of the final state, which must be alike in all events.
    wanted: Option<Vec<Wanted>>,
    /// The particles of the first event's final state.
    first: Vec<i64>,
    /// The name of the weight that is a column.
    weight: Option<String>,
    nominal: Nominal,
    numbers: Writer,
    events: u64,
    row: Vec<f64>,
    order: Vec<(f64, usize)>,
}

/// What the nominal weights of all events are like.
#[derive(Debug, Default)]
struct Nominal {
    first: f64,
    lowest: f64,
    highest: f64,
    negative: u64,
    /// Whether all have one absolute value.
    one_size: bool,
}

impl EventRows {
    /// For what a user selects; refuses what only tables of numbers have.
    pub fn new(selection: &Selection) -> Result<Self> {
        selection.no_key()?;
        if let Some(columns) = &selection.columns {
            return Err(Error::config(
                "columns",
                format!(
                    "expected no columns of a file of an event generator, found {}; `select` names its particles",
                    columns.join(", ")
                ),
            ));
        }
        if let Some(layout) =
            selection.layout.as_ref().filter(|layout| **layout != crate::Layout::four_momentum())
        {
            return Err(Error::config(
                "layout",
                format!(
                    "expected E,px,py,pz, as particles of a file of an event generator are read, found `{layout}`"
                ),
            ));
        }
        Ok(EventRows {
            particles: Vec::new(),
            wanted: selection
                .select
                .as_deref()
                .or(selection.default_select.as_deref())
                .map(wanted)
                .transpose()?,
            first: Vec::new(),
            weight: selection.weights.clone(),
            nominal: Nominal::default(),
            numbers: Writer::new(),
            events: 0,
            row: Vec::new(),
            order: Vec::new(),
        })
    }

    /// The weight that is asked for; `nominal` is what the format calls the nominal one.
    pub fn weight(&self, nominal: &str) -> Weight {
        match self.weight.as_deref() {
            None => Weight::None,
            Some(name) if name == NOMINAL || name == nominal => Weight::Nominal,
            Some(name) => Weight::Named(name.into()),
        }
    }

    /// The number of the event that is being read, counted from 0.
    pub fn event(&self) -> u64 {
        self.events
    }

    /// Ends an event with its nominal weight, and the one that is asked for.
    pub fn end_event(&mut self, nominal: f64, weight: f64) -> Result<()> {
        self.row.clear();
        match &self.wanted {
            Some(wanted) => {
                for particle in wanted {
                    self.row.extend(particle.find(&self.particles, &mut self.order)?);
                }
            }
            None => self.all_of_final_state()?,
        }
        if self.weight.is_some() {
            self.row.push(weight);
        }
        self.numbers.push(&self.row)?;
        self.nominal.see(self.events, nominal);
        self.events += 1;
        self.particles.clear();
        Ok(())
    }

    fn all_of_final_state(&mut self) -> Result<()> {
        let final_state = || self.particles.iter().filter(|particle| particle.status == FINAL);
        if self.events == 0 {
            self.first = final_state().map(|particle| particle.id).collect();
            if self.first.is_empty() {
                return Err(Error::data(format!(
                    "expected particles of the final state (status {FINAL}), found none; name others with `select`"
                )));
            }
        }
        if !final_state().map(|particle| particle.id).eq(self.first.iter().copied()) {
            let found: Vec<i64> = final_state().map(|particle| particle.id).collect();
            let (what, apart) = match found.len() == self.first.len() {
                true => ("events of different particles are not supported", "of each of them"),
                false => ("variable multiplicity is not supported", "of each multiplicity"),
            };
            return Err(Error::data(format!(
                "expected the same particles of the final state in all events, found {} in event 0 and {} here: {what}; name particles that \
                 every event has with `select` (such as select = [\"lead=1,2,3,4,5,21\", \"second=1,2,3,4,5,21#2\"]), or make one file, \
                 and one dataset, {apart}",
                listed(&self.first),
                listed(&found)
            )));
        }
        self.row.extend(final_state().flat_map(|particle| particle.momentum));
        Ok(())
    }

    /// The table of all events; `names` are the weights that the file has beside the nominal one.
    pub fn finish(self, names: &[String]) -> Result<Table> {
        if self.events == 0 {
            return Err(Error::data("expected at least one event, found none"));
        }
        if self.weight.is_none() {
            self.nominal.expect_equal(self.events, names)?;
        }
        let particles: Vec<String> = match &self.wanted {
            Some(wanted) => wanted.iter().map(|particle| particle.name.clone()).collect(),
            None => (0..self.first.len()).map(|i| format!("p{i}")).collect(),
        };
        let momenta =
            particles.iter().flat_map(|name| ["E", "px", "py", "pz"].map(|part| format!("{name}.{part}")));
        let columns: Vec<String> = momenta.chain(self.weight).collect();
        let rows = usize::try_from(self.events).unwrap_or(usize::MAX);
        let source = self.numbers.finish(columns.len())?;
        let table = Table::new(vec![rows, columns.len()], source);
        Ok(Table { columns: Some(columns), names_used: true, particles: Some(particles), ..table })
    }
}

impl Nominal {
    fn see(&mut self, event: u64, weight: f64) {
        if event == 0 {
            *self = Nominal { first: weight, lowest: weight, highest: weight, negative: 0, one_size: true };
        }
        self.lowest = self.lowest.min(weight);
        self.highest = self.highest.max(weight);
        self.negative += u64::from(weight < 0.0);
        self.one_size &= weight.abs() == self.first.abs();
    }

    /// Refuses weights that are not used but differ.
    fn expect_equal(&self, events: u64, names: &[String]) -> Result<()> {
        if self.lowest == self.highest {
            return Ok(());
        }
        let what = if self.one_size { "that differ in their sign" } else { "that differ" };
        Err(Error::config(
            "weights",
            format!(
                "expected events of equal weight, found weights {what}, from {} to {} ({} of {events} negative): name those that are \
                 meant (`weights = \"{NOMINAL}\"` are the nominal ones, `--weights {NOMINAL}` of true events, `--members-weights {NOMINAL}` of generated ones); the \
                 file has {}",
                self.lowest,
                self.highest,
                self.negative,
                all(names)
            ),
        ))
    }
}

/// The error of a weight that a file does not have.
pub fn unknown_weight(name: &str, names: &[String]) -> Error {
    Error::config(
        "weights",
        format!("expected a weight of the file, which has {}, found `{name}`", all(names)),
    )
}

/// The names of weights, the nominal one first.
fn all(names: &[String]) -> String {
    let names: Vec<&str> = std::iter::once(NOMINAL)
        .chain(names.iter().map(String::as_str).filter(|name| *name != NOMINAL))
        .collect();
    let some: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    if more > 0 { format!("{} and {more} more", some.join(", ")) } else { some.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(select: &[&str], weights: Option<&str>) -> EventRows {
        let select = (!select.is_empty()).then(|| select.iter().map(|text| text.to_string()).collect());
        let weights = weights.map(str::to_owned);
        EventRows::new(&Selection { select, weights, ..Selection::default() }).unwrap()
    }

    fn event(rows: &mut EventRows, ids: &[i64], weight: f64) -> Result<()> {
        let particle = |(i, id): (usize, &i64)| Particle {
            id: *id,
            status: 1,
            momentum: [10.0, 1.0 + i as f64, 0.0, 2.0],
        };
        rows.particles = ids.iter().enumerate().map(particle).collect();
        rows.end_event(weight, 2.0 * weight)
    }

    #[test]
    fn a_row_is_particles_and_a_weight() {
        let mut rows = rows(&["b=5", "1,2"], Some("up"));
        assert_eq!(rows.weight("XWGTUP"), Weight::Named("up".into()));
        event(&mut rows, &[5, 1], 1.0).unwrap();
        event(&mut rows, &[2, 2, 5], -0.5).unwrap();
        let table = rows.finish(&[]).unwrap();
        let expected = ["b.E", "b.px", "b.py", "b.pz", "p1.E", "p1.px", "p1.py", "p1.pz", "up"];
        assert_eq!((table.shape, table.columns.unwrap()), (vec![2, 9], expected.map(str::to_owned).to_vec()));
        assert_eq!(table.particles.unwrap(), ["b", "p1"]);
        let mut out = [0.0; 18];
        table.source.read(0, &mut out).unwrap();
        let first = [10.0, 1.0, 0.0, 2.0, 10.0, 2.0, 0.0, 2.0, 2.0];
        let second = [10.0, 3.0, 0.0, 2.0, 10.0, 2.0, 0.0, 2.0, -1.0];
        assert_eq!(out, [first, second].concat()[..]);
    }

    #[test]
    fn without_a_selection_events_are_alike() {
        let mut rows = rows(&[], None);
        event(&mut rows, &[6, -6], 1.0).unwrap();
        event(&mut rows, &[6, -6], 1.0).unwrap();
        let error = event(&mut rows, &[6, -6, 21], 1.0).unwrap_err().to_string();
        assert!(
            error.contains("found 6, -6 in event 0 and 6, -6, 21 here: variable multiplicity"),
            "{error}"
        );
        let error = event(&mut rows, &[6, -5], 1.0).unwrap_err().to_string();
        assert!(error.contains("and 6, -5 here: events of different particles are not supported"), "{error}");
        assert_eq!(rows.finish(&[]).unwrap().shape, [2, 8]);
    }

    #[test]
    fn weights_that_differ_are_refused_if_none_is_asked_for() {
        let message = |weights: &[f64]| {
            let mut rows = rows(&[], None);
            weights.iter().for_each(|weight| event(&mut rows, &[6], *weight).unwrap());
            let names: Vec<String> = (0..30).map(|i| format!("w{i}")).collect();
            rows.finish(&names).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(message(&[-0.25; 3]), Ok(()));
        let error = message(&[0.25, -0.25, 0.25]).unwrap_err();
        let start = "weights: expected events of equal weight, found weights that differ in their sign, from -0.25 to 0.25 (1 of 3 negative)";
        assert!(error.starts_with(start) && error.contains("`weights = \"weight\"`"), "{error}");
        assert!(error.ends_with("the file has `weight`, `w0`, `w1`, `w2`, `w3`, `w4`, `w5`, `w6`, `w7`, `w8`, `w9`, `w10`, `w11`, `w12`, `w13`, `w14`, `w15`, `w16`, `w17`, `w18` and 11 more"), "{error}");
        assert!(
            message(&[1.0, 3.0]).unwrap_err().contains("weights that differ, from 1 to 3 (0 of 2 negative)")
        );
    }

    #[test]
    fn what_tables_have_is_refused() {
        let refused = |selection: Selection| EventRows::new(&selection).unwrap_err().place().to_string();
        let columns = Some(vec!["pt".to_owned()]);
        assert_eq!(refused(Selection { columns, ..Selection::default() }), "columns");
        assert_eq!(refused(Selection { key: Some("x".into()), ..Selection::default() }), "key");
        let layout = crate::Layout::read("pt,eta,phi,m").ok();
        assert_eq!(refused(Selection { layout, ..Selection::default() }), "layout");
    }
}
