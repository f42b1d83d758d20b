//! The metric against the size of the generated sample: Figs 2, 4, 5 (averaging) and 7, 10 (distances).

use super::canvas::{Canvas, Shape};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Point, Series, TICK_SIZE};
use super::picture::{Anchor, Picture, Rect, Stroke};
use super::scale::Scale;
use super::text::Text;
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use crate::config::ALL;
use crate::format;
use crate::results::{Cell, CellReplica, CurvePoint, NullPoint, Verdict};
use amplicast_sdk::Shown;

const BLUE: &str = "#0072b2";
const GREEN: &str = "#009e73";
const ORANGE: &str = "#d55e00";
const GREY: &str = "#7f7f7f";
const BLACK: &str = "#000000";
const OTHERS: Stroke = Stroke::solid("#b5b5b5", 0.7);

/// An estimate far outside of what was generated is told in words only: the axis ends here, in units of the largest sample.
const BEYOND: f64 = 100.0;

/// The figure of a cell: the picture and its caption; none if no training set gave a result.
pub(super) fn draw(
    cell: &Cell,
    shown: &Shown,
    laws: &[Vec<NullPoint>],
    id: &str,
) -> Option<(Picture, String)> {
    let first = cell.replicas.first()?;
    let null = null(first, laws);
    let x = Scale::log(sizes(first), 0.04);
    let mut series =
        if shown.parts { parts(cell, first, null, shown) } else { whole(cell, first, null, shown) };
    series.extend(estimate(first, &x, height(shown)));
    series.retain(|s| drawable(&s.mark));
    let y = Scale::log(heights(&series, &x), 0.07);

    let panel = frame(cell, shown, (x, y));
    let heading = title::of_cell(&cell.name);
    let mut canvas = Canvas::new(id, &heading.join(", "), WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    let blocks = [Block::legend(&series), Block::note(note(cell, first))];
    let panel = draw_with_blocks(&mut canvas, &panel, &series, &blocks);
    label_sizes(&mut canvas, &panel, first);
    Some((canvas.finish(), caption(cell, shown)))
}

/// The frame of a metric against the size of the sample.
pub(super) fn frame(cell: &Cell, shown: &Shown, (x, y): (Scale, Scale)) -> Panel {
    let selected = cell.name.selection != ALL;
    let x_title = if selected {
        "generated events $n$_{gen} that pass the selection"
    } else {
        "generated events $n$_{gen}"
    };
    Panel {
        area: Rect::new(56.0, TITLE_HEIGHT + 15.0, WIDTH - 68.0, 220.0),
        x,
        y,
        x_title: Some(Text::markup(x_title)),
        y_title: Text::markup(&shown.axis),
    }
}

/// What is drawn of a value: of the values of averaging metrics, which are variances, standard deviations as in the paper.
pub(super) fn height(shown: &Shown) -> fn(f64) -> f64 {
    if shown.root { root } else { |value| value }
}

/// Square root; NaN, which is not drawn, for the negative values that the subtraction of Eq. 17 can give.
fn root(value: f64) -> f64 {
    if value > 0.0 { value.sqrt() } else { f64::NAN }
}

pub(super) fn line(points: &[CurvePoint], value: impl Fn(&CurvePoint) -> Option<f64>) -> Vec<(f64, f64)> {
    points.iter().map(|p| (p.n_passed, value(p).unwrap_or(f64::NAN))).collect()
}

fn dots(line: Vec<(f64, f64)>, shape: Shape, color: &'static str, joined: Option<Stroke>) -> Mark {
    let points = line.into_iter().map(|at| Point { at, ..Point::default() }).collect();
    Mark::Points { points, shape, radius: 2.6, color, joined }
}

/// The other training sets as thin lines.
fn others(cell: &Cell, shown: fn(f64) -> f64) -> Vec<Series> {
    let lines =
        cell.replicas.iter().skip(1).map(|r| Mark::Line(line(&r.curve, |p| Some(shown(p.value))), OTHERS));
    lines.map(|mark| Series::new("other training sets", mark)).collect()
}

/// Fig 4: total, statistical and model part, truth, null law.
fn parts(cell: &Cell, first: &CellReplica, null: &[NullPoint], shown: &Shown) -> Vec<Series> {
    let height = height(shown);
    let mut series = others(cell, height);
    let mut null: Vec<_> = null.iter().map(|p| (p.n, height(p.mean))).collect();
    if let Some(n) = first.estimate.n_equiv {
        // By its definition the law passes through (n_equiv, limit).
        if null.last().is_some_and(|last| last.0 < n) {
            null.push((n, height(first.estimate.limit)));
        }
    }
    series.push(Series::new("null law", Mark::Line(null, Stroke::solid(GREEN, 1.0))));
    let with = |value: fn(&CurvePoint) -> Option<f64>| line(&first.curve, |p| value(p).map(height));
    let statistical = dots(with(|p| p.statistical), Shape::Triangle, GREEN, None);
    let [of_statistical, of_model] = names_of_parts(shown);
    series.push(Series::new(of_statistical, statistical));
    let model = dots(with(|p| p.model), Shape::Square, ORANGE, None);
    series.push(Series::new(of_model, model));
    let total = dots(with(|p| Some(p.value)), Shape::Disc, BLUE, Some(Stroke::solid(BLUE, 1.2)));
    series.push(Series::new("estimate", total));
    if first.curve.iter().any(|p| p.truth.is_some()) {
        let truth = Mark::Line(with(|p| p.truth), Stroke::dashed(BLACK, 1.3, "5 3"));
        series.push(Series::new("deviation from truth", truth));
    }
    series
}

/// The statistical and the model part, for legends.
pub(super) fn names_of_parts(shown: &Shown) -> [&'static str; 2] {
    match shown.root {
        true => ["statistical $σ$_{stat}", "model $σ$_{model}"],
        false => ["statistical part", "model part"],
    }
}

/// The null law of a training set.
pub(super) fn null<'a>(of: &CellReplica, laws: &'a [Vec<NullPoint>]) -> &'a [NullPoint] {
    laws.get(of.null_law).map_or(&[], Vec::as_slice)
}

/// The law of a metric without parts, with its bands.
pub(super) fn law(null: &[NullPoint], shown: &Shown) -> Vec<Series> {
    let height = height(shown);
    let mut series = Vec::new();
    for (k, gray) in [(2, "#ececec"), (1, "#d9d9d9"), (0, "#c0c0c0")] {
        let band = null.iter().map(|p| (p.n, height(p.bands[k][0]), height(p.bands[k][1]))).collect();
        let label = (k == 1).then(|| Text::markup("null law, 1 to 3 $σ$"));
        series.push(Series { mark: Mark::Band(band, gray, 1.0), label });
    }
    let mean = null.iter().map(|p| (p.n, height(p.mean))).collect();
    series.push(Series::new("null law, mean", Mark::Line(mean, Stroke::solid(BLACK, 1.2))));
    series
}

/// The metric, with its spread over members; of a root, the metric alone.
pub(super) fn spread(first: &CellReplica, shown: &Shown) -> Vec<Point> {
    let height = height(shown);
    let point = |p: &CurvePoint| Point {
        at: (p.n_passed, height(p.value)),
        y_bar: Some((p.value - p.spread, p.value + p.spread))
            .filter(|_| p.spread > 0.0 && p.spread.is_finite() && !shown.root),
        x_bar: None,
    };
    first.curve.iter().map(point).collect()
}

/// Fig 10: a distance with its spread over members, the null law with its bands.
fn whole(cell: &Cell, first: &CellReplica, null: &[NullPoint], shown: &Shown) -> Vec<Series> {
    let mut series = law(null, shown);
    series.extend(others(cell, height(shown)));
    let points = spread(first, shown);
    let joined = Some(Stroke::solid(BLUE, 0.8));
    let mark = Mark::Points { points, shape: Shape::Disc, radius: 2.6, color: BLUE, joined };
    series.push(Series::new("generated, mean and spread", mark));
    series
}

/// The limit, n_train, n_equiv and its interval.
fn estimate(first: &CellReplica, x: &Scale, shown: fn(f64) -> f64) -> Vec<Series> {
    let estimate = &first.estimate;
    let limit = shown(estimate.limit);
    let n_train = first.n_train();
    let mut series = vec![Series::unnamed(Mark::Upright(n_train, Stroke::solid(GREY, 0.8)))];
    if limit > 0.0 {
        series.push(Series::new(
            "limit $n$_{gen} → ∞",
            Mark::Across(limit, Stroke::dashed(ORANGE, 1.1, "2 2")),
        ));
    }
    let inside = |n: &f64| (x.low..=x.high).contains(n);
    let ends = |low: Option<f64>, high: Option<f64>| {
        (low.map_or(x.low, |g| g * n_train), high.map_or(x.high, |g| g * n_train))
    };
    let mark = |at: f64, bar: (f64, f64), shape: Shape| Mark::Points {
        points: vec![Point { at: (at, limit), x_bar: Some(bar), y_bar: None }],
        shape,
        radius: 3.1,
        color: BLACK,
        joined: None,
    };
    let (i68, i95) = (estimate.interval_68, estimate.interval_95);
    let bound = match estimate.verdict {
        Verdict::AtLeast => estimate.lower_bound(),
        Verdict::AtMost => i95.high,
        _ => None,
    };
    if let Some(n) = bound.map(|g| g * n_train).filter(inside) {
        series.push(Series::unnamed(Mark::Upright(n, Stroke::dashed(GREY, 0.8, "4 3"))));
        series.push(Series::new(
            "$n$_{equiv}, 95 % interval",
            mark(n, ends(i95.low, i95.high), Shape::Diamond),
        ));
    } else if let Some(n) = estimate.n_equiv.filter(inside) {
        series.push(Series::unnamed(Mark::Upright(n, Stroke::dashed(GREY, 0.8, "4 3"))));
        series.push(match estimate.verdict {
            Verdict::Resolved | Verdict::BiasSeen | Verdict::VarianceOnly => {
                Series::new("$n$_{equiv}, 68 % interval", mark(n, ends(i68.low, i68.high), Shape::Disc))
            }
            _ => Series::new("crossing", mark(n, (n, n), Shape::Disc)),
        });
    }
    series
}

/// Whether the mark has anything to draw on logarithmic axes; if not, it should not be in the legend either.
pub(super) fn drawable(mark: &Mark) -> bool {
    let good = |v: f64| v.is_finite() && v > 0.0;
    match mark {
        Mark::Line(points, _) => points.iter().any(|p| good(p.0) && good(p.1)),
        Mark::Points { points, .. } => points.iter().any(|p| good(p.at.0) && good(p.at.1)),
        Mark::Band(points, ..) => points.iter().any(|p| good(p.0) && good(p.2)),
        Mark::Across(v, _) | Mark::Upright(v, _) => good(*v),
    }
}

/// Sizes that the x axis should hold.
fn sizes(first: &CellReplica) -> Vec<f64> {
    let mut sizes: Vec<f64> = first.curve.iter().map(|p| p.n_passed).filter(|n| *n > 0.0).collect();
    let largest = sizes.iter().copied().fold(first.n_train(), f64::max);
    sizes.push(first.n_train());
    let n_train = first.n_train();
    let ends = [first.estimate.n_equiv, first.estimate.interval_68.high.map(|g| g * n_train)];
    sizes.extend(ends.into_iter().flatten().filter(|n| *n <= BEYOND * largest && *n > 0.0));
    sizes
}

/// Heights that the y axis should hold: those of everything within the x axis.
pub(super) fn heights(series: &[Series], x: &Scale) -> Vec<f64> {
    let inside = |n: f64| (x.low..=x.high).contains(&n);
    let mut heights = Vec::new();
    for s in series {
        match &s.mark {
            Mark::Line(points, _) => {
                heights.extend(points.iter().filter(|p| inside(p.0)).map(|p| p.1));
                heights.extend(points.windows(2).flat_map(|pair| at_the_ends(pair[0], pair[1], x)));
            }
            Mark::Points { points, .. } => {
                for p in points.iter().filter(|p| inside(p.at.0)) {
                    heights.push(p.at.1);
                    // A bar that reaches zero should not stretch the axis.
                    heights.extend(p.y_bar.into_iter().flat_map(|(low, high)| [low.max(0.5 * p.at.1), high]));
                }
            }
            Mark::Band(points, ..) => {
                heights.extend(points.iter().filter(|p| inside(p.0)).flat_map(|&(_, low, high)| [low, high]));
            }
            Mark::Across(y, _) => heights.push(*y),
            Mark::Upright(..) => {}
        }
    }
    heights
}

/// Heights at which a line from one point to the next enters and leaves a logarithmic axis: a straight law has no points inside.
fn at_the_ends(a: (f64, f64), b: (f64, f64), x: &Scale) -> impl Iterator<Item = f64> {
    let good = [a.0, a.1, b.0, b.1].iter().all(|v| v.is_finite() && *v > 0.0);
    let ends = [x.low, x.high].into_iter().filter(move |end| good && a.0 < *end && *end < b.0);
    ends.map(move |end| a.1 * (b.1 / a.1).powf((end / a.0).ln() / (b.0 / a.0).ln()))
}

fn note(cell: &Cell, first: &CellReplica) -> Vec<Text> {
    let g = format::estimate(&first.estimate).replace("+-", "±");
    let mut lines = vec![match first.estimate.verdict {
        Verdict::Resolved | Verdict::BiasSeen if first.estimate.g.is_some() => {
            Text::markup(&format!("$G$ = {g} (68 %)"))
        }
        Verdict::InSample | Verdict::VarianceOnly if first.estimate.g.is_some() => {
            Text::markup(&format!("$G$ = {g}"))
        }
        _ if g.starts_with(['<', '>']) => Text::markup(&format!("$G$ {g}")),
        _ => Text::markup(&format!("$G$: {g}")),
    }];
    let verdict = first.estimate.verdict.text();
    if !g.contains(verdict) {
        lines.push(Text::plain(format!("verdict: {verdict}")));
    }
    if let Some(truth) = format::truth(cell) {
        // Lines of a note are short: the intervals stand in the table.
        let value =
            |text: &str| text.split_once(" [").map_or(text.to_string(), |(value, _)| value.to_string());
        let (mean, member) = (value(&truth.mean), value(&truth.member));
        let of = if truth.of_one_set { format!("{}: true", format::THIS_SET) } else { "true".to_string() };
        lines.push(Text::markup(&format!("{of} $G$ {mean} (mean), {member} (member)")));
    }
    lines
}

/// n_train and n_equiv over the frame, side by side when they are close.
fn label_sizes(canvas: &mut Canvas, panel: &Panel, first: &CellReplica) {
    let at = |n: f64| panel.place((n, panel.y.low)).0;
    let train = at(first.n_train());
    let equiv = first.estimate.n_equiv.filter(|n| (panel.x.low..=panel.x.high).contains(n));
    let bounded = matches!(first.estimate.verdict, Verdict::AtLeast | Verdict::AtMost);
    let equiv = equiv.filter(|_| !bounded).map(at);
    // Anchors, and how far each label keeps from the other.
    let (train_anchor, equiv_anchor, gap) = match equiv {
        Some(x) if (x - train).abs() > 40.0 => (Anchor::Middle, Anchor::Middle, 0.0),
        Some(x) if x < train => (Anchor::Start, Anchor::End, 2.0),
        Some(_) => (Anchor::End, Anchor::Start, -2.0),
        None => (Anchor::Middle, Anchor::Middle, 0.0),
    };
    let y = panel.area.top - 4.0;
    canvas.text((train + gap, y), TICK_SIZE, train_anchor, "#555555", &Text::markup("$n$_{train}"));
    if let Some(x) = equiv {
        canvas.text((x - gap, y), TICK_SIZE, equiv_anchor, BLACK, &Text::markup("$n$_{equiv}"));
    }
}

fn caption(cell: &Cell, shown: &Shown) -> String {
    let mut caption = shown.caption.clone();
    if cell.replicas.len() > 1 {
        let first = cell.replicas[0].replica + 1;
        caption += &format!(
            " Shown is training set {first} of {}, with its own estimate; thin gray lines are the others.",
            cell.replicas.len()
        );
    }
    caption
}
