//! The components of four-momenta as files have them, and what they are as (E, px, py, pz).

use std::fmt;

use amplicast_sdk::{Error, Result};

/// A component of a particle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    E,
    Px,
    Py,
    Pz,
    Pt,
    Eta,
    Rapidity,
    Phi,
    M,
    /// 1 for a particle, 0 for one that is only padding.
    Mask,
    /// Something that is no part of a momentum, such as the kind of the particle.
    Other,
}

impl Part {
    /// By one of its usual names.
    pub fn named(name: &str) -> Option<Self> {
        let letters: String =
            name.chars().filter(|c| !['_', '-'].contains(c)).flat_map(char::to_lowercase).collect();
        Some(match letters.as_str() {
            "e" | "en" | "ene" | "energy" | "p0" => Part::E,
            "px" | "momx" | "momentumx" => Part::Px,
            "py" | "momy" | "momentumy" => Part::Py,
            "pz" | "momz" | "momentumz" => Part::Pz,
            "pt" | "ptrel" | "transversemomentum" => Part::Pt,
            "eta" | "etarel" | "pseudorapidity" => Part::Eta,
            "y" | "rap" | "rapidity" => Part::Rapidity,
            "phi" | "phirel" | "azimuth" => Part::Phi,
            "m" | "mass" | "msoftdrop" | "softdropmass" | "msd" | "massgroomed" => Part::M,
            "mask" => Part::Mask,
            "" | "other" | "pid" | "pdgid" => Part::Other,
            _ => return None,
        })
    }

    fn text(self) -> &'static str {
        match self {
            Part::E => "E",
            Part::Px => "px",
            Part::Py => "py",
            Part::Pz => "pz",
            Part::Pt => "pt",
            Part::Eta => "eta",
            Part::Rapidity => "y",
            Part::Phi => "phi",
            Part::M => "m",
            Part::Mask => "mask",
            Part::Other => "_",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The components of a particle in the order of a file: they give a transverse and a longitudinal momentum, and an energy or
/// a mass; without either, a particle is massless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout(Vec<Part>);

impl Layout {
    /// Four numbers as the SDK has them.
    pub fn four_momentum() -> Self {
        Layout(vec![Part::E, Part::Px, Part::Py, Part::Pz])
    }

    /// Reads `"E,px,py,pz"`, `"pt eta phi m"`, `"(Pt, Eta, Phi, E)"`, `"PxPyPzE"`; `_` is a component that is not used.
    ///
    /// # Errors
    /// At the field `layout`, for a name that is no component and for components that are no momentum.
    pub fn read(text: &str) -> Result<Self> {
        let wrong = |found: &str| {
            Error::config(
                "layout",
                format!(
                    "expected the components of a particle in their order, such as \"E,px,py,pz\", \"pt,eta,phi,m\" or \
                     \"eta,phi,pt,mask\", found {found}"
                ),
            )
        };
        let inner = text.trim().trim_matches(['(', ')', '[', ']', '{', '}']);
        let separators = [',', ';', ' ', '\t', '|', '/'];
        let parts: Option<Vec<Part>> = if inner.contains(separators) {
            inner.split(separators).map(str::trim).filter(|name| !name.is_empty()).map(Part::named).collect()
        } else {
            joined(inner)
        };
        let parts = parts.ok_or_else(|| wrong(&format!("`{text}`")))?;
        Self::of(parts).map_err(|what| wrong(&format!("`{text}`, {what}")))
    }

    /// Of these parts, if they are a momentum; otherwise says what is wrong with them.
    pub fn of(parts: Vec<Part>) -> Result<Self, String> {
        let has = |part: Part| parts.contains(&part);
        for (i, part) in parts.iter().enumerate() {
            if *part != Part::Other && parts[..i].contains(part) {
                return Err(format!("in which {part} stands twice"));
            }
        }
        let one = |sets: &[bool]| sets.iter().filter(|there| **there).count();
        let transverse = one(&[has(Part::Px) && has(Part::Py), has(Part::Pt) && has(Part::Phi)]);
        let longitudinal = one(&[has(Part::Pz), has(Part::Eta), has(Part::Rapidity)]);
        if transverse != 1
            || [Part::Px, Part::Py, Part::Pt, Part::Phi].iter().filter(|p| has(**p)).count() != 2
        {
            return Err("which is no transverse momentum (px and py, or pt and phi)".into());
        }
        if longitudinal != 1 {
            return Err("which is no longitudinal momentum (one of pz, eta and the rapidity y)".into());
        }
        if has(Part::E) && has(Part::M) {
            return Err("which has both an energy and a mass: replace one of them by `_`".into());
        }
        Ok(Layout(parts))
    }

    /// Components of a particle.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// (E, px, py, pz) of a particle with these components.
    ///
    /// A negative mass stands for a negative square of it, as in ROOT; a particle that is masked is zero.
    pub fn momentum(&self, component: impl Fn(usize) -> f64) -> [f64; 4] {
        let part = |part: Part| self.0.iter().position(|p| *p == part).map(&component);
        if part(Part::Mask).is_some_and(|mask| mask < 0.5) {
            return [0.0; 4];
        }
        let [px, py] = match (part(Part::Px), part(Part::Py), part(Part::Pt), part(Part::Phi)) {
            (_, _, Some(pt), Some(phi)) => [pt * phi.cos(), pt * phi.sin()],
            (px, py, ..) => [px.unwrap_or(0.0), py.unwrap_or(0.0)],
        };
        let pt2 = px * px + py * py;
        let (m, e) = (part(Part::M).unwrap_or(0.0), part(Part::E));
        let m2 = m * m.abs();
        let pz = match (part(Part::Pz), part(Part::Eta), part(Part::Rapidity)) {
            (Some(pz), ..) => pz,
            // A particle without momentum has no direction.
            (None, Some(eta), _) if pt2 > 0.0 => pt2.sqrt() * eta.sinh(),
            (None, _, Some(y)) => match e {
                Some(e) => e * y.tanh(),
                None => (pt2 + m2).max(0.0).sqrt() * y.sinh(),
            },
            _ => 0.0,
        };
        let e = e.unwrap_or_else(|| (pt2 + pz * pz + m2).max(0.0).sqrt());
        [e, px, py, pz]
    }
}

/// Names that stand together, such as `PtEtaPhiM`.
fn joined(text: &str) -> Option<Vec<Part>> {
    const NAMES: [&str; 14] =
        ["energy", "mass", "mask", "rapidity", "eta", "phi", "px", "py", "pz", "pt", "e", "m", "y", "_"];
    let lower = text.to_ascii_lowercase();
    let (mut rest, mut parts) = (lower.as_str(), Vec::new());
    while !rest.is_empty() {
        // `pt` before `eta` etc.: the longest name that fits, which is the first one of the list.
        let name = NAMES.iter().find(|name| rest.starts_with(**name))?;
        parts.push(Part::named(name)?);
        rest = &rest[name.len()..];
    }
    Some(parts)
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|part| part.text()).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn momentum(layout: &str, components: &[f64]) -> [f64; 4] {
        Layout::read(layout).unwrap().momentum(|i| components[i])
    }

    fn close(found: [f64; 4], expected: [f64; 4]) {
        let near = |(f, e): (&f64, &f64)| (f - e).abs() < 1e-12 * (1.0 + e.abs());
        assert!(found.iter().zip(&expected).all(near), "expected {expected:?}, found {found:?}");
    }

    #[test]
    fn usual_ways_to_write_it() {
        for (text, expected) in [
            ("E,px,py,pz", "E,px,py,pz"),
            ("px, py, pz, energy", "px,py,pz,E"),
            ("(Pt, Eta, Phi, Mass)", "pt,eta,phi,m"),
            ("PtEtaPhiM", "pt,eta,phi,m"),
            ("PxPyPzE", "px,py,pz,E"),
            ("EPxPyPz", "E,px,py,pz"),
            ("p_T eta phi E", "pt,eta,phi,E"),
            ("etarel,phirel,ptrel,mask", "eta,phi,pt,mask"),
            ("pt,y,phi,_", "pt,y,phi,_"),
            ("p_x,p_y,p_z,e", "px,py,pz,E"),
        ] {
            assert_eq!(Layout::read(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_momentum_is_refused() {
        for (text, word) in [
            ("E,px,py", "no longitudinal momentum"),
            ("E,px,py,px", "px stands twice"),
            ("pt,eta,m,E", "no transverse momentum"),
            ("pt,eta,phi,m,E", "both an energy and a mass"),
            ("E,px,py,q", "found `E,px,py,q`"),
            ("px,py,pt,eta", "no transverse momentum"),
            ("", "no transverse momentum"),
        ] {
            let error = Layout::read(text).unwrap_err();
            assert_eq!(error.place(), "layout");
            assert!(error.message().contains(word), "{text}: {error}");
        }
    }

    /// p = (3, 4, 12): pT = 5, |p| = 13, eta = asinh(12 / 5), phi = atan2(4, 3); with m = 84: E = 85, y = atanh(12 / 85).
    #[test]
    fn one_momentum_in_every_layout() {
        let (eta, phi, y) = ((12_f64 / 5.0).asinh(), 4_f64.atan2(3.0), (12_f64 / 85.0).atanh());
        let massive = [85.0, 3.0, 4.0, 12.0];
        assert_eq!(momentum("E,px,py,pz", &massive), massive);
        assert_eq!(momentum("px,py,pz,E", &[3.0, 4.0, 12.0, 85.0]), massive);
        assert_eq!(momentum("pz,E,_,py,px", &[12.0, 85.0, 211.0, 4.0, 3.0]), massive);
        close(momentum("px,py,pz,m", &[3.0, 4.0, 12.0, 84.0]), massive);
        close(momentum("pt,eta,phi,m", &[5.0, eta, phi, 84.0]), massive);
        close(momentum("pt,eta,phi,E", &[5.0, eta, phi, 85.0]), massive);
        close(momentum("m,y,phi,pt", &[84.0, y, phi, 5.0]), massive);
        close(momentum("E,y,phi,pt", &[85.0, y, phi, 5.0]), massive);
        close(momentum("px,py,eta,E", &[3.0, 4.0, eta, 85.0]), massive);
        let massless = [13.0, 3.0, 4.0, 12.0];
        close(momentum("eta,phi,pt,mask", &[eta, phi, 5.0, 1.0]), massless);
        close(momentum("pt,eta,phi", &[5.0, eta, phi]), massless);
        close(momentum("px,py,pz", &[3.0, 4.0, 12.0]), massless);
    }

    #[test]
    fn padding_is_zero() {
        assert_eq!(momentum("eta,phi,pt,mask", &[0.3, 1.0, 5.0, 0.0]), [0.0; 4]);
        assert_eq!(momentum("pt,eta,phi,m", &[0.0; 4]), [0.0; 4]);
        // A direction without momentum, however steep.
        assert_eq!(momentum("pt,eta,phi,m", &[0.0, 999.0, 1.0, 0.0]), [0.0; 4]);
        // m^2 = -25: E^2 = 169 - 25.
        close(momentum("px,py,pz,m", &[3.0, 4.0, 12.0, -5.0]), [12.0, 3.0, 4.0, 12.0]);
    }
}
