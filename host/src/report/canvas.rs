//! A small SVG writer: what the figures need and no more.

use std::fmt::Write as _;

use super::text::Text;

/// The font of all figures; the PDF embeds it, an SVG viewer without it takes the next name.
const FONT: &str = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', sans-serif";

/// A line style.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub color: &'static str,
    pub width: f64,
    /// SVG dash array; empty for a solid line.
    pub dash: &'static str,
}

impl Stroke {
    /// A solid line.
    pub const fn solid(color: &'static str, width: f64) -> Self {
        Stroke { color, width, dash: "" }
    }

    /// A dashed line.
    pub const fn dashed(color: &'static str, width: f64, dash: &'static str) -> Self {
        Stroke { color, width, dash }
    }
}

/// Where a text's anchor point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Disc,
    Square,
    Diamond,
    Triangle,
    TriangleDown,
}

/// A rectangle in the picture; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    /// A rectangle from its corner and size.
    pub fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Rect { left, top, right: left + width, bottom: top + height }
    }

    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn contains(&self, (x, y): (f64, f64)) -> bool {
        x >= self.left && x <= self.right && y >= self.top && y <= self.bottom
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// A picture under construction.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    title: String,
    id: String,
    clips: usize,
    body: String,
}

impl Canvas {
    /// An empty picture; `id` makes its internal names unique within an HTML page.
    pub fn new(id: &str, title: &str, width: f64, height: f64) -> Self {
        let id = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Canvas { width, height, title: title.to_string(), id, clips: 0, body: String::new() }
    }

    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: &Stroke) {
        if points.len() > 1 {
            let _ = writeln!(self.body, "<path d=\"{}\" fill=\"none\"{}/>", path(points), attributes(stroke));
        }
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &Stroke) {
        self.polyline(&[from, to], stroke);
    }

    pub fn polygon(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        if points.len() > 2 {
            let d = path(points);
            let _ = writeln!(
                self.body,
                "<path d=\"{d}Z\" fill=\"{fill}\" fill-opacity=\"{}\"/>",
                number(opacity)
            );
        }
    }

    pub fn frame(&mut self, r: &Rect, stroke: &Stroke) {
        let corners = [(r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom)];
        let _ = writeln!(self.body, "<path d=\"{}Z\" fill=\"none\"{}/>", path(&corners), attributes(stroke));
    }

    pub fn point(&mut self, (x, y): (f64, f64), shape: Shape, radius: f64, color: &str) {
        let r = radius;
        let corners: &[(f64, f64)] = match shape {
            Shape::Disc => {
                let (x, y, r) = (number(x), number(y), number(r));
                let _ = writeln!(self.body, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{color}\"/>");
                return;
            }
            Shape::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Shape::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            Shape::Triangle => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Shape::TriangleDown => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
        };
        let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + r * dx, y + r * dy)).collect();
        self.polygon(&corners, color, 1.0);
    }

    pub fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, color: &str, text: &Text) {
        self.write_text(at, size, anchor, color, text, "");
    }

    /// Text that reads upwards.
    pub fn text_upwards(&mut self, at: (f64, f64), size: f64, anchor: Anchor, color: &str, text: &Text) {
        let turn = format!(" transform=\"rotate(-90 {} {})\"", number(at.0), number(at.1));
        self.write_text(at, size, anchor, color, text, &turn);
    }

    fn write_text(
        &mut self,
        at: (f64, f64),
        size: f64,
        anchor: Anchor,
        color: &str,
        text: &Text,
        extra: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\" fill=\"{color}\"{extra}>{}</text>",
            number(at.0),
            number(at.1),
            number(size),
            text.svg(size)
        );
    }

    /// Draws with everything outside `r` cut off.
    pub fn clipped(&mut self, r: &Rect, draw: impl FnOnce(&mut Canvas)) {
        self.clips += 1;
        let name = format!("{}-clip-{}", self.id, self.clips);
        let _ = writeln!(
            self.body,
            "<clipPath id=\"{name}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\
             <g clip-path=\"url(#{name})\">",
            number(r.left),
            number(r.top),
            number(r.width()),
            number(r.height())
        );
        draw(self);
        self.body += "</g>\n";
    }

    /// The finished SVG document.
    pub fn finish(self) -> String {
        let (w, h) = (number(self.width), number(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" font-family=\"{FONT}\" stroke-linejoin=\"round\">\n<title>{}</title>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"white\"/>\n{}</svg>\n",
            super::text::escape(&self.title),
            self.body
        )
    }
}

fn attributes(stroke: &Stroke) -> String {
    let dash =
        if stroke.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", stroke.dash) };
    format!(" stroke=\"{}\" stroke-width=\"{}\"{dash}", stroke.color, number(stroke.width))
}

fn path(points: &[(f64, f64)]) -> String {
    let mut d = String::with_capacity(12 * points.len());
    for (i, (x, y)) in points.iter().enumerate() {
        d += if i == 0 { "M" } else { "L" };
        let _ = write!(d, "{} {}", number(*x), number(*y));
    }
    d
}

/// A coordinate with two decimals; the scales give finite ones only.
fn number(value: f64) -> String {
    debug_assert!(value.is_finite(), "a coordinate is {value}");
    let text = format!("{:.2}", if value.is_finite() { value } else { 0.0 });
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_string(),
        short => short.to_string(),
    }
}
