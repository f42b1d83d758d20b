//! Histograms of a summary with their ratio (Figs 8 and 12): training events as points, generated ones as a line with a band.

use super::canvas::{Canvas, Shape};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Point, Series};
use super::picture::{Picture, Rect, Stroke};
use super::scale::{Kind, Scale};
use super::text::Text;
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use crate::format;
use crate::results::{Distance, Distribution};

const BLUE: &str = "#0072b2";
const RED: &str = "#c4312a";
const BLACK: &str = "#000000";

/// Bins of a distribution, as densities.
struct Bins<'a> {
    of: &'a Distribution,
    edges: Vec<(f64, f64)>,
}

/// The figure of a distribution: the picture and its caption; none if there are no bins.
pub(super) fn draw(distribution: &Distribution, id: &str) -> Option<(Picture, String)> {
    let bins = Bins::new(distribution)?;
    let x = Scale::linear(bins.edges.first()?.0, bins.edges.last()?.1);
    let upper = bins.densities();
    let upper_panel = Panel {
        area: Rect::new(56.0, TITLE_HEIGHT, WIDTH - 68.0, 205.0),
        x,
        y: bins.height_scale(),
        x_title: None,
        y_title: Text::markup(&density_title(&distribution.axis)),
    };
    let half = bins.ratio_range();
    let lower_panel = Panel {
        area: Rect::new(56.0, upper_panel.area.bottom + 7.0, WIDTH - 68.0, 78.0),
        x,
        y: Scale::linear(1.0 - half, 1.0 + half),
        x_title: Some(Text::markup(&distribution.axis)),
        y_title: Text::plain("ratio to training"),
    };
    let heading = title::of_distribution(distribution);
    let mut canvas = Canvas::new(id, &heading.join(", "), WIDTH, lower_panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    let note = distribution.distance.as_ref().map_or(Vec::new(), distance);
    draw_with_blocks(&mut canvas, &upper_panel, &upper, &[Block::legend(&upper), Block::note(note)]);
    lower_panel.draw(&mut canvas, &bins.ratios(half));
    let errors = match distribution.generated_error {
        Some(_) => "one fit's, with its whole error: statistics, scatter over training sets, bias",
        None => "mean and standard deviation over members",
    };
    let mut caption = format!(
        "Density of {} true training events (points, √n errors) and of generated events ({errors}; first training set). Below: their \
         ratio; triangles mark bins outside its range, and bins without training events are left out.",
        format::count(distribution.training_events)
    );
    if distribution.distance.is_some() {
        caption += " χ²: of the bins with 5 training events or more against true events that the generator did not see, with the covariances \
                    of both.";
    }
    Some((canvas.finish(), caption))
}

/// What is printed of the distance from the truth.
fn distance(found: &Distance) -> Vec<Text> {
    vec![
        Text::plain(format!("χ² = {:.1} for {:.0}", found.chi_squared, found.degrees)),
        Text::markup(&format!("$p$ = {}: {}", format::short(found.probability()), found.word())),
        Text::plain(format!("with the {}", found.reference)),
    ]
}

impl<'a> Bins<'a> {
    fn new(of: &'a Distribution) -> Option<Self> {
        let edges: Vec<_> = of.edges.windows(2).map(|w| (w[0], w[1])).collect();
        let sound = |&(low, high): &(f64, f64)| low.is_finite() && high.is_finite() && low < high;
        let lengths = [of.training.len(), of.generated.len(), of.generated_spread.len()];
        let fits = lengths.iter().all(|&n| n == edges.len());
        let optional = [&of.truth, &of.generated_error];
        let fits = fits && optional.into_iter().flatten().all(|list| list.len() == edges.len());
        (!edges.is_empty() && edges.iter().all(sound) && fits).then_some(Bins { of, edges })
    }

    fn middle(&self, i: usize) -> f64 {
        let (low, high) = self.edges[i];
        low + (high - low) / 2.0
    }

    fn width(&self, i: usize) -> f64 {
        self.edges[i].1 - self.edges[i].0
    }

    /// Fraction of training events in a bin, with its error.
    fn training(&self, i: usize) -> (f64, f64) {
        if let Some(fractions) = &self.of.training_fractions {
            return fractions[i].into();
        }
        let (n, all) = (self.of.training[i] as f64, (self.of.training_events as f64).max(1.0));
        (n / all, n.sqrt() / all)
    }

    /// The error of that fraction, as a part of it.
    fn training_error(&self, i: usize) -> f64 {
        match self.of.training_fractions {
            Some(_) => self.training(i).1 / self.training(i).0.abs(),
            None => 1.0 / (self.of.training[i] as f64).sqrt(),
        }
    }

    /// Fraction of generated events in a bin, with its whole error where it is known, else with its spread.
    fn generated(&self, i: usize) -> (f64, f64) {
        let error = self.of.generated_error.as_ref().unwrap_or(&self.of.generated_spread);
        (self.of.generated[i], error[i])
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.edges.len()
    }

    /// A step line through a value for each bin; NaN leaves a gap.
    fn steps(&self, value: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
        self.all().flat_map(|i| [(self.edges[i].0, value(i)), (self.edges[i].1, value(i))]).collect()
    }

    fn step_band(&self, ends: impl Fn(usize) -> (f64, f64)) -> Vec<(f64, f64, f64)> {
        let bin = |i: usize| {
            let (low, high) = ends(i);
            [(self.edges[i].0, low, high), (self.edges[i].1, low, high)]
        };
        self.all().flat_map(bin).collect()
    }

    fn densities(&self) -> Vec<Series> {
        let band = self.step_band(|i| {
            let (value, error) = self.generated(i);
            ((value - error).max(0.0) / self.width(i), (value + error) / self.width(i))
        });
        let mut series = vec![Series::unnamed(Mark::Band(band, BLUE, 0.25))];
        if let Some(truth) = &self.of.truth {
            let line = self.steps(|i| truth[i] / self.width(i));
            series.push(Series::new("truth", Mark::Line(line, Stroke::dashed(RED, 1.1, "4 2"))));
        }
        let line = self.steps(|i| self.of.generated[i] / self.width(i));
        series.push(Series::new("generated", Mark::Line(line, Stroke::solid(BLUE, 1.3))));
        let point = |i: usize| {
            let (value, error) = self.training(i);
            let w = self.width(i);
            Point {
                at: (self.middle(i), value / w),
                y_bar: Some(((value - error) / w, (value + error) / w)),
                x_bar: None,
            }
        };
        let points = self.all().filter(|&i| self.of.training[i] > 0).map(point).collect();
        series.push(Series::new("training", self.dots(points)));
        series
    }

    fn dots(&self, points: Vec<Point>) -> Mark {
        let radius = if self.edges.len() > 60 { 1.3 } else { 2.0 };
        Mark::Points { points, shape: Shape::Disc, radius, color: BLACK, joined: None }
    }

    /// Linear from zero, or logarithmic for a spectrum that falls steeply.
    fn height_scale(&self) -> Scale {
        let density = |i: usize| self.training(i).0 / self.width(i);
        let mut filled: Vec<f64> = self.all().map(density).filter(|d| *d > 0.0).collect();
        filled.sort_unstable_by(f64::total_cmp);
        let truth = self.of.truth.iter().flatten().enumerate().map(|(i, t)| t / self.width(i));
        let generated = self.all().map(|i| (self.generated(i).0 + self.generated(i).1) / self.width(i));
        let errors = self.all().map(|i| (self.training(i).0 + self.training(i).1) / self.width(i));
        let top = truth.chain(generated).chain(errors).filter(|d| d.is_finite()).fold(0.0, f64::max);
        match (filled.first(), filled.get(filled.len() / 2), filled.last()) {
            (Some(lowest), Some(median), Some(highest)) if highest / median > 30.0 => {
                Scale::log([0.3 * lowest, top], 0.03)
            }
            _ => Scale { kind: Kind::Linear, ..Scale::linear(0.0, 1.08 * top) },
        }
    }

    /// A ratio to the training events; NaN where there are none.
    fn ratio(&self, i: usize, value: f64) -> f64 {
        if self.of.training[i] == 0 { f64::NAN } else { value / self.training(i).0 }
    }

    /// Half the range of the ratio, between 0.1 and 1: what nine tenths of the bins with five events or more need.
    fn ratio_range(&self) -> f64 {
        let filled = self.all().filter(|&i| self.of.training[i] >= 5);
        let off = |i: usize| {
            let error = self.training_error(i);
            (self.ratio(i, self.of.generated[i]) - 1.0).abs().max(error)
        };
        let mut deviations: Vec<f64> = filled.map(off).filter(|d| d.is_finite()).collect();
        deviations.sort_unstable_by(f64::total_cmp);
        let index = (deviations.len() * 9 / 10).min(deviations.len().saturating_sub(1));
        let wanted = 1.25 * deviations.get(index).copied().unwrap_or(0.4);
        [0.1, 0.2, 0.3, 0.5, 0.7].into_iter().find(|half| *half >= wanted).unwrap_or(1.0) * 1.04
    }

    fn ratios(&self, half: f64) -> Vec<Series> {
        let band = self.step_band(|i| {
            let (value, error) = self.generated(i);
            (self.ratio(i, value - error), self.ratio(i, value + error))
        });
        let mut series = vec![
            Series::unnamed(Mark::Band(band, BLUE, 0.25)),
            Series::unnamed(Mark::Across(1.0, Stroke::solid("#7f7f7f", 0.7))),
        ];
        if let Some(truth) = &self.of.truth {
            let line = self.steps(|i| self.ratio(i, truth[i]));
            series.push(Series::unnamed(Mark::Line(line, Stroke::dashed(RED, 1.1, "4 2"))));
        }
        let line = self.steps(|i| self.ratio(i, self.of.generated[i]));
        series.push(Series::unnamed(Mark::Line(line, Stroke::solid(BLUE, 1.3))));
        let point = |i: usize| {
            let error = self.training_error(i);
            Point { at: (self.middle(i), 1.0), y_bar: Some((1.0 - error, 1.0 + error)), x_bar: None }
        };
        let filled = || self.all().filter(|&i| self.of.training[i] > 0);
        series.push(Series::unnamed(self.dots(filled().map(point).collect())));
        for (sign, shape) in [(1.0, Shape::Triangle), (-1.0, Shape::TriangleDown)] {
            let outside = filled().filter(|&i| sign * (self.ratio(i, self.of.generated[i]) - 1.0) > half);
            let at = |i: usize| Point { at: (self.middle(i), 1.0 + 0.9 * sign * half), ..Point::default() };
            let points = outside.map(at).collect();
            series.push(Series::unnamed(Mark::Points {
                points,
                shape,
                radius: 2.6,
                color: BLUE,
                joined: None,
            }));
        }
        series
    }
}

/// "density [1/GeV]" for an axis "mass [GeV]".
fn density_title(axis: &str) -> String {
    match axis.trim_end().strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
        Some((_, unit)) if !unit.trim().is_empty() => format!("density [1/{}]", unit.trim()),
        _ => "density".into(),
    }
}
