//! The font of all figures: DejaVu Sans, cut down to Latin, Greek, Cyrillic and the signs of mathematics; its license is beside it.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId};

/// Upright and oblique.
pub(super) const FONTS: [&[u8]; 2] =
    [include_bytes!("fonts/DejaVuSans.ttf"), include_bytes!("fonts/DejaVuSans-Oblique.ttf")];

/// A style of it.
pub(super) struct Font {
    pub data: &'static [u8],
    pub face: Face<'static>,
}

/// The upright or the oblique one.
pub(super) fn font(italic: bool) -> &'static Font {
    static READ: LazyLock<[Font; 2]> = LazyLock::new(|| {
        FONTS.map(|data| Font { data, face: Face::parse(data, 0).expect("the font is part of the program") })
    });
    &READ[usize::from(italic)]
}

/// How far a character of a font that has it not may move the next one.
const UNKNOWN: f64 = 0.66;

impl Font {
    /// The glyph of a character; that of none, an empty box, where the font does not have it.
    pub fn glyph(&self, c: char) -> GlyphId {
        self.face.glyph_index(c).unwrap_or(GlyphId(0))
    }

    /// How far the character moves the next one, in units of the font size.
    pub fn advance(&self, c: char) -> f64 {
        match self.face.glyph_index(c) {
            _ if is_mark(c) => 0.0,
            Some(glyph) => self.units(self.face.glyph_hor_advance(glyph).unwrap_or(0)),
            None => UNKNOWN,
        }
    }

    /// Where a mark begins that stands over a character which begins at 0, in units of the font size.
    pub fn mark_offset(&self, mark: char, over: char) -> f64 {
        let middle = |c: char| {
            let ends = self
                .face
                .glyph_bounding_box(self.glyph(c))
                .map_or(0, |r| i32::from(r.x_min) + i32::from(r.x_max));
            0.5 * self.units(ends)
        };
        middle(over) - middle(mark)
    }

    /// From units of the font file to units of the font size.
    pub fn units(&self, value: impl Into<f64>) -> f64 {
        value.into() / f64::from(self.face.units_per_em())
    }
}

/// Whether it stands over the character before it.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_over_the_middle_of_their_letter() {
        let font = font(false);
        assert!((font.advance('0') - 0.636).abs() < 5e-4 && (font.advance('W') - 0.989).abs() < 5e-4);
        assert_eq!((font.advance('\u{304}'), font.advance('漢')), (0.0, UNKNOWN));
        let middle = |c: char, at: f64| {
            let r = font.face.glyph_bounding_box(font.glyph(c)).unwrap();
            at + 0.5 * font.units(i32::from(r.x_min) + i32::from(r.x_max))
        };
        for letter in ['t', 'W', 'ν'] {
            let at = font.mark_offset('\u{304}', letter);
            assert!((middle('\u{304}', at) - middle(letter, 0.0)).abs() < 1e-12, "{letter}");
        }
    }
}
