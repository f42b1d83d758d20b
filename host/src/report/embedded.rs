//! The part of a font that a PDF carries: the glyphs that its text shows, and what they mean to who searches or copies it.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;

use super::fonts::{Font, font};

/// Text is numbers of glyphs, as they are in the part.
const GLYPHS: Name<'_> = Name(b"Identity-H");

/// A font in a file.
pub(super) struct Embedded {
    pub font: &'static Font,
    italic: bool,
    glyphs: GlyphRemapper,
    /// The character of each glyph.
    characters: BTreeMap<u16, char>,
}

impl Embedded {
    /// The upright or the oblique one, without any glyph.
    pub fn new(italic: bool) -> Self {
        let glyphs = GlyphRemapper::new();
        Embedded { font: font(italic), italic, glyphs, characters: BTreeMap::new() }
    }

    /// What text calls it.
    pub fn name(&self) -> Name<'static> {
        if self.italic { Name(b"Oblique") } else { Name(b"Upright") }
    }

    /// Whether there is any text in it.
    pub fn is_used(&self) -> bool {
        !self.characters.is_empty()
    }

    /// A character as text has it.
    pub fn glyph(&mut self, c: char) -> [u8; 2] {
        let glyph = self.glyphs.remap(self.font.glyph(c).0);
        self.characters.entry(glyph).or_insert(c);
        glyph.to_be_bytes()
    }

    /// Writes it to the file, and gives the number by which pages refer to it.
    pub fn write(&self, file: &mut Pdf, number: &mut impl FnMut() -> Ref) -> Result<Ref, subsetter::Error> {
        let [text, part, description, data, meaning] = std::array::from_fn(|_| number());
        // The six letters say that it is a part.
        let name = if self.italic { Name(b"FIGURE+DejaVuSans-Oblique") } else { Name(b"FIGURE+DejaVuSans") };
        let system =
            |ordering| SystemInfo { registry: Str(b"Adobe"), ordering: Str(ordering), supplement: 0 };
        let thousandths = |value: f64| (1000.0 * value) as f32;
        file.type0_font(text)
            .base_font(name)
            .encoding_predefined(GLYPHS)
            .descendant_font(part)
            .to_unicode(meaning);

        let mut cid = file.cid_font(part);
        cid.subtype(CidFontType::Type2).base_font(name).system_info(system(b"Identity"));
        cid.font_descriptor(description).default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let widths = self.glyphs.remapped_gids().map(|glyph| {
            let advance = self.font.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
            thousandths(self.font.units(advance))
        });
        cid.widths().consecutive(0, widths);
        cid.finish();

        let face = &self.font.face;
        let units = |value: i16| thousandths(self.font.units(value));
        let mut flags = FontFlags::SYMBOLIC;
        flags.set(FontFlags::ITALIC, self.italic);
        let bounds = face.global_bounding_box();
        file.font_descriptor(description)
            .name(name)
            .flags(flags)
            .bbox(Rect::new(
                units(bounds.x_min),
                units(bounds.y_min),
                units(bounds.x_max),
                units(bounds.y_max),
            ))
            .italic_angle(face.italic_angle())
            .ascent(units(face.ascender()))
            .descent(units(face.descender()))
            .cap_height(units(face.capital_height().unwrap_or(face.ascender())))
            .stem_v(80.0)
            .font_file2(data);

        let part = subsetter::subset(self.font.data, 0, &self.glyphs)?;
        let smaller = packed(&part);
        let mut stream = file.stream(data, &smaller);
        stream.filter(Filter::FlateDecode).pair(Name(b"Length1"), part.len() as i32);
        stream.finish();

        let mut cmap = UnicodeCmap::new(Name(b"Meaning"), system(b"UCS"));
        self.characters.iter().filter(|(glyph, _)| **glyph > 0).for_each(|(glyph, c)| cmap.pair(*glyph, *c));
        let cmap = packed(&cmap.finish());
        file.stream(meaning, &cmap).filter(Filter::FlateDecode);
        Ok(text)
    }
}

/// As a PDF's streams are compressed.
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes what is written to it")
}
