//! Events of HepMC3 as text (`Asciiv3`), plain or packed with gzip.
//!
//! The first letter of a line says what it is: E an event with its counts of vertices and particles, U its units, W its weights (before the
//! first event: their names), P a particle, V a vertex, A an attribute, T a tool. What describes a run may come again between events.

use amplicast_sdk::{Error, Result};

use crate::event_rows::{EventRows, Weight, unknown_weight};
use crate::particles::Particle;
use crate::place::Bytes;
use crate::table::{Selection, Table};
use crate::text::{Lines, at_line, float, integer, shown, words};

const START: &[u8] = b"HepMC::Asciiv3-START_EVENT_LISTING";
const END: &[u8] = b"HepMC::Asciiv3-END_EVENT_LISTING";

/// Numbers of a particle's line: its own and its origin's, its kind, px py pz E m, status.
const OF_PARTICLE: usize = 9;

/// MeV in a GeV.
const MEV: f64 = 1000.0;

/// Where in a file a line is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// Before the start, and after the end.
    Outside,
    /// In the description of a run.
    Run,
    Event,
}

struct Parser {
    rows: EventRows,
    place: Place,
    /// Whether there was a start.
    started: bool,
    /// Particles that the event's first line counts.
    count: usize,
    /// Units of momentum in a GeV.
    units: f64,
    wanted: Weight,
    /// What the weights are called; empty if the file does not say.
    names: Vec<String>,
    /// The weights of the event that is being read.
    weights: Vec<f64>,
    weighted: bool,
}

/// Decodes the events of a file.
pub fn open(bytes: &Bytes, selection: &Selection) -> Result<Table> {
    let rows = EventRows::new(selection)?;
    let mut parser = Parser {
        wanted: rows.weight("weight"),
        rows,
        place: Place::Outside,
        started: false,
        count: 0,
        units: 1.0,
        names: Vec::new(),
        weights: Vec::new(),
        weighted: false,
    };
    let mut lines = Lines::of(bytes)?;
    while let Some((number, line)) = lines.next()? {
        let (inside, event) = (parser.place == Place::Event, parser.rows.event());
        parser.line(line).map_err(|error| at_line(error, number, inside.then_some(event)))?;
    }
    parser.finish()
}

impl Parser {
    fn line(&mut self, line: &[u8]) -> Result<()> {
        match (line, self.place) {
            ([], _) => Ok(()),
            ([b'H', ..], _) if line.starts_with(b"HepMC::") => self.section(line),
            (_, Place::Outside) => Err(Error::data(format!(
                "expected HepMC::Asciiv3-START_EVENT_LISTING, found {}",
                shown(line)
            ))),
            ([b'P', b' ', ..], Place::Event) => self.particle(line),
            ([b'V', b' ', ..], Place::Event) => Ok(()),
            ([b'E', b' ', ..], _) => {
                self.end_event()?;
                self.event(line)
            }
            ([b'U', b' ', ..], Place::Event) => self.momentum_unit(line),
            ([b'W'] | [b'W', b' ', ..], Place::Event) if !self.weighted => self.weights(line),
            ([b'A', b' ', ..], Place::Event) if self.rows.particles.is_empty() => Ok(()),
            // The description of a run ends the event before it.
            ([b'W' | b'A' | b'T'] | [b'W' | b'A' | b'T', b' ', ..], _) => {
                self.end_event()?;
                self.place = Place::Run;
                if line[0] == b'W' {
                    self.names = weight_names(&line[1..]);
                }
                Ok(())
            }
            ([b'P' | b'V' | b'U', b' ', ..], Place::Run) => {
                Err(Error::data(format!("expected an event (E) before its lines, found {}", shown(line))))
            }
            _ => Err(Error::data(format!(
                "expected a line of HepMC3 that begins with E, U, W, A, T, V or P, found {}",
                shown(line)
            ))),
        }
    }

    /// A line that begins or ends a list of events; files that were joined have several.
    fn section(&mut self, line: &[u8]) -> Result<()> {
        self.end_event()?;
        if line == START {
            (self.place, self.started) = (Place::Run, true);
            self.names.clear();
        } else if line == END {
            self.place = Place::Outside;
        } else if !line.starts_with(b"HepMC::Version") {
            return Err(Error::data(format!("expected a list of HepMC::Asciiv3, found {}", shown(line))));
        }
        Ok(())
    }

    /// `E NUMBER VERTICES PARTICLES`, and perhaps a position.
    fn event(&mut self, line: &[u8]) -> Result<()> {
        let count = words(line).nth(3).and_then(integer).and_then(|count| usize::try_from(count).ok());
        self.count = count.ok_or_else(|| {
            Error::data(format!(
                "expected E with the numbers of an event, its vertices and its particles, found {}",
                shown(line)
            ))
        })?;
        (self.place, self.weighted, self.units) = (Place::Event, false, 1.0);
        self.weights.clear();
        Ok(())
    }

    fn momentum_unit(&mut self, line: &[u8]) -> Result<()> {
        self.units = match words(line).nth(1) {
            Some(b"GEV") => 1.0,
            Some(b"MEV") => MEV,
            _ => return Err(Error::data(format!("expected GEV or MEV, found {}", shown(line)))),
        };
        if self.rows.particles.is_empty() {
            return Ok(());
        }
        Err(Error::data(format!("expected units before particles, found {}", shown(line))))
    }

    fn weights(&mut self, line: &[u8]) -> Result<()> {
        let wrong = || Error::data(format!("expected numbers of weights, found {}", shown(line)));
        for word in words(&line[1..]) {
            self.weights.push(float(word).ok_or_else(wrong)?);
        }
        if !self.names.is_empty() && self.names.len() != self.weights.len() {
            return Err(Error::data(format!(
                "expected {} weights, as the file has names of, found {}",
                self.names.len(),
                self.weights.len()
            )));
        }
        self.weighted = true;
        Ok(())
    }

    fn particle(&mut self, line: &[u8]) -> Result<()> {
        let read = || {
            let mut words = words(line);
            let id = integer(words.nth(3)?)?;
            let mut next = || float(words.next()?);
            let (px, py, pz, e) = (next()?, next()?, next()?, next()?);
            // After the mass, which follows from the others.
            let status = integer(words.nth(1)?)?;
            words.next().is_none().then_some((id, status, [e, px, py, pz]))
        };
        let (id, status, momentum) = read().ok_or_else(|| {
            Error::data(format!(
                "expected P with the {OF_PARTICLE} numbers of a particle, found {}",
                shown(line)
            ))
        })?;
        if !momentum.iter().all(|x| x.is_finite()) {
            return Err(Error::data(format!("expected a finite four-momentum, found {}", shown(line))));
        }
        let particles = self.rows.particles.len();
        if particles == self.count {
            return Err(Error::data(format!(
                "expected {particles} particles, as the event's first line says, found more: {}",
                shown(line)
            )));
        }
        self.rows.particles.push(Particle { id, status, momentum: momentum.map(|x| x / self.units) });
        Ok(())
    }

    /// Ends the event that was being read, if there is one.
    fn end_event(&mut self) -> Result<()> {
        if self.place != Place::Event {
            return Ok(());
        }
        if self.rows.particles.len() != self.count {
            return Err(Error::data(format!(
                "expected {} particles, as the event's first line says, found {}",
                self.count,
                self.rows.particles.len()
            )));
        }
        if !self.weighted && !self.names.is_empty() {
            return Err(Error::data(format!(
                "expected {} weights, as the file has names of, found no line of them",
                self.names.len()
            )));
        }
        let nominal = self.finite(self.nominal())?;
        let weight = match &self.wanted {
            Weight::Named(name) => match self.position(name) {
                Some(place) => self.finite(self.weights[place])?,
                None if self.rows.event() == 0 => return Err(unknown_weight(name, &self.all_names())),
                None => {
                    return Err(Error::data(format!(
                        "expected the weight `{name}` in every event, found none in this one"
                    )));
                }
            },
            _ => nominal,
        };
        self.rows.end_event(nominal, weight)?;
        self.place = Place::Run;
        Ok(())
    }

    /// The weight that is called like a nominal one, otherwise the first; an event without weights counts once.
    fn nominal(&self) -> f64 {
        let called = |names: &[&str]| {
            self.names.iter().position(|name| names.iter().any(|other| name.eq_ignore_ascii_case(other)))
        };
        let place = called(&["default"]).or_else(|| called(&["weight"])).unwrap_or(0);
        self.weights.get(place).copied().unwrap_or(1.0)
    }

    /// Where a weight is, by its name or its number.
    fn position(&self, name: &str) -> Option<usize> {
        let named = self.names.iter().position(|other| other == name);
        named.or_else(|| name.parse().ok()).filter(|place| *place < self.weights.len())
    }

    /// What the weights of an event may be called.
    fn all_names(&self) -> Vec<String> {
        if self.names.is_empty() {
            return (0..self.weights.len()).map(|place| place.to_string()).collect();
        }
        self.names.clone()
    }

    fn finite(&self, weight: f64) -> Result<f64> {
        if weight.is_finite() {
            return Ok(weight);
        }
        Err(Error::data(format!("expected a finite weight, found {weight}")))
    }

    fn finish(self) -> Result<Table> {
        let events = self.rows.event();
        match self.place {
            Place::Outside if self.started => {
                let names = self.all_names();
                self.rows.finish(&names)
            }
            Place::Outside => Err(Error::data("expected a list of events of HepMC::Asciiv3, found none")),
            Place::Event if self.rows.particles.len() < self.count => Err(Error::data(format!(
                "the file is cut short in event {events} (counted from 0): expected {} particles, found {} and the end of the file",
                self.count,
                self.rows.particles.len()
            ))),
            place => {
                let events = events + u64::from(place == Place::Event);
                Err(Error::data(format!(
                    "the file is cut short: expected HepMC::Asciiv3-END_EVENT_LISTING at its end, found none after {events} events; if it has \
                     all that it should have, add that line"
                )))
            }
        }
    }
}

/// The names of weights: lines of a text, in which `\|` stands for the end of one.
fn weight_names(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let (mut names, mut letters) = (vec![String::new()], text.chars());
    while let Some(letter) = letters.next() {
        let (letter, escaped) = if letter == '\\' { (letters.next(), true) } else { (Some(letter), false) };
        match letter {
            Some('|') if escaped => names.push(String::new()),
            _ => names.iter_mut().last().into_iter().for_each(|name| name.extend(letter)),
        }
    }
    names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests;
