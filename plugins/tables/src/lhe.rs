//! Les Houches events (`.lhe`), of any version, plain or packed with gzip.
//!
//! The format is XML round lines of numbers. It is read line by line: what is between `<event>` and `</event>` is, in this order, a line on the
//! event, a line for each particle, and what else the generator has to say, of which weights are read.

use amplicast_sdk::{Error, Result};

use crate::event_rows::{EventRows, Weight, unknown_weight};
use crate::particles::Particle;
use crate::place::Bytes;
use crate::table::{Selection, Table};
use crate::text::{Lines, at_line, find, float, integer, shown, words};

/// What the standard calls the nominal weight.
const XWGTUP: &str = "XWGTUP";

/// Numbers of a particle's line: IDUP ISTUP MOTHUP(2) ICOLUP(2) PUP(5) VTIMUP SPINUP.
const OF_PARTICLE: usize = 13;

/// Where in a file a line is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// Between events, and before them.
    Outside,
    Header,
    /// Before an event's first line.
    Event,
    Particles,
    /// After an event's particles; in tags or not yet.
    Further {
        tags: bool,
    },
    /// In the list of an event's weights.
    Weights,
    Ended,
}

struct Parser {
    rows: EventRows,
    place: Place,
    comment: bool,
    /// Particles that the event's first line counts.
    count: usize,
    nominal: f64,
    wanted: Weight,
    /// The wanted weight of the event that is being read.
    weight: Option<f64>,
    /// Weights that the header declares, which are the names of lists.
    declared: Vec<String>,
    /// Weights of an event's list so far.
    listed: usize,
    /// The weights of the first event beside the nominal one.
    names: Vec<String>,
}

/// Decodes the events of a file.
pub fn open(bytes: &Bytes, selection: &Selection) -> Result<Table> {
    let rows = EventRows::new(selection)?;
    let mut parser = Parser {
        wanted: rows.weight(XWGTUP),
        rows,
        place: Place::Outside,
        comment: false,
        count: 0,
        nominal: 0.0,
        weight: None,
        declared: Vec::new(),
        listed: 0,
        names: Vec::new(),
    };
    let mut lines = Lines::of(bytes)?;
    while let Some((number, line)) = lines.next()? {
        let inside = !matches!(parser.place, Place::Outside | Place::Header | Place::Ended);
        let event = parser.rows.event();
        parser.line(line).map_err(|error| at_line(error, number, inside.then_some(event)))?;
    }
    parser.finish()
}

impl Parser {
    /// A line, without what is a comment in it.
    fn line(&mut self, line: &[u8]) -> Result<()> {
        let mut rest = line;
        loop {
            if self.comment {
                let Some(end) = find(rest, b"-->") else { return Ok(()) };
                self.comment = false;
                rest = &rest[end + 3..];
            }
            // A header has what it likes: scripts, cards.
            let begin = match self.place {
                Place::Header => None,
                _ if rest.contains(&b'<') => find(rest, b"<!--"),
                _ => None,
            };
            let Some(begin) = begin else { return self.plain(rest) };
            self.plain(&rest[..begin])?;
            self.comment = true;
            rest = &rest[begin + 4..];
        }
    }

    fn plain(&mut self, line: &[u8]) -> Result<()> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        match self.place {
            Place::Outside if line.contains(&b'<') => self.outside(line),
            Place::Outside => Ok(()),
            Place::Header => {
                self.declare(line);
                if find(line, b"</header").is_some() {
                    self.place = Place::Outside;
                }
                Ok(())
            }
            Place::Event | Place::Particles => match line[0] {
                b'#' => Ok(()),
                b'<' => self.too_few(line),
                _ => {
                    // What follows a # is a remark; few lines have one.
                    let remark = line.contains(&b'#').then(|| find(line, b"#")).flatten();
                    let numbers = remark.map_or(line, |end| &line[..end]);
                    if self.place == Place::Event { self.event(numbers) } else { self.particle(numbers) }
                }
            },
            Place::Further { tags } => self.further(line, tags),
            Place::Weights => self.weights(line),
            Place::Ended if line.contains(&b'<') => Err(Error::data(format!(
                "expected no events after </LesHouchesEvents>, found {}; files that were joined must be read one by one",
                shown(line)
            ))),
            // Some write remarks there.
            Place::Ended => Ok(()),
        }
    }

    /// The weights that a line of the header declares: `<weight id='1001'> muR = 2 </weight>`.
    fn declare(&mut self, line: &[u8]) {
        let mut rest = line;
        while let Some(begin) = find(rest, b"<weight ") {
            rest = &rest[begin + 1..];
            let end = find(rest, b">").unwrap_or(rest.len());
            self.declared.extend(attribute(&rest[..end], b"id"));
        }
    }

    fn outside(&mut self, line: &[u8]) -> Result<()> {
        self.declare(line);
        if find(line, b"<header").is_some() && find(line, b"</header").is_none() {
            self.place = Place::Header;
        } else if find(line, b"</LesHouchesEvents").is_some() {
            self.place = Place::Ended;
        } else if find(line, b"</event").is_some() {
            return Err(Error::data(format!("expected <event> before its end, found {}", shown(line))));
        } else if let Some(begin) = find(line, b"<event") {
            return self.begin(&line[begin..]);
        }
        Ok(())
    }

    /// `<event>`, perhaps with attributes, or another tag that begins like it.
    fn begin(&mut self, tag: &[u8]) -> Result<()> {
        let wrong = |what: &str| Err(Error::data(format!("expected {what}, found {}", shown(tag))));
        match tag.get(b"<event".len()) {
            Some(b'>' | b' ' | b'\t') => {}
            Some(b'g') => {
                return wrong(
                    "events that do not depend on each other, no groups of a real emission and its counter-events",
                );
            }
            _ => return wrong("events in the file itself"),
        }
        let Some(end) = find(tag, b">") else { return wrong("<event> in one line") };
        (self.place, self.weight) = (Place::Event, None);
        self.plain(&tag[end + 1..])
    }

    /// NUP IDPRUP XWGTUP SCALUP AQEDUP AQCDUP.
    fn event(&mut self, line: &[u8]) -> Result<()> {
        let read = || {
            let mut words = words(line);
            let count = usize::try_from(integer(words.next()?)?).ok()?;
            let nominal = float(words.nth(1)?)?;
            // Three more, and perhaps others, but no tag.
            words.nth(2).filter(|_| !line.contains(&b'<')).map(|_| (count, nominal))
        };
        let (count, nominal) = read().ok_or_else(|| {
            Error::data(format!(
                "expected the six numbers of an event (NUP IDPRUP XWGTUP SCALUP AQEDUP AQCDUP), found {}",
                shown(line)
            ))
        })?;
        if !nominal.is_finite() {
            return Err(Error::data(format!("expected a finite weight, found {nominal}: {}", shown(line))));
        }
        (self.count, self.nominal) = (count, nominal);
        self.place = if count > 0 { Place::Particles } else { Place::Further { tags: false } };
        Ok(())
    }

    fn particle(&mut self, line: &[u8]) -> Result<()> {
        let read = || {
            let mut words = words(line);
            let (id, status) = (integer(words.next()?)?, integer(words.next()?)?);
            let px = float(words.nth(4)?)?;
            let mut next = || float(words.next()?);
            let (py, pz, e) = (next()?, next()?, next()?);
            let particle = Particle { id, status, momentum: [e, px, py, pz] };
            (words.count() == OF_PARTICLE - 10).then_some(particle)
        };
        let particle = read().ok_or_else(|| {
            Error::data(format!(
                "expected the {OF_PARTICLE} numbers of a particle (IDUP ISTUP MOTHUP ICOLUP PUP VTIMUP SPINUP), found {}",
                shown(line)
            ))
        })?;
        if !particle.momentum.iter().all(|x| x.is_finite()) {
            return Err(Error::data(format!("expected a finite four-momentum, found {}", shown(line))));
        }
        self.rows.particles.push(particle);
        if self.rows.particles.len() == self.count {
            self.place = Place::Further { tags: false };
        }
        Ok(())
    }

    fn too_few(&self, line: &[u8]) -> Result<()> {
        if self.place == Place::Event {
            return Err(Error::data(format!("expected the six numbers of an event, found {}", shown(line))));
        }
        Err(Error::data(format!(
            "expected {} particles, as the event's first line says (NUP), found {} before {}",
            self.count,
            self.rows.particles.len(),
            shown(line)
        )))
    }

    /// What follows the particles: remarks, and tags of which only weights are read.
    fn further(&mut self, line: &[u8], tags: bool) -> Result<()> {
        if !line.contains(&b'<') {
            if !tags && line[0] != b'#' {
                return Err(Error::data(format!(
                    "expected {} particles, as the event's first line says (NUP), found more: {}",
                    self.count,
                    shown(line)
                )));
            }
            return Ok(());
        }
        if line[0] == b'#' {
            return Ok(());
        }
        self.place = Place::Further { tags: true };
        if self.rows.event() == 0 || matches!(self.wanted, Weight::Named(_)) {
            let mut rest = line;
            while let Some(begin) = find(rest, b"<wgt") {
                rest = self.tagged(&rest[begin..])?;
            }
            if let Some(begin) = find(line, b"<weights") {
                let end = find(&line[begin..], b">").map_or(line.len(), |end| begin + end + 1);
                (self.place, self.listed) = (Place::Weights, 0);
                return self.weights(&line[end..]);
            }
        }
        self.end_of_event(line)
    }

    /// `<wgt id='1001'> 0.5 </wgt>`; what follows it.
    fn tagged<'a>(&mut self, tag: &'a [u8]) -> Result<&'a [u8]> {
        let wrong = || Error::data(format!("expected <wgt id='NAME'> NUMBER </wgt>, found {}", shown(tag)));
        let end = find(tag, b">").ok_or_else(wrong)?;
        let name = attribute(&tag[..end], b"id").ok_or_else(wrong)?;
        let rest = &tag[end + 1..];
        let close = find(rest, b"<").ok_or_else(wrong)?;
        self.named(&name, rest[..close].trim_ascii())?;
        Ok(&rest[close..])
    }

    /// The numbers of `<weights>`, which are called as the header declares them, otherwise by their place.
    fn weights(&mut self, line: &[u8]) -> Result<()> {
        let end = find(line, b"<");
        for word in words(&line[..end.unwrap_or(line.len())]) {
            let name = self.declared.get(self.listed).cloned().unwrap_or_else(|| self.listed.to_string());
            self.listed += 1;
            self.named(&name, word)?;
        }
        match end {
            Some(begin) => {
                self.place = Place::Further { tags: true };
                self.end_of_event(&line[begin..])
            }
            None => Ok(()),
        }
    }

    /// A weight of the event.
    fn named(&mut self, name: &str, number: &[u8]) -> Result<()> {
        // A list may have again what has a name of its own.
        if self.rows.event() == 0 && !self.names.iter().any(|other| other == name) {
            self.names.push(name.to_owned());
        }
        if self.weight.is_none() && matches!(&self.wanted, Weight::Named(wanted) if wanted == name) {
            let weight = float(number).filter(|weight| weight.is_finite());
            self.weight = Some(weight.ok_or_else(|| {
                Error::data(format!("expected a finite weight `{name}`, found {}", shown(number)))
            })?);
        }
        Ok(())
    }

    fn end_of_event(&mut self, line: &[u8]) -> Result<()> {
        let end = find(line, b"</event");
        if find(&line[..end.unwrap_or(line.len())], b"<event").is_some() {
            return Err(Error::data(format!(
                "expected the event's end before another event, found {}",
                shown(line)
            )));
        }
        let Some(end) = end else { return Ok(()) };
        let weight = match (&self.wanted, self.weight) {
            (Weight::Named(name), None) if self.rows.event() == 0 => {
                return Err(unknown_weight(name, &self.names));
            }
            (Weight::Named(name), None) => {
                return Err(Error::data(format!(
                    "expected the weight `{name}` in every event, found none in this one"
                )));
            }
            (Weight::Named(_), Some(weight)) => weight,
            _ => self.nominal,
        };
        self.place = Place::Outside;
        self.rows.end_event(self.nominal, weight)?;
        self.plain(line.get(end + b"</event>".len()..).unwrap_or_default())
    }

    fn finish(self) -> Result<Table> {
        let events = self.rows.event();
        match self.place {
            Place::Ended => self.rows.finish(&self.names),
            Place::Outside if !self.comment => Err(Error::data(format!(
                "the file is cut short: expected </LesHouchesEvents> at its end, found none after {events} events; if it has all that it \
                 should have, add that line"
            ))),
            Place::Outside | Place::Header => Err(Error::data(format!(
                "the file is cut short in a header or a comment, after {events} events"
            ))),
            _ => Err(Error::data(format!(
                "the file is cut short in event {events} (counted from 0): expected </event>, found the end of the file"
            ))),
        }
    }
}

/// An attribute of a tag, in quotes of either kind.
fn attribute(tag: &[u8], name: &[u8]) -> Option<String> {
    let mut rest = tag;
    loop {
        let begin = find(rest, name)?;
        let before = begin.checked_sub(1).map(|i| rest[i]);
        let value = rest[begin + name.len()..].trim_ascii_start();
        rest = &rest[begin + name.len()..];
        // `id` is no part of another word.
        if before.is_some_and(|byte| byte.is_ascii_whitespace())
            && let Some(value) = value.strip_prefix(b"=")
            && let [quote @ (b'\'' | b'"'), value @ ..] = value.trim_ascii_start()
        {
            let end = value.iter().position(|byte| byte == quote)?;
            return Some(String::from_utf8_lossy(value[..end].trim_ascii()).into_owned());
        }
    }
}

#[cfg(test)]
mod tests;
