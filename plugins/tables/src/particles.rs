//! Which particles of an event are asked for, in words: `lead=1,2,3,4,5,21:status=1#1`.

use amplicast_sdk::{Error, Result};

use crate::component_names::tokens;

/// The status of particles of the final state, of LHE and of HepMC alike.
pub const FINAL: i64 = 1;

/// Particles that a message lists at most.
const LISTED: usize = 20;

/// A particle of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Particle {
    /// What it is, by the numbers of the Particle Data Group.
    pub id: i64,
    pub status: i64,
    /// E, px, py, pz in GeV.
    pub momentum: [f64; 4],
}

/// A particle that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub name: String,
    /// As the user wrote it.
    text: String,
    /// Any of these.
    ids: Vec<i64>,
    status: i64,
    /// Which of them, by descending transverse momentum, counted from 1.
    place: usize,
}

impl Wanted {
    /// Reads `[NAME=]ID[,ID...][:status=S][#K]`; particle `number` is called `p0`, `p1` ... if it has no name.
    fn read(text: &str, number: usize) -> Result<Self> {
        let wrong = |found: &str| {
            Error::config(
                "select",
                format!(
                    "expected [NAME=]ID[,ID...][:status=S][#K], such as \"t=6:status=2\", \"mu=13,-13\" or \"second=1,2,3,4,5,21#2\", found \
                     `{text}`{found}"
                ),
            )
        };
        let (particles, rest) = text.split_at(text.find([':', '#']).unwrap_or(text.len()));
        let (name, ids) = match particles.split_once('=') {
            Some((name, ids)) => (name.trim().to_owned(), ids),
            None => (format!("p{number}"), particles),
        };
        if tokens(&name).is_empty() {
            return Err(wrong(", whose name has no letters"));
        }
        let ids: Option<Vec<i64>> = ids.split(',').map(|id| id.trim().parse().ok()).collect();
        let ids = ids.filter(|ids| !ids.contains(&0)).ok_or_else(|| {
            wrong(", in which a particle is no number of the Particle Data Group (6 is a top quark, -6 its antiparticle)")
        })?;
        let (mut status, mut place, mut rest) = (None, None, rest.trim_end());
        while let Some(kind) = rest.chars().next() {
            let end = rest[1..].find([':', '#']).map_or(rest.len(), |end| end + 1);
            let part = rest[1..end].trim();
            let known = if kind == ':' {
                let number = part.strip_prefix("status").and_then(|part| part.trim_start().strip_prefix('='));
                let number = number.and_then(|number| number.trim().parse().ok());
                number.is_some_and(|number| status.replace(number).is_none())
            } else {
                let number = part.parse().ok().filter(|number| *number > 0);
                number.is_some_and(|number| place.replace(number).is_none())
            };
            if !known {
                return Err(wrong(&format!(", in which `{}` says neither status nor place", &rest[..end])));
            }
            rest = &rest[end..];
        }
        let (status, place) = (status.unwrap_or(FINAL), place.unwrap_or(1));
        Ok(Wanted { name, text: text.trim().to_owned(), ids, status, place })
    }

    /// Whether it may be this particle.
    pub fn fits(&self, particle: &Particle) -> bool {
        particle.status == self.status && self.ids.contains(&particle.id)
    }

    /// The particle of an event; `order` is room for some numbers.
    pub fn find(&self, event: &[Particle], order: &mut Vec<(f64, usize)>) -> Result<[f64; 4]> {
        let pt2 = |[_, px, py, _]: [f64; 4]| px * px + py * py;
        order.clear();
        let fitting = event.iter().enumerate().filter(|(_, particle)| self.fits(particle));
        order.extend(fitting.map(|(i, particle)| (pt2(particle.momentum), i)));
        // Of equal ones the first of the file is the first.
        order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        match order.get(self.place - 1) {
            Some((_, i)) => Ok(event[*i].momentum),
            None => {
                let there: Vec<i64> =
                    event.iter().filter(|particle| particle.status == self.status).map(|p| p.id).collect();
                Err(Error::data(format!(
                    "expected the particle `{}` of `select` in every event, found {} of the {} that it needs; particles of status {}: {}; leave \
                     out such events when they are written, or select what all of them have",
                    self.text,
                    order.len(),
                    self.place,
                    self.status,
                    listed(&there)
                )))
            }
        }
    }
}

/// The particles that `select` names.
///
/// # Errors
/// At the field `select`, for what cannot be read and for two particles of one name.
pub fn wanted(select: &[String]) -> Result<Vec<Wanted>> {
    let found: Vec<Wanted> =
        select.iter().enumerate().map(|(i, text)| Wanted::read(text, i)).collect::<Result<_>>()?;
    if found.is_empty() {
        return Err(Error::config("select", "expected at least one particle, found none"));
    }
    for (i, one) in found.iter().enumerate() {
        for other in &found[..i] {
            let same_name = tokens(&one.name) == tokens(&other.name);
            if same_name {
                return Err(Error::config(
                    "select",
                    format!(
                        "expected names that differ in more than capitals and signs, found `{}` and `{}`",
                        other.name, one.name
                    ),
                ));
            }
            if (&one.ids, one.status, one.place) == (&other.ids, other.status, other.place) {
                return Err(Error::config(
                    "select",
                    format!(
                        "expected different particles, found `{}` and `{}`, which are one; `#2` is the second by transverse momentum",
                        other.text, one.text
                    ),
                ));
            }
        }
    }
    Ok(found)
}

/// The numbers of particles, as a message has them.
pub fn listed(ids: &[i64]) -> String {
    let some: Vec<String> = ids.iter().take(LISTED).map(i64::to_string).collect();
    match ids.len() {
        0 => "none".into(),
        count if count > LISTED => format!("{}, ... ({count} particles)", some.join(", ")),
        _ => some.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Wanted> {
        Wanted::read(text, 3)
    }

    #[test]
    fn all_spellings() {
        let expected =
            |name: &str, ids: &[i64], status, place| (name.to_string(), ids.to_vec(), status, place);
        for (text, meant) in [
            ("6", expected("p3", &[6], 1, 1)),
            ("t=6:status=2", expected("t", &[6], 2, 1)),
            ("tbar=-6:status=62", expected("tbar", &[-6], 62, 1)),
            ("mu=13,-13", expected("mu", &[13, -13], 1, 1)),
            ("second=1,2,3,4,5,21#2", expected("second", &[1, 2, 3, 4, 5, 21], 1, 2)),
            (" q = 1, +2 : status = -1 #3 ", expected("q", &[1, 2], -1, 3)),
            ("22#2:status=1", expected("p3", &[22], 1, 2)),
        ] {
            let Wanted { name, ids, status, place, .. } = read(text).unwrap();
            assert_eq!((name, ids, status, place), meant, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_at_its_field() {
        for (text, word) in [
            ("", "Particle Data Group"),
            ("t", "Particle Data Group"),
            ("t=", "Particle Data Group"),
            ("6,", "Particle Data Group"),
            ("0", "Particle Data Group"),
            ("=6", "no letters"),
            ("6:2", "`:2` says neither"),
            ("6:status=x", "`:status=x` says neither"),
            ("6:status=2:status=2", "`:status=2` says neither"),
            ("6#0", "`#0` says neither"),
            ("6#1#2", "`#2` says neither"),
            ("6#", "`#` says neither"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.place(), "select");
            assert!(error.message().contains(word) && error.message().contains(text), "{text}: {error}");
        }
        let all = |list: &[&str]| {
            wanted(&list.iter().map(|text| text.to_string()).collect::<Vec<_>>()).map(|found| found.len())
        };
        assert_eq!(all(&["6", "-6", "t2=6#2"]), Ok(3));
        assert!(all(&["t=6", "T=-6"]).unwrap_err().message().contains("found `t` and `T`"));
        assert!(all(&["a=6", "b=6"]).unwrap_err().message().contains("which are one"));
        assert!(all(&[]).is_err());
    }

    fn particle(id: i64, status: i64, px: f64) -> Particle {
        Particle { id, status, momentum: [100.0, px, 0.0, 0.0] }
    }

    #[test]
    fn the_kth_by_transverse_momentum() {
        let event = [particle(1, 1, 5.0), particle(21, 1, -50.0), particle(1, 2, 99.0), particle(2, 1, 20.0)];
        let found = |text: &str| read(text).unwrap().find(&event, &mut Vec::new()).map(|[_, px, ..]| px);
        assert_eq!(found("1,2,21"), Ok(-50.0));
        assert_eq!(found("1,2,21#2"), Ok(20.0));
        assert_eq!(found("1,2,21#3"), Ok(5.0));
        assert_eq!(found("1:status=2"), Ok(99.0));
        let error = found("1,2,21#4").unwrap_err().to_string();
        assert!(error.contains("`1,2,21#4`") && error.contains("found 3 of the 4"), "{error}");
        assert!(error.contains("particles of status 1: 1, 21, 2;"), "{error}");
        assert!(found("11:status=3").unwrap_err().message().contains("particles of status 3: none;"));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(&[]), "none");
        assert_eq!(listed(&[1, -2]), "1, -2");
        let long = listed(&[5; 30]);
        assert!(long.ends_with("5, ... (30 particles)"), "{long}");
    }
}
