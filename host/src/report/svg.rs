//! A picture as SVG.

use std::fmt::Write as _;

use super::picture::{Anchor, Item, Label, Paint, Picture, Stroke};
use super::text::escape;

/// The font of all figures; the PDF embeds it, an SVG viewer without it takes the next name.
const FONT: &str = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', sans-serif";

/// The whole document; one unit is one point.
pub(super) fn svg(picture: &Picture) -> String {
    let (w, h) = (number(picture.width), number(picture.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" viewBox=\"0 0 {w} {h}\" \
         role=\"img\" font-family=\"{FONT}\" stroke-linejoin=\"round\">\n<title>{}</title>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"white\"/>\n",
        escape(&picture.title),
    );
    write_items(&mut out, &picture.items, &picture.id, &mut 0);
    out += "</svg>\n";
    out
}

fn write_items(out: &mut String, items: &[Item], id: &str, clips: &mut usize) {
    for item in items {
        let _ = match item {
            Item::Path { points, closed, paint } => {
                let (d, end) = (path(points), if *closed { "Z" } else { "" });
                match paint {
                    Paint::Line(stroke) => {
                        writeln!(out, "<path d=\"{d}{end}\" fill=\"none\"{}/>", attributes(stroke))
                    }
                    Paint::Fill { color, opacity } => {
                        let opacity = number(*opacity);
                        writeln!(out, "<path d=\"{d}{end}\" fill=\"{color}\" fill-opacity=\"{opacity}\"/>")
                    }
                }
            }
            Item::Disc { center: (x, y), radius, color } => {
                let (x, y, r) = (number(*x), number(*y), number(*radius));
                writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{color}\"/>")
            }
            Item::Label(label) => write_label(out, label),
            Item::Clipped(r, inside) => {
                *clips += 1;
                let name = format!("{id}-clip-{clips}");
                let _ = writeln!(
                    out,
                    "<clipPath id=\"{name}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\
                     <g clip-path=\"url(#{name})\">",
                    number(r.left),
                    number(r.top),
                    number(r.width()),
                    number(r.height())
                );
                write_items(out, inside, id, clips);
                writeln!(out, "</g>")
            }
        };
    }
}

fn write_label(out: &mut String, label: &Label) -> std::fmt::Result {
    let anchor = match label.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let (x, y) = (number(label.at.0), number(label.at.1));
    let turn = if label.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    let (size, color, text) = (number(label.size), &label.color, label.text.svg(label.size));
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{color}\"{turn}>{text}</text>"
    )
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

/// A number with two decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_string(),
        short => short.to_string(),
    }
}
