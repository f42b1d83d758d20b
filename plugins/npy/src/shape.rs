//! What one event of a file is.

use std::fmt;

use amplicast_sdk::{Error, Result, Schema};

/// The shape of one event of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventShape {
    /// An array n x d: d plain numbers.
    Columns(usize),
    /// An array n x p x 4: the four-momenta (E, px, py, pz) of p particles.
    FourMomenta(usize),
}

impl EventShape {
    /// The shape of the events of an array with this shape; the first axis counts events.
    pub fn of_array(shape: &[usize]) -> Option<Self> {
        match *shape {
            [_, d] if d > 0 => Some(EventShape::Columns(d)),
            [_, particles, 4] if particles > 0 => Some(EventShape::FourMomenta(particles)),
            _ => None,
        }
    }

    /// The shape of the events of a schema.
    pub fn of_schema(schema: &Schema) -> Self {
        match schema.particles().len() {
            0 => EventShape::Columns(schema.dimension()),
            particles => EventShape::FourMomenta(particles),
        }
    }

    /// Numbers in an event.
    pub fn dimension(self) -> usize {
        match self {
            EventShape::Columns(d) => d,
            EventShape::FourMomenta(particles) => 4 * particles,
        }
    }

    /// A schema with these names; by default `x1` ... `xd` for columns and `p0` ... for particles.
    ///
    /// Names of the other kind, or the wrong number of them, are an error at their field (`columns` or `particles`).
    pub fn schema(self, columns: Option<&[String]>, particles: Option<&[String]>) -> Result<Schema> {
        match (self, columns, particles) {
            (EventShape::Columns(_), _, Some(_)) => Err(Error::config(
                "particles",
                format!("expected no particles, found some, for events of {self}"),
            )),
            (EventShape::FourMomenta(_), Some(_), _) => Err(Error::config(
                "columns",
                format!("expected no columns, found some, for events of {self}"),
            )),
            (EventShape::Columns(d), names, None) => {
                let names = names_or("columns", names, d, |i| format!("x{}", i + 1))?;
                Ok(Schema::columns(names))
            }
            (EventShape::FourMomenta(p), None, names) => {
                let names = names_or("particles", names, p, |i| format!("p{i}"))?;
                Ok(Schema::four_momenta(names))
            }
        }
    }
}

fn names_or(
    field: &str,
    names: Option<&[String]>,
    count: usize,
    default: impl Fn(usize) -> String,
) -> Result<Vec<String>> {
    let Some(names) = names else {
        return Ok((0..count).map(default).collect());
    };
    if names.len() != count {
        return Err(Error::config(field, format!("expected {count} names, found {}", names.len())));
    }
    if let Some(name) =
        names.iter().enumerate().find_map(|(i, name)| names[..i].contains(name).then_some(name))
    {
        return Err(Error::config(field, format!("expected different names, found `{name}` twice")));
    }
    Ok(names.to_vec())
}

impl fmt::Display for EventShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventShape::Columns(d) => write!(f, "{d} columns"),
            EventShape::FourMomenta(particles) => write!(f, "{particles} particles x 4"),
        }
    }
}
