//! Which particles of an event a summary adds up, and the sum of their four-momenta.

use amplicast_sdk::{Error, Result, Schema, ensure_config, serde_json};

use crate::arguments::value;

/// Columns that a message names.
const NAMED: usize = 16;

/// Particles of an event by number (from 0), each once, in ascending order.
#[derive(Debug, Clone)]
pub struct Particles {
    /// The key of the configuration that names them.
    field: &'static str,
    numbers: Vec<usize>,
}

impl Particles {
    /// Refuses, at the key `field`, an empty list and a particle that is in it twice.
    pub fn new(field: &'static str, mut numbers: Vec<usize>) -> Result<Self> {
        ensure_config(!numbers.is_empty(), field, || "expected at least one particle, found none".into())?;
        // The sum does not depend on the order, so its label must not either.
        numbers.sort_unstable();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::config(
                field,
                format!("expected different particles, found {} twice", pair[0]),
            ));
        }
        Ok(Particles { field, numbers })
    }

    /// All particles of an event.
    pub fn all(schema: &Schema) -> Self {
        Particles { field: "particles", numbers: (0..schema.particles().len()).collect() }
    }

    /// The configuration that the arguments of a label stand for.
    pub fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        let numbers: Vec<_> = arguments.iter().map(|a| value(a)).collect();
        (!numbers.is_empty()).then(|| serde_json::json!({ "particles": numbers }).to_string())
    }

    /// The numbers joined by `separator`.
    pub fn list(&self, separator: &str) -> String {
        self.numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(separator)
    }

    /// Refuses events without four-momenta or without one of the particles.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        let names = schema.particles();
        if names.is_empty() {
            let columns = schema.column_names();
            let more = if columns.len() > NAMED { ", ..." } else { "" };
            return Err(Error::config(
                self.field,
                format!(
                    "expected events of four-momenta, found events without particles; the columns are: {}{more}; if they are components \
                     of particles, name these with the dataset's `particles` (`--particles`)",
                    columns[..columns.len().min(NAMED)].join(", ")
                ),
            ));
        }
        match self.numbers.iter().position(|&number| number >= names.len()) {
            None => Ok(()),
            Some(i) => Err(Error::config(
                format!("{}[{i}]", self.field),
                format!(
                    "expected a particle from 0 to {}, found {}; the particles are: {}",
                    names.len() - 1,
                    self.numbers[i],
                    names
                        .iter()
                        .enumerate()
                        .map(|(i, name)| format!("{i} {name}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            )),
        }
    }

    /// E, px, py, pz of each of the particles in an event.
    pub fn momenta(&self, event: &[f64]) -> impl Iterator<Item = [f64; 4]> {
        let (momenta, _) = event.as_chunks::<4>();
        self.numbers.iter().map(|&number| momenta[number])
    }

    /// E, px, py, pz of the sum of the particles in an event.
    pub fn sum(&self, event: &[f64]) -> [f64; 4] {
        self.momenta(event).fold([0.0; 4], |mut sum, momentum| {
            sum.iter_mut().zip(momentum).for_each(|(s, p)| *s += p);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(numbers: &[usize], schema: &Schema) -> String {
        Particles::new("particles", numbers.to_vec()).unwrap().check(schema).unwrap_err().to_string()
    }

    #[test]
    fn the_order_does_not_matter() {
        assert_eq!(Particles::new("particles", vec![3, 0, 1]).unwrap().list(","), "0,1,3");
    }

    #[test]
    fn refusals() {
        let message = |numbers| Particles::new("particles", numbers).unwrap_err().to_string();
        assert_eq!(message(vec![]), "particles: expected at least one particle, found none");
        assert_eq!(message(vec![1, 0, 1]), "particles: expected different particles, found 1 twice");
        assert_eq!(
            refusal(&[0, 2], &Schema::four_momenta(["b", "q"])),
            "particles[1]: expected a particle from 0 to 1, found 2; the particles are: 0 b, 1 q"
        );
        assert_eq!(
            refusal(&[0], &Schema::columns(["x1", "x2"])),
            "particles: expected events of four-momenta, found events without particles; the columns are: x1, x2; if they are \
             components of particles, name these with the dataset's `particles` (`--particles`)"
        );
    }

    #[test]
    fn arguments() {
        assert_eq!(Particles::config_of_arguments(&["0", "2"]).unwrap(), r#"{"particles":[0,2]}"#);
        assert_eq!(Particles::config_of_arguments(&[]), None);
    }
}
