//! Text with italics, subscripts and superscripts, its width, and its SVG.

use super::fonts::font;

/// How a run of text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    Base,
    Sub,
    Super,
}

impl Shift {
    /// Size relative to that of the line.
    fn scale(self) -> f64 {
        if self == Shift::Base { 1.0 } else { 0.72 }
    }

    /// How far below the line it stands, in units of the line's font size.
    fn down(self) -> f64 {
        match self {
            Shift::Base => 0.0,
            Shift::Sub => 0.22,
            Shift::Super => -0.38,
        }
    }
}

/// Text of one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub text: String,
    pub italic: bool,
    shift: Shift,
}

impl Run {
    /// Width in units of the line's font size.
    fn width(&self) -> f64 {
        let font = font(self.italic);
        self.shift.scale() * self.text.chars().map(|c| font.advance(c)).sum::<f64>()
    }
}

/// A line of text made of styled runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text {
    runs: Vec<Run>,
}

impl Text {
    /// Text taken literally.
    pub fn plain(text: impl Into<String>) -> Self {
        Text { runs: vec![Run { text: text.into(), italic: false, shift: Shift::Base }] }
    }

    /// Text in which `$...$` is italic, `_{...}` a subscript and `^{...}` a superscript (both upright).
    /// An unpaired `$` or an unclosed brace is taken literally.
    pub fn markup(source: &str) -> Self {
        let toggles = source.matches('$').count().is_multiple_of(2);
        let mut text = Text::default();
        let (mut italic, mut plain) = (false, String::new());
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            let script = match c {
                '_' if rest.starts_with("_{") => Some(Shift::Sub),
                '^' if rest.starts_with("^{") => Some(Shift::Super),
                _ => None,
            };
            match (script, rest.find('}')) {
                (Some(shift), Some(end)) => {
                    text.push(&std::mem::take(&mut plain), italic, Shift::Base);
                    text.push(&rest[2..end], false, shift);
                    rest = &rest[end + 1..];
                    continue;
                }
                _ if c == '$' && toggles => {
                    text.push(&std::mem::take(&mut plain), italic, Shift::Base);
                    italic = !italic;
                }
                _ => plain.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        text.push(&plain, italic, Shift::Base);
        text
    }

    /// A power of ten with an optional factor: `10^{3}`, `2 x 10^{-3}`.
    pub fn power_of_ten(factor: u32, exponent: i32) -> Self {
        let sign = if exponent < 0 { "−" } else { "" };
        let base = if factor == 1 { "10".to_string() } else { format!("{factor}×10") };
        Text::markup(&format!("{base}^{{{sign}{}}}", exponent.abs()))
    }

    /// This text and another one behind it.
    pub fn then(mut self, mut other: Text) -> Self {
        self.runs.append(&mut other.runs);
        self
    }

    fn push(&mut self, text: &str, italic: bool, shift: Shift) {
        if !text.is_empty() {
            self.runs.push(Run { text: text.to_string(), italic, shift });
        }
    }

    /// Width in units of the font size.
    pub fn width(&self) -> f64 {
        self.runs.iter().map(Run::width).sum()
    }

    /// Hands over every run, with where it begins along the line, how far below the line, and its size.
    pub fn place(&self, size: f64, mut each: impl FnMut(&Run, f64, f64, f64)) {
        let mut begin = 0.0;
        for run in &self.runs {
            each(run, size * begin, size * run.shift.down(), size * run.shift.scale());
            begin += run.width();
        }
    }

    /// The `tspan` elements of an SVG text at the given font size.
    pub fn svg(&self, size: f64) -> String {
        let mut out = String::new();
        let mut level = 0.0;
        for run in &self.runs {
            let wanted = size * run.shift.down();
            let mut attributes = String::new();
            if wanted != level {
                attributes += &format!(" dy=\"{:.2}\"", wanted - level);
                level = wanted;
            }
            if run.shift != Shift::Base {
                attributes += &format!(" font-size=\"{:.2}\"", run.shift.scale() * size);
            }
            if run.italic {
                attributes += " font-style=\"italic\"";
            }
            // A viewer may drop a space at the edge of a tspan.
            let text = match run.text.strip_prefix(' ') {
                Some(rest) => format!("\u{a0}{}", escape(rest)),
                None => escape(&run.text),
            };
            if attributes.is_empty() {
                out += &text;
            } else {
                out += &format!("<tspan{attributes}>{text}</tspan>");
            }
        }
        out
    }
}

/// The text with the characters that XML and HTML reserve replaced, and those that XML forbids left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_makes_scripts_and_italics() {
        let svg = Text::markup("$n$_{gen} < 10^{−3}").svg(10.0);
        assert_eq!(
            svg,
            "<tspan font-style=\"italic\">n</tspan><tspan dy=\"2.20\" font-size=\"7.20\">gen</tspan>\
             <tspan dy=\"-2.20\">\u{a0}&lt; 10</tspan><tspan dy=\"-3.80\" font-size=\"7.20\">−3</tspan>"
        );
    }

    #[test]
    fn broken_markup_is_literal() {
        for source in ["a_{b", "cost in $", "m_tt [GeV]", "x^", "tt̄ é_"] {
            assert_eq!(Text::markup(source), Text::plain(source), "{source}");
        }
        assert_eq!(Text::markup("").svg(9.0), "");
    }

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(escape("<a href=\"x\">&'\u{0}\u{1b}"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
