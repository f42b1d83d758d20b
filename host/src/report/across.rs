//! The same questions in several runs, against the number of training events (Matchev et al. 2022, section 5.2).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amplicast_sdk::Result;

use super::album::Names;
use super::canvas::Canvas;
use super::columns::Columns;
use super::compared::{LOOKS, names};
use super::figure::{Figure, Subject};
use super::html::{END, head};
use super::html_sections::{Pictures, section};
use super::legend::{Block, draw_with_blocks};
use super::panel::{Mark, Panel, Point, Series};
use super::picture::{Rect, Stroke};
use super::scale::Scale;
use super::text::{Text, escape};
use super::title::{self, HEIGHT as TITLE_HEIGHT, WIDTH};
use super::{own, put};
use crate::format;
use crate::results::{Cell, CellName, Results, table_row};
use crate::store::replace;

/// A finished run.
pub struct Run {
    /// What it is called beside others.
    pub name: String,
    /// What it found.
    pub results: Results,
}

/// A cell in the runs that have it, from few training events to many.
struct Line<'a> {
    name: &'a CellName,
    found: Vec<(&'a Run, &'a Cell)>,
}

/// Cells that two runs have, in the order of the first that has them.
fn lines(runs: &[Run]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut places: BTreeMap<&CellName, usize> = BTreeMap::new();
    for run in runs {
        for cell in &run.results.cells {
            let place = *places.entry(&cell.name).or_insert(lines.len());
            if place == lines.len() {
                lines.push(Line { name: &cell.name, found: Vec::new() });
            }
            lines[place].found.push((run, cell));
        }
    }
    lines.retain(|line| line.found.len() > 1);
    lines.iter_mut().for_each(|line| line.found.sort_by_key(|(run, _)| run.results.n_train));
    lines
}

/// What the table says of a cell in a run.
const HEADS: [&str; 5] = ["run", "training events", "G", "true G, mean", "single member"];

fn texts((run, cell): &(&Run, &Cell)) -> [String; 5] {
    let [mean, member] = format::truth(cell).map_or(Default::default(), |truth| [truth.mean, truth.member]);
    [run.name.clone(), format::count(run.results.n_train), format::amplification(cell), mean, member]
}

/// The table for a terminal of so many columns; none if no two runs have a cell in common.
pub fn across(runs: &[Run], width: Option<usize>) -> Option<String> {
    let lines = lines(runs);
    let mut table = HEADS.iter().fold(Columns::new(), |table, head| table.solid(head));
    for line in &lines {
        table.heading(&title::cell_title(line.name));
        line.found.iter().for_each(|found| table.row(texts(found)));
    }
    (!lines.is_empty()).then(|| format!("{}\n{ONE_SET}", table.text(width)))
}

/// Writes `compared.html` and its figures into `folder`, and gives the path of the page.
pub fn write_across(runs: &[Run], folder: &Path) -> Result<PathBuf> {
    let figures = own(folder.join("figures"))?;
    let lines = lines(runs);
    let mut names = Names::default();
    let frames = questions(&lines);
    let frames = frames.iter().enumerate().map(|(i, frame)| draw(i, frame, &mut names));
    let drawn: Vec<Figure> = frames.collect();
    drawn.iter().try_for_each(|figure| put(figure, &figures))?;
    let count = drawn.len();
    let pictures = Pictures::of(drawn, "figures");
    let page = folder.join("compared.html");
    let top = format!("<h1>{} runs</h1>\n<p class=\"subtitle\">{ABOUT}</p>\n", runs.len());
    let figures = section("G and the number of training events", &pictures, (0..count).map(Subject::Across));
    let text = [
        head(&format!("{} runs", runs.len()), &top),
        matrix(&lines),
        format!("{READING}{ONE_SET}</p>\n"),
        figures,
        END.into(),
    ];
    replace(&page, text.concat().as_bytes())?;
    Ok(page)
}

const ABOUT: &str = "The same questions in several runs: a comparison of amplicast";

/// What a true G is of.
const ONE_SET: &str =
    "The true G of a run with one training set is that set's own, not the expectation over training sets.";

const READING: &str = "<p class=\"small\">Each G is that of a generator trained on so many events. What it is with more of them is not known before \
it is tried: a generator whose bias stays has a G that falls, since true events go on getting better (Matchev et al. 2022, section 5.2). No line \
is drawn through the estimates for this reason; what joins the true G only leads the eye. ";

fn matrix(lines: &[Line<'_>]) -> String {
    let heads: String = HEADS.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let row = |found: &(&Run, &Cell)| {
        let cells = texts(found);
        let text = |text: &String| escape(text).replace("+-", "±");
        let values = cells.iter().zip(HEADS).skip(1);
        let values: String = values
            .map(|(value, head)| format!("<td class=\"n\" data-label=\"{head}\">{}</td>", text(value)))
            .collect();
        format!("<tr><th scope=\"row\">{}</th>{values}</tr>\n", text(&cells[0]))
    };
    let body = |line: &Line<'_>| {
        let heading = escape(&title::cell_title(line.name));
        let rows: String = line.found.iter().map(row).collect();
        format!(
            "<tbody>\n<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{}\">{heading}</th></tr>\n{rows}</tbody>\n",
            HEADS.len()
        )
    };
    let bodies: String = lines.iter().map(body).collect();
    format!("<table class=\"matrix stack\">\n<thead><tr>{heads}</tr></thead>\n{bodies}</table>\n")
}

/// Lines that answer one question, a frame each, where runs differ in their number of training events.
fn questions<'a>(lines: &'a [Line<'a>]) -> Vec<Vec<&'a Line<'a>>> {
    let mut frames: Vec<Vec<&Line<'_>>> = Vec::new();
    for line in lines {
        let sizes = line.found.iter().map(|(run, _)| run.results.n_train);
        if sizes.clone().min() == sizes.max() {
            continue;
        }
        let open = frames
            .iter_mut()
            .find(|frame| frame[0].name.question() == line.name.question() && frame.len() < LOOKS.len());
        match open {
            Some(frame) => frame.push(line),
            None => frames.push(vec![line]),
        }
    }
    frames
}

/// G against n_train, with the true one where it is known.
fn draw(number: usize, frame: &[&Line<'_>], file_names: &mut Names) -> Figure {
    let usable = |g: &f64| g.is_finite() && *g > 0.0;
    let cells: Vec<&Cell> = frame.iter().map(|line| line.found[0].1).collect();
    let (common, labels) = names(&cells);
    let all = || frame.iter().flat_map(|line| &line.found);
    let x = Scale::log(all().map(|(run, _)| run.results.n_train as f64), 0.15);
    let rows = all().map(|(run, cell)| table_row(&run.results.dataset, cell));
    let heights = rows.flat_map(|r| [r.g, r.g_low_68, r.g_high_68, r.bound, r.true_g]);
    let y = Scale::log(heights.flatten().filter(usable).chain([1.0]), 0.12);
    let mut series = Vec::new();
    for ((line, (color, shape)), label) in frame.iter().zip(LOOKS).zip(labels) {
        let (mut points, mut truth) = (Vec::new(), Vec::new());
        for (run, cell) in &line.found {
            let (n, row) = (run.results.n_train as f64, table_row(&run.results.dataset, cell));
            let ends = (row.g_low_68.filter(usable), row.g_high_68.filter(usable));
            // A bound stands at its value, and is open to where G may be.
            let (at, bar) = match (row.verdict.as_str(), row.g, row.bound) {
                ("at-least", _, Some(bound)) => (bound, (bound, y.high)),
                ("at-most", _, Some(bound)) => (bound, (y.low, bound)),
                (_, Some(g), _) => (g, (ends.0.unwrap_or(y.low), ends.1.unwrap_or(y.high))),
                _ => continue,
            };
            if usable(&at) {
                points.push(Point { at: (n, at), y_bar: Some(bar), x_bar: None });
            }
            truth.extend(row.true_g.filter(usable).map(|g| (n, g)));
        }
        let label = Some(Text::plain(label));
        series.push(Series { mark: Mark::Points { points, shape, radius: 2.6, color, joined: None }, label });
        series.push(Series::unnamed(Mark::Line(truth, Stroke::dashed(color, 1.1, "5 3"))));
    }
    series.push(Series::unnamed(Mark::Across(1.0, Stroke::dashed("#000000", 0.6, "1 3"))));
    let panel = Panel {
        area: Rect::new(56.0, TITLE_HEIGHT + 15.0, WIDTH - 68.0, 190.0),
        x,
        y,
        x_title: Some(Text::markup("training events $n$_{train}")),
        y_title: Text::markup("amplification $G$"),
    };
    let heading = match frame {
        [only] => title::of_cell(only.name),
        _ => [common, title::question(frame[0].name)],
    };
    let name = file_names.unique(&[&["across"], &frame[0].name.question()[..]].concat());
    let mut canvas = Canvas::new(&name, &heading.join(": "), WIDTH, panel.area.bottom + 36.0);
    title::draw(&mut canvas, &heading);
    draw_with_blocks(&mut canvas, &panel, &series, &[Block::legend(&series)]);
    let caption = "The estimated G of each run with its 68 % interval; a bound (95 %) stands at its value and is open to where G may be. \
                   Of several training sets: the median with the 16 and 84 % quantiles. Dashed: the true G, where it is known.";
    Figure::new(Subject::Across(number), name, canvas.finish(), caption.into())
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn run(name: &str, n_train: u64) -> Run {
        let mut results = testing::results();
        results.n_train = n_train;
        Run { name: name.into(), results }
    }

    #[test]
    fn runs_stand_below_their_question_from_few_events_to_many() {
        let mut fewer = run("few <events>", 300);
        let only_there = fewer.results.cells.remove(0);
        let runs = [run("many", 3000), fewer];
        let text = across(&runs, None).unwrap();
        assert!(!text.contains(&title::cell_title(&only_there.name)), "{text}");
        let (few, many) = (text.find("few <events>").unwrap(), text.find("many").unwrap());
        assert!(few < many && text.contains("true G, mean"), "{text}");
        // A run alone, or others without a common question, have nothing to compare.
        assert_eq!(across(&runs[..1], None), None);
        let mut other = run("other", 100);
        other.results.cells.iter_mut().for_each(|cell| cell.name.generator = "another".into());
        assert_eq!(across(&[run("many", 3000), other], None), None);
    }

    #[test]
    fn a_page_has_a_figure_for_each_question() {
        let folder = tempfile::tempdir().unwrap();
        let runs = [run("few <events>", 300), run("many", 3000)];
        let page = write_across(&runs, folder.path()).unwrap();
        let html = std::fs::read_to_string(page).unwrap();
        assert!(html.contains("few &lt;events&gt;") && !html.contains("<script"), "text is not escaped");
        let lines = lines(&runs);
        let frames = questions(&lines);
        let files = std::fs::read_dir(folder.path().join("figures")).unwrap().count();
        assert!(!frames.is_empty() && files == 2 * frames.len(), "{files}");
        assert!(html.contains("training events") && html.contains("n</tspan>"), "no axis");
        // Of one number of training events there is a table, and no axis to draw along.
        let same = [run("a", 300), run("b", 300)];
        assert!(questions(&super::lines(&same)).is_empty() && across(&same, None).is_some());
    }

    #[test]
    fn what_has_no_number_is_not_drawn() {
        let lines = |results: &dyn Fn(&mut Results)| {
            let mut runs = [run("a", 300), run("b", 3000)];
            runs.iter_mut().for_each(|run| results(&mut run.results));
            let lines = super::lines(&runs);
            questions(&lines)
                .iter()
                .map(|frame| draw(0, frame, &mut Names::default()).svg)
                .collect::<Vec<_>>()
        };
        let whole = lines(&|_| ());
        let failed = lines(&|results| {
            results.cells.iter_mut().for_each(|cell| {
                cell.replicas.clear();
                cell.overall = None;
            })
        });
        assert_eq!(whole.len(), failed.len());
        let drawn = |list: &[String]| list.iter().map(String::len).sum::<usize>();
        assert!(drawn(&failed) < drawn(&whole));
    }
}
