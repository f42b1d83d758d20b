//! One frame with two axes, the marks in it, and what they cover.

use super::canvas::{Canvas, Shape};
use super::picture::{Anchor, Rect, Stroke};
use super::scale::Scale;
use super::text::Text;

/// Font sizes in points: axis titles, tick labels, legends.
pub(super) const TITLE_SIZE: f64 = 10.0;
pub(super) const TICK_SIZE: f64 = 9.0;
pub(super) const LEGEND_SIZE: f64 = 8.5;
const INK: &str = "#000000";
const AXIS: Stroke = Stroke::solid(INK, 0.8);

/// A point with its errors: the ends of its bars, in data coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Point {
    pub at: (f64, f64),
    pub x_bar: Option<(f64, f64)>,
    pub y_bar: Option<(f64, f64)>,
}

/// What a series looks like.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    /// A curve; points that an axis cannot hold interrupt it.
    Line(Vec<(f64, f64)>, Stroke),
    /// Points with error bars, joined by a thin line if wanted.
    Points { points: Vec<Point>, shape: Shape, radius: f64, color: &'static str, joined: Option<Stroke> },
    /// A band: x, low, high.
    Band(Vec<(f64, f64, f64)>, &'static str, f64),
    /// A line across the frame at a height.
    Across(f64, Stroke),
    /// A line from bottom to top.
    Upright(f64, Stroke),
}

/// A mark with its place in the legend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub mark: Mark,
    pub label: Option<Text>,
}

impl Series {
    /// A series with a legend entry, in markup.
    pub fn new(label: &str, mark: Mark) -> Self {
        Series { mark, label: Some(Text::markup(label)) }
    }

    /// A series without a legend entry.
    pub fn unnamed(mark: Mark) -> Self {
        Series { mark, label: None }
    }
}

/// A frame with its axes.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    pub area: Rect,
    pub x: Scale,
    pub y: Scale,
    /// Absent: ticks without labels (the upper of two panels).
    pub x_title: Option<Text>,
    pub y_title: Text,
}

impl Panel {
    /// Position in the picture.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            self.area.left + self.x.position(x) * self.area.width(),
            self.area.bottom - self.y.position(y) * self.area.height(),
        )
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        self.x.holds(x) && self.y.holds(y)
    }

    /// Draws all series, cut off at the frame, and then the axes over them.
    pub fn draw(&self, canvas: &mut Canvas, series: &[Series]) {
        canvas.clipped(&self.area, |canvas| series.iter().for_each(|s| self.draw_mark(canvas, &s.mark)));
        self.draw_axes(canvas);
    }

    fn draw_mark(&self, canvas: &mut Canvas, mark: &Mark) {
        match mark {
            Mark::Line(points, stroke) => self.draw_line(canvas, points, stroke),
            Mark::Points { points, shape, radius, color, joined } => {
                if let Some(stroke) = joined {
                    let line: Vec<_> = points.iter().map(|p| p.at).collect();
                    self.draw_line(canvas, &line, stroke);
                }
                for point in points.iter().filter(|p| self.holds(p.at)) {
                    self.draw_bars(canvas, point, color);
                    canvas.point(self.place(point.at), *shape, *radius, color);
                }
            }
            Mark::Band(points, fill, opacity) => self.draw_band(canvas, points, fill, *opacity),
            Mark::Across(y, stroke) if self.y.holds(*y) => {
                let y = self.place((self.x.low, *y)).1;
                canvas.line((self.area.left, y), (self.area.right, y), stroke);
            }
            Mark::Upright(x, stroke) if self.x.holds(*x) => {
                let x = self.place((*x, self.y.low)).0;
                canvas.line((x, self.area.bottom), (x, self.area.top), stroke);
            }
            Mark::Across(..) | Mark::Upright(..) => {}
        }
    }

    fn draw_line(&self, canvas: &mut Canvas, points: &[(f64, f64)], stroke: &Stroke) {
        for part in points.split(|p| !self.holds(*p)) {
            let line: Vec<_> = part.iter().map(|p| self.place(*p)).collect();
            canvas.polyline(&line, stroke);
        }
    }

    fn draw_bars(&self, canvas: &mut Canvas, point: &Point, color: &'static str) {
        let stroke = Stroke::solid(color, 0.9);
        let (x, y) = self.place(point.at);
        if let Some((low, high)) = point.y_bar {
            let (bottom, top) = (self.place((point.at.0, low)).1, self.place((point.at.0, high)).1);
            canvas.line((x, bottom), (x, top), &stroke);
        }
        if let Some((low, high)) = point.x_bar {
            let (left, right) = (self.place((low, point.at.1)).0, self.place((high, point.at.1)).0);
            canvas.line((left, y), (right, y), &stroke);
            for end in [left, right] {
                canvas.line((end, y - 2.0), (end, y + 2.0), &stroke);
            }
        }
    }

    fn draw_band(&self, canvas: &mut Canvas, points: &[(f64, f64, f64)], fill: &'static str, opacity: f64) {
        // A lower end that a logarithmic axis cannot hold lies below the frame; an upper one interrupts the band.
        for part in points.split(|&(x, low, high)| low.is_nan() || !self.holds((x, high))) {
            let upper = part.iter().map(|&(x, _, high)| self.place((x, high)));
            let lower = part.iter().rev().map(|&(x, low, _)| self.place((x, low)));
            canvas.polygon(&upper.chain(lower).collect::<Vec<_>>(), fill, opacity);
        }
    }

    /// The frame, ticks inwards on all four sides, labels and titles.
    fn draw_axes(&self, canvas: &mut Canvas) {
        let a = &self.area;
        let (x_ticks, y_ticks) = (self.x.ticks(a.width() / 58.0), self.y.ticks(a.height() / 28.0));
        let mut tick_x = |value: f64, length: f64| {
            let x = self.place((value, self.y.low)).0;
            canvas.line((x, a.bottom), (x, a.bottom - length), &AXIS);
            canvas.line((x, a.top), (x, a.top + length), &AXIS);
        };
        x_ticks.major.iter().for_each(|(v, _)| tick_x(*v, 6.0));
        x_ticks.minor.iter().for_each(|v| tick_x(*v, 3.0));
        let mut tick_y = |value: f64, length: f64| {
            let y = self.place((self.x.low, value)).1;
            canvas.line((a.left, y), (a.left + length, y), &AXIS);
            canvas.line((a.right, y), (a.right - length, y), &AXIS);
        };
        y_ticks.major.iter().for_each(|(v, _)| tick_y(*v, 6.0));
        y_ticks.minor.iter().for_each(|v| tick_y(*v, 3.0));
        canvas.frame(a, &AXIS);

        for (value, label) in &y_ticks.major {
            let y = self.place((self.x.low, *value)).1;
            // A label at the very edge of a panel would touch that of its neighbor.
            let y = y.clamp(a.top + 0.1 * TICK_SIZE, a.bottom - 0.1 * TICK_SIZE);
            canvas.text((a.left - 4.0, y + 0.36 * TICK_SIZE), TICK_SIZE, Anchor::End, INK, label);
        }
        let x = a.left - 42.0;
        canvas.text_upwards((x, (a.top + a.bottom) / 2.0), TITLE_SIZE, Anchor::Middle, INK, &self.y_title);
        let Some(title) = &self.x_title else { return };
        for (value, label) in &x_ticks.major {
            let x = self.place((*value, self.y.low)).0;
            canvas.text((x, a.bottom + 1.45 * TICK_SIZE), TICK_SIZE, Anchor::Middle, INK, label);
        }
        canvas.text((a.right, a.bottom + 3.0 * TITLE_SIZE), TITLE_SIZE, Anchor::End, INK, title);
    }

    /// Points in the picture that a legend should not hide, close enough together that none slips between: first those
    /// of the data, then those of bands and upright lines, which may be hidden in part.
    pub fn obstacles(&self, series: &[Series]) -> [Vec<(f64, f64)>; 2] {
        let (mut found, mut soft) = (Vec::new(), Vec::new());
        for s in series {
            match &s.mark {
                Mark::Line(points, _) => {
                    let line: Vec<_> =
                        points.iter().filter(|p| self.holds(**p)).map(|p| self.place(*p)).collect();
                    along(&line, &mut found);
                }
                Mark::Points { points, .. } => {
                    for p in points.iter().filter(|p| self.holds(p.at)) {
                        let mut bar = |ends: Option<(f64, f64)>, end: &dyn Fn(f64) -> (f64, f64)| {
                            if let Some((low, high)) = ends {
                                along(&[self.place(end(low)), self.place(end(high))], &mut found);
                            }
                        };
                        bar(p.x_bar, &|x| (x, p.at.1));
                        bar(p.y_bar, &|y| (p.at.0, y));
                        found.push(self.place(p.at));
                    }
                }
                Mark::Band(points, ..) => {
                    let edge = |end: fn(&(f64, f64, f64)) -> (f64, f64)| -> Vec<_> {
                        points.iter().map(end).filter(|p| self.holds(*p)).map(|p| self.place(p)).collect()
                    };
                    // Text over the inside of a band is bad, but not as bad as over its edges.
                    for &(x, low, high) in
                        points.iter().filter(|p| self.holds((p.0, p.1)) && self.holds((p.0, p.2)))
                    {
                        along(&[self.place((x, low)), self.place((x, high))], &mut soft);
                    }
                    along(&edge(|&(x, low, _)| (x, low)), &mut found);
                    along(&edge(|&(x, _, high)| (x, high)), &mut found);
                }
                Mark::Across(y, _) => {
                    along(&[self.place((self.x.low, *y)), self.place((self.x.high, *y))], &mut found);
                }
                Mark::Upright(x, _) => {
                    along(&[self.place((*x, self.y.low)), self.place((*x, self.y.high))], &mut soft);
                }
            }
        }
        [found, soft].map(|mut points| {
            points.retain(|p| self.area.contains(*p));
            points
        })
    }
}

fn along(line: &[(f64, f64)], found: &mut Vec<(f64, f64)>) {
    for pair in line.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let steps = ((x1 - x0).hypot(y1 - y0) / 3.0).ceil().clamp(1.0, 1000.0) as usize;
        found.extend((0..=steps).map(|i| {
            let t = i as f64 / steps as f64;
            (x0 + t * (x1 - x0), y0 + t * (y1 - y0))
        }));
    }
}
