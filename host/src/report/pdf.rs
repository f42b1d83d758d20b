//! A picture as a PDF page of its own size, with real text in embedded fonts.

use std::collections::BTreeSet;

use pdf_writer::types::LineJoinStyle;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect as Box, Ref, Str, TextStr};

use super::embedded::{Embedded, packed};
use super::fonts::is_mark;
use super::picture::{Anchor, Item, Label, Paint, Picture, Stroke};

/// Of a quarter of a circle the control points of a cubic curve are in this distance from its ends, in units of its radius.
const CIRCLE: f64 = 0.552_285;

/// The whole file, with a word among its keywords.
pub(super) fn pdf(picture: &Picture, title: &str, keyword: &str) -> Result<Vec<u8>, subsetter::Error> {
    let mut drawn = Drawn::new();
    // Pictures begin at the top, pages at the bottom.
    drawn.content.transform([1.0, 0.0, 0.0, -1.0, 0.0, picture.height as f32]);
    drawn.content.set_line_join(LineJoinStyle::RoundJoin);
    drawn.draw(&picture.items);

    let mut next = 0;
    let mut number = || {
        next += 1;
        Ref::new(next)
    };
    let [catalog, pages, only, text, about] = std::array::from_fn(|_| number());
    let mut file = Pdf::new();
    file.catalog(catalog).pages(pages);
    file.pages(pages).kids([only]).count(1);
    file.document_info(about).title(TextStr(title)).keywords(TextStr(keyword));
    let mut fonts = Vec::new();
    for font in drawn.fonts.iter().filter(|font| font.is_used()) {
        fonts.push((font.name(), font.write(&mut file, &mut number)?));
    }
    let mut page = file.page(only);
    page.media_box(Box::new(0.0, 0.0, picture.width as f32, picture.height as f32));
    page.parent(pages).contents(text);
    let mut resources = page.resources();
    resources.fonts().pairs(fonts);
    let mut states = resources.ext_g_states();
    for percent in &drawn.opacities {
        states.insert(Name(&state(*percent))).dict().pair(Name(b"ca"), f32::from(*percent) / 100.0);
    }
    states.finish();
    resources.finish();
    page.finish();
    let content = packed(&drawn.content.finish());
    file.stream(text, &content).filter(Filter::FlateDecode);
    Ok(file.finish())
}

/// What is drawn on a page, and what it needs of the file.
struct Drawn {
    content: Content,
    /// Upright and oblique.
    fonts: [Embedded; 2],
    /// In percent.
    opacities: BTreeSet<u8>,
}

impl Drawn {
    fn new() -> Self {
        let fonts = [false, true].map(Embedded::new);
        Drawn { content: Content::new(), fonts, opacities: BTreeSet::new() }
    }

    fn draw(&mut self, items: &[Item]) {
        for item in items {
            self.content.save_state();
            match item {
                Item::Path { points, closed, paint } => self.path(points, *closed, paint),
                Item::Disc { center, radius, color } => self.disc(*center, *radius, color),
                Item::Label(label) => self.label(label),
                Item::Clipped(r, inside) => {
                    let [x, y, w, h] = [r.left, r.top, r.width(), r.height()].map(|x| x as f32);
                    self.content.rect(x, y, w, h).clip_nonzero().end_path();
                    self.draw(inside);
                }
            }
            self.content.restore_state();
        }
    }

    fn path(&mut self, points: &[(f64, f64)], closed: bool, paint: &Paint) {
        match paint {
            Paint::Line(stroke) => self.pen(stroke),
            Paint::Fill { color, opacity } => {
                let percent = (100.0 * opacity).round() as u8;
                if percent < 100 {
                    self.opacities.insert(percent);
                    self.content.set_parameters(Name(&state(percent)));
                }
                self.fill_with(color);
            }
        }
        for (i, (x, y)) in points.iter().enumerate() {
            let (x, y) = (*x as f32, *y as f32);
            if i == 0 {
                self.content.move_to(x, y)
            } else {
                self.content.line_to(x, y)
            };
        }
        if closed {
            self.content.close_path();
        }
        match paint {
            Paint::Line(_) => self.content.stroke(),
            Paint::Fill { .. } => self.content.fill_nonzero(),
        };
    }

    fn disc(&mut self, (x, y): (f64, f64), radius: f64, color: &str) {
        self.fill_with(color);
        let at = |dx: f64, dy: f64| [(x + radius * dx) as f32, (y + radius * dy) as f32];
        let [x0, y0] = at(1.0, 0.0);
        self.content.move_to(x0, y0);
        let (mut from, c) = ((1.0, 0.0), CIRCLE);
        for _ in 0..4 {
            let to = (-from.1, from.0);
            let [x1, y1] = at(from.0 + c * to.0, from.1 + c * to.1);
            let [x2, y2] = at(to.0 + c * from.0, to.1 + c * from.1);
            let [x3, y3] = at(to.0, to.1);
            self.content.cubic_to(x1, y1, x2, y2, x3, y3);
            from = to;
        }
        self.content.close_path().fill_nonzero();
    }

    fn label(&mut self, label: &Label) {
        self.fill_with(label.color);
        let width = label.size * label.text.width();
        let begin = match label.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * width,
            Anchor::End => -width,
        };
        self.content.begin_text();
        label.text.place(label.size, |run, x, down, size| {
            // What is written at once begins at `from`; marks are written where they stand.
            let (mut from, mut to, mut line) = (x, x, Vec::new());
            let mut letter = None;
            for c in run.text.chars() {
                let font = &mut self.fonts[usize::from(run.italic)];
                let (glyph, advance) = (font.glyph(c), size * font.font.advance(c));
                match letter.filter(|_| is_mark(c)) {
                    Some((over, at)) => {
                        let offset = size * font.font.mark_offset(c, over);
                        let (written, begun) = (std::mem::take(&mut line), std::mem::replace(&mut from, to));
                        self.show(label, run.italic, size, (begin + begun, down), &written);
                        self.show(label, run.italic, size, (begin + at + offset, down), &glyph);
                    }
                    None => {
                        line.extend(glyph);
                        letter = Some((c, to));
                        to += advance;
                    }
                }
            }
            self.show(label, run.italic, size, (begin + from, down), &line);
        });
        self.content.end_text();
    }

    /// Writes glyphs so far along the label and below its line.
    fn show(&mut self, label: &Label, italic: bool, size: f64, (along, down): (f64, f64), glyphs: &[u8]) {
        if glyphs.is_empty() {
            return;
        }
        let (x, y) = label.at;
        let (turned, at) = if label.upwards {
            ([0.0, -1.0, -1.0, 0.0], (x + down, y - along))
        } else {
            ([1.0, 0.0, 0.0, -1.0], (x + along, y + down))
        };
        let [a, b, c, d] = turned;
        self.content.set_font(self.fonts[usize::from(italic)].name(), size as f32);
        self.content.set_text_matrix([a, b, c, d, at.0 as f32, at.1 as f32]).show(Str(glyphs));
    }

    fn pen(&mut self, stroke: &Stroke) {
        let [r, g, b] = rgb(stroke.color);
        self.content.set_stroke_rgb(r, g, b).set_line_width(stroke.width as f32);
        if !stroke.dash.is_empty() {
            let lengths = stroke.dash.split_whitespace().filter_map(|length| length.parse::<f32>().ok());
            self.content.set_dash_pattern(lengths, 0.0);
        }
    }

    fn fill_with(&mut self, color: &str) {
        let [r, g, b] = rgb(color);
        self.content.set_fill_rgb(r, g, b);
    }
}

/// The name of what sets this opacity, in percent.
fn state(percent: u8) -> Vec<u8> {
    format!("Opacity{percent}").into_bytes()
}

/// `#rrggbb`, between 0 and 1.
fn rgb(color: &str) -> [f32; 3] {
    let code = color.strip_prefix('#').and_then(|code| u32::from_str_radix(code, 16).ok());
    debug_assert!(code.is_some() && color.len() == 7, "a color is {color}");
    let code = code.unwrap_or(0);
    [code >> 16, code >> 8, code].map(|part| (part & 255) as f32 / 255.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::canvas::{Canvas, Shape};
    use super::super::picture::Rect;
    use super::super::text::Text;
    use super::*;

    fn written(draw: impl FnOnce(&mut Canvas)) -> Vec<u8> {
        let mut canvas = Canvas::new("id", "title", 100.0, 50.0);
        draw(&mut canvas);
        pdf(&canvas.finish(), "ν̄ of <b>", "a-word").unwrap()
    }

    /// The streams of a file, unpacked, as text.
    fn streams(file: &[u8]) -> Vec<String> {
        let find = |from: usize, mark: &[u8]| {
            file[from..].windows(mark.len()).position(|part| part == mark).map(|at| from + at)
        };
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(begin) = find(from, b"\nstream\n") {
            let end = find(begin, b"\nendstream").unwrap();
            let mut unpacked = Vec::new();
            flate2::read::ZlibDecoder::new(&file[begin + 8..end]).read_to_end(&mut unpacked).unwrap();
            found.push(String::from_utf8_lossy(&unpacked).into_owned());
            from = end;
        }
        found
    }

    #[test]
    fn a_picture_is_drawn_from_above() {
        let file = written(|canvas| {
            canvas.line((0.0, 10.0), (20.0, 10.0), &Stroke::dashed("#ff0000", 0.5, "4 2"));
            canvas.clipped(&Rect::new(1.0, 2.0, 3.0, 4.0), |canvas| {
                canvas.polygon(&[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)], "#0000ff", 0.25);
            });
            canvas.point((5.0, 5.0), Shape::Disc, 2.0, "#000000");
        });
        let streams = streams(&file);
        assert_eq!(streams.len(), 1);
        let content: Vec<&str> = streams[0].lines().collect();
        let expected = "1 0 0 -1 0 50 cm|1 j|q|1 0 0 RG|0.5 w|[4 2] 0 d|0 10 m|20 10 l|S|Q|q|1 2 3 4 re|W|n|q|/Opacity25 gs|\
                        0 0 1 rg|0 0 m|1 0 l|0 1 l|h|f|Q|Q|q|0 0 0 rg|7 5 m";
        assert_eq!(content[..27].join("|"), expected);
        let text = String::from_utf8_lossy(&file);
        assert!(text.contains("/ca 0.25") && text.contains("(a-word)") && text.ends_with("%%EOF"), "{text}");
        assert!(!text.contains("/Type0"), "a font without text");
    }

    #[test]
    fn text_is_text() {
        let text = Text::markup("n$G$_{eq}");
        let width = 10.0 * text.width();
        let file = written(|canvas| canvas.text((50.0, 20.0), 10.0, Anchor::End, "#000000", &text));
        let streams = streams(&file);
        let content = &streams[streams.len() - 1];
        let begin = format!("1 0 0 -1 {} 20 Tm", (50.0 - width) as f32);
        assert!(content.contains(&begin) && content.contains("/Oblique 10 Tf"), "{content}");
        assert!(content.contains("/Upright 7.2 Tf") && content.contains(" 22.2 Tm"), "{content}");
        // What a glyph means, in the fonts' order: n, e, q upright and G oblique.
        let meant: String = streams.iter().filter(|stream| stream.contains("beginbfchar")).cloned().collect();
        for c in "neqG".chars() {
            assert!(meant.contains(&format!("<{:04X}>", c as u32)), "{c}: {meant}");
        }
        // A second text turned upwards, with a mark over its letter and a character that no font has.
        let file = written(|canvas| {
            canvas.text_upwards((5.0, 40.0), 10.0, Anchor::Start, "#000000", &Text::plain("t\u{304}漢"));
        });
        let content = &self::streams(&file).pop().unwrap();
        assert_eq!(content.matches("0 -1 -1 0 5 ").count(), 3, "{content}");
    }
}
