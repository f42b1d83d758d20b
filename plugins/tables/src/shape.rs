//! What one event of a file is.

use std::fmt;

use amplicast_sdk::{Error, Result, Schema};

use crate::Layout;

/// Columns or particles of which there are seldom more than events.
const MANY: usize = 100;

/// The shape of one event of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventShape {
    /// An array n x d: d plain numbers.
    Columns(usize),
    /// An array n x p x 4: the four-momenta (E, px, py, pz) of p particles.
    FourMomenta(usize),
}

impl EventShape {
    /// The shape of the events of an array with this shape, particles with the components of `layout` if there is one; the
    /// first axis counts events.
    ///
    /// # Errors
    /// For an array of other axes; at the field `layout` if there are not as many components as it says.
    pub fn of_array(shape: &[usize], layout: Option<&Layout>) -> Result<Self> {
        let parts = layout.map_or(4, |layout| layout.parts().len());
        match (shape, layout) {
            ([_], None) => Ok(EventShape::Columns(1)),
            (&[_, d], None) if d > 0 => Ok(EventShape::Columns(d)),
            (&[_, d], Some(_)) if d > 0 && d % parts == 0 => Ok(EventShape::FourMomenta(d / parts)),
            (&[_, particles, components], _) if particles > 0 && components == parts => {
                Ok(EventShape::FourMomenta(particles))
            }
            (_, Some(layout)) => Err(Error::config(
                "layout",
                format!(
                    "expected a layout of an array of shape {shape:?}, found `{layout}`, which has {parts} components for each \
                     particle"
                ),
            )),
            ([_, _, 3 | 5 | 6], None) => Err(Error::data(format!(
                "expected an array of shape (events, columns) or (events, particles, 4), found {shape:?}; say what the numbers of a \
                 particle are with `layout` (`--layout`), such as \"pt,eta,phi\" or \"pt,eta,phi,m,_\", `_` for what is not used"
            ))),
            _ => Err(Error::data(format!(
                "expected an array of shape (events, columns) or (events, particles, 4), found {shape:?}"
            ))),
        }
    }

    /// The shape of the events of a schema.
    pub fn of_schema(schema: &Schema) -> Self {
        match schema.particles().len() {
            0 => EventShape::Columns(schema.dimension()),
            particles => EventShape::FourMomenta(particles),
        }
    }

    /// Refuses an array with next to no events of very many numbers: the axes of most such arrays are exchanged. What there is to say if it
    /// may be right.
    pub fn expect_upright(array: &[usize]) -> Result<Option<String>> {
        let (rows, across, cure) = match *array {
            [rows, columns] => (rows, columns, "x.T"),
            [rows, particles, _] => (rows, particles, "numpy.moveaxis(x, 0, 1)"),
            _ => return Ok(None),
        };
        if across <= MANY || rows >= across {
            return Ok(None);
        }
        let what = if array.len() == 2 { "columns" } else { "particles" };
        let found = format!("only {rows} events of {across} {what}: are the axes exchanged? save `{cure}`");
        if rows <= across / 10 {
            Err(Error::data(format!("expected an event in each row, found {found}")))
        } else {
            Ok(Some(found))
        }
    }

    /// Numbers in an event.
    pub fn dimension(self) -> usize {
        match self {
            EventShape::Columns(d) => d,
            EventShape::FourMomenta(particles) => 4 * particles,
        }
    }

    /// Particles in an event; 0 for plain numbers.
    pub fn particles(self) -> usize {
        match self {
            EventShape::Columns(_) => 0,
            EventShape::FourMomenta(particles) => particles,
        }
    }

    /// These names for its columns; refuses the wrong number of them, and any for four-momenta.
    pub fn named(self, columns: Option<&[String]>) -> Result<Option<Vec<String>>> {
        match (self, columns) {
            (_, None) => Ok(None),
            (EventShape::Columns(d), Some(names)) => distinct("columns", names, d).map(Some),
            (EventShape::FourMomenta(_), Some(_)) => Err(Error::config(
                "columns",
                format!("expected no columns, found some, for events of {self}"),
            )),
        }
    }

    /// A schema with these names; by default `x1` ... `xd` for columns and `p0` ... for particles.
    ///
    /// Names of particles group columns by four; the wrong number of them is an error at the field `particles`.
    pub fn schema(self, columns: Option<&[String]>, particles: Option<&[String]>) -> Result<Schema> {
        match (self, particles) {
            (EventShape::Columns(d), None) => Ok(match columns {
                Some(names) => Schema::columns(names.to_vec()),
                None => Schema::columns((1..=d).map(|i| format!("x{i}"))),
            }),
            (EventShape::Columns(d), Some(names)) if d % 4 != 0 => Err(Error::config(
                "particles",
                match d.checked_div(names.len()) {
                    Some(each) if each > 2 && d == each * names.len() => format!(
                        "expected no particles, or {} columns (E, px, py, pz of each), found {self}; if each has {each} numbers, say what \
                         they are with `layout` (`--layout`), `_` for what is not used",
                        4 * names.len()
                    ),
                    _ => format!(
                        "expected no particles, or {} columns (E, px, py, pz of each), found {self}",
                        4 * names.len()
                    ),
                },
            )),
            (EventShape::FourMomenta(p), None) => Ok(Schema::four_momenta((0..p).map(|i| format!("p{i}")))),
            (_, Some(names)) => Ok(Schema::four_momenta(distinct("particles", names, self.dimension() / 4)?)),
        }
    }
}

/// The names, if there are `count` different ones.
fn distinct(field: &str, names: &[String], count: usize) -> Result<Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_shape() {
        let (shape, columns) = (EventShape::FourMomenta(2), EventShape::Columns(8));
        let two = ["a".to_string(), "a".to_string()];
        assert_eq!(shape.schema(None, None).unwrap().particles(), ["p0", "p1"]);
        assert_eq!(columns.schema(None, Some(&["b".into(), "q".into()])).unwrap().particles(), ["b", "q"]);
        assert_eq!(columns.schema(None, None).unwrap().column_names()[7], "x8");
        for shape in [shape, columns] {
            let message = |particles| shape.schema(None, Some(particles)).unwrap_err().to_string();
            assert_eq!(message(&two[..1]), "particles: expected 2 names, found 1");
            assert_eq!(message(&two[..]), "particles: expected different names, found `a` twice");
        }
        let error = EventShape::Columns(3).schema(None, Some(&two)).unwrap_err().to_string();
        assert_eq!(
            error,
            "particles: expected no particles, or 8 columns (E, px, py, pz of each), found 3 columns"
        );
        assert_eq!(
            shape.named(Some(&two[..])).unwrap_err().to_string(),
            "columns: expected no columns, found some, for events of 2 particles x 4"
        );
        assert_eq!(
            EventShape::Columns(2).named(Some(&two)).unwrap_err().to_string(),
            "columns: expected different names, found `a` twice"
        );
    }

    #[test]
    fn arrays_that_lie_on_their_side() {
        let said = |shape: &[usize]| EventShape::expect_upright(shape).map_err(|error| error.to_string());
        let expected = "expected an event in each row, found only 3 events of 5000 columns: are the axes exchanged? save `x.T`";
        assert_eq!(said(&[3, 5000]), Err(expected.into()));
        assert!(
            said(&[2, 3000, 4])
                .unwrap_err()
                .contains("2 events of 3000 particles: are the axes exchanged? save `numpy.moveaxis")
        );
        assert!(said(&[150, 200]).unwrap().unwrap().starts_with("only 150 events of 200 columns"));
        for right in [&[5][..], &[3, 100], &[200, 200], &[60, 40, 4], &[5000, 3], &[1, 8]] {
            assert_eq!(said(right), Ok(None), "{right:?}");
        }
    }

    #[test]
    fn shapes_of_arrays() {
        let of = |shape: &[usize], layout: &str| {
            let layout = (!layout.is_empty()).then(|| Layout::read(layout).unwrap());
            EventShape::of_array(shape, layout.as_ref()).map_err(|error| error.to_string())
        };
        assert_eq!(of(&[9], ""), Ok(EventShape::Columns(1)));
        assert_eq!(of(&[9, 4], ""), Ok(EventShape::Columns(4)));
        assert_eq!(of(&[9, 2, 4], ""), Ok(EventShape::FourMomenta(2)));
        assert_eq!(of(&[9, 6], "pt,eta,phi"), Ok(EventShape::FourMomenta(2)));
        assert_eq!(of(&[9, 5, 3], "pt,eta,phi"), Ok(EventShape::FourMomenta(5)));
        assert!(of(&[9, 5, 3], "").unwrap_err().contains("with `layout` (`--layout`)"));
        let expected = "layout: expected a layout of an array of shape [9, 5], found `E,px,py,pz`, which has 4 components for \
                        each particle";
        assert_eq!(of(&[9, 5], "E,px,py,pz"), Err(expected.into()));
        assert!(of(&[9, 0], "").is_err() && of(&[], "").is_err() && of(&[9, 1, 2, 4], "").is_err());
    }
}
