//! The heading of a figure: what was generated, and how it was judged.

use amplicast_sdk::DiagnosticFigure;

use super::canvas::Canvas;
use super::picture::Anchor;
use super::text::Text;
use crate::config::{ALL, GIVEN};
use crate::results::{CellName, Diagnosed, Distribution, Plane};
use crate::terminal::one_line;

/// Width of every figure in points.
pub(super) const WIDTH: f64 = 400.0;
/// Room for the heading.
pub(super) const HEIGHT: f64 = 32.0;
const SIZE: f64 = 9.5;

/// The name of a cell in one line: `transformer × bayesian: radius, ks, against left-out`.
pub fn cell_title(name: &CellName) -> String {
    one_line(&of_cell(name).join(": "))
}

/// Two lines for a cell.
pub(super) fn of_cell(name: &CellName) -> [String; 2] {
    [generator(&name.generator, &name.uncertainty), question(name)]
}

/// What is asked of every generator and posterior, in words.
pub(super) fn question(name: &CellName) -> String {
    let against =
        if name.reference.is_empty() { String::new() } else { format!(", against {}", name.reference) };
    format!("{}{}, {}{against}", name.summary, selection(&name.selection), name.metric)
}

/// Two lines for a distribution.
pub(super) fn of_distribution(d: &Distribution) -> [String; 2] {
    [generator(&d.generator, &d.uncertainty), format!("{}{}", d.summary, selection(&d.selection))]
}

/// Two lines for the plane of a selection.
pub(super) fn of_plane(plane: &Plane) -> [String; 2] {
    [generator(&plane.generator, &plane.uncertainty), format!("selection {}", plane.selection)]
}

/// Two lines for a diagnostic figure.
pub(super) fn of_diagnostic(d: &Diagnosed, figure: &DiagnosticFigure) -> [String; 2] {
    let whose = d.summary.as_deref().map_or(String::new(), |summary| format!("{summary}: "));
    [generator(&d.generator, &d.uncertainty), format!("{whose}{}", figure.title)]
}

pub(super) fn generator(generator: &str, uncertainty: &str) -> String {
    if uncertainty == GIVEN {
        format!("{generator}, its own members")
    } else {
        format!("{generator} × {uncertainty}")
    }
}

/// `, selection NAME`; nothing without a cut.
pub(super) fn selection(selection: &str) -> String {
    if selection == ALL { String::new() } else { format!(", selection {selection}") }
}

/// More characters than a line of the smallest size has room for.
const MOST: usize = 300;

/// A line whose end is left out.
fn cut(shown: &[char]) -> Text {
    Text::plain(format!("{}…", shown.iter().collect::<String>()))
}

/// Draws the lines, smaller or cut off if they are too long.
pub(super) fn draw(canvas: &mut Canvas, lines: &[String; 2]) {
    let room = WIDTH - 16.0;
    for (i, line) in lines.iter().enumerate() {
        // A name may have any length: what no size would show is not looked at.
        let mut shown: Vec<char> = line.chars().take(MOST).collect();
        let mut text = Text::plain(line.as_str());
        if line.chars().nth(MOST).is_some() {
            text = cut(&shown);
        }
        while text.width() * 6.0 > room {
            shown.pop();
            text = cut(&shown);
        }
        let size = SIZE.min(room / text.width().max(1.0));
        let y = 13.0 + 12.5 * i as f64;
        canvas.text((WIDTH / 2.0, y), size, Anchor::Middle, "#000000", &text);
    }
}
