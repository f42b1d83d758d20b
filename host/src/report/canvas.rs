//! A picture under construction: what the figures need and no more.

use super::picture::{Anchor, Item, Label, Paint, Picture, Rect, Stroke};
use super::text::Text;

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Disc,
    Square,
    Diamond,
    Triangle,
    TriangleDown,
}

/// A picture under construction.
pub(super) struct Canvas {
    picture: Picture,
}

impl Canvas {
    /// An empty picture; `id` makes its internal names unique within an HTML page.
    pub fn new(id: &str, title: &str, width: f64, height: f64) -> Self {
        let id = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Canvas { picture: Picture { id, title: title.to_string(), width, height, items: Vec::new() } }
    }

    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: &Stroke) {
        if points.len() > 1 {
            self.path(points, false, Paint::Line(*stroke));
        }
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &Stroke) {
        self.polyline(&[from, to], stroke);
    }

    pub fn polygon(&mut self, points: &[(f64, f64)], fill: &'static str, opacity: f64) {
        if points.len() > 2 {
            self.path(points, true, Paint::Fill { color: fill, opacity });
        }
    }

    pub fn frame(&mut self, r: &Rect, stroke: &Stroke) {
        let corners = [(r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom)];
        self.path(&corners, true, Paint::Line(*stroke));
    }

    pub fn point(&mut self, (x, y): (f64, f64), shape: Shape, radius: f64, color: &'static str) {
        let corners: &[(f64, f64)] = match shape {
            Shape::Disc => {
                let disc = Item::Disc { center: (finite(x), finite(y)), radius, color };
                return self.picture.items.push(disc);
            }
            Shape::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Shape::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            Shape::Triangle => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Shape::TriangleDown => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
        };
        let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + radius * dx, y + radius * dy)).collect();
        self.polygon(&corners, color, 1.0);
    }

    pub fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, color: &'static str, text: &Text) {
        self.label(at, size, anchor, color, text, false);
    }

    /// Text that reads upwards.
    pub fn text_upwards(
        &mut self,
        at: (f64, f64),
        size: f64,
        anchor: Anchor,
        color: &'static str,
        text: &Text,
    ) {
        self.label(at, size, anchor, color, text, true);
    }

    /// Draws with everything outside `r` cut off.
    pub fn clipped(&mut self, r: &Rect, draw: impl FnOnce(&mut Canvas)) {
        let before = std::mem::take(&mut self.picture.items);
        draw(self);
        let inside = std::mem::replace(&mut self.picture.items, before);
        self.picture.items.push(Item::Clipped(*r, inside));
    }

    /// The finished picture.
    pub fn finish(self) -> Picture {
        self.picture
    }

    fn path(&mut self, points: &[(f64, f64)], closed: bool, paint: Paint) {
        let points = points.iter().map(|(x, y)| (finite(*x), finite(*y))).collect();
        self.picture.items.push(Item::Path { points, closed, paint });
    }

    fn label(
        &mut self,
        at: (f64, f64),
        size: f64,
        anchor: Anchor,
        color: &'static str,
        text: &Text,
        upwards: bool,
    ) {
        let at = (finite(at.0), finite(at.1));
        let label = Label { at, size, anchor, color, text: text.clone(), upwards };
        self.picture.items.push(Item::Label(label));
    }
}

/// The scales give finite coordinates only.
fn finite(value: f64) -> f64 {
    debug_assert!(value.is_finite(), "a coordinate is {value}");
    if value.is_finite() { value } else { 0.0 }
}
