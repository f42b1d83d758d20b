//! A picture: what a figure consists of, before it is a file of some format. Lengths are points, and y grows downwards.

use super::text::Text;

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

/// A line style.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub color: &'static str,
    pub width: f64,
    /// Lengths of dashes and gaps, as SVG writes them; empty for a solid line.
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

/// How a path is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Paint {
    Line(Stroke),
    Fill { color: &'static str, opacity: f64 },
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub at: (f64, f64),
    pub size: f64,
    pub anchor: Anchor,
    pub color: &'static str,
    pub text: Text,
    /// Whether it reads upwards.
    pub upwards: bool,
}

/// A part of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Path {
        points: Vec<(f64, f64)>,
        closed: bool,
        paint: Paint,
    },
    Disc {
        center: (f64, f64),
        radius: f64,
        color: &'static str,
    },
    Label(Label),
    /// Parts of which nothing is seen outside of the rectangle.
    Clipped(Rect, Vec<Item>),
}

/// A finished picture on white ground.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    /// Makes its internal names unique within an HTML page.
    pub id: String,
    pub title: String,
    pub width: f64,
    pub height: f64,
    pub items: Vec<Item>,
}
