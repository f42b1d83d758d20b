//! What the program writes to its standard output and error.
//!
//! `println!` and `eprintln!` of the standard library panic when nobody reads any more, as after `amplicast check x.toml |
//! head -1`. Those of this module, which stand for them in the whole crate, go on: a reader that has seen enough is no fault.

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{ErrorKind, Result, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes a line to standard output; see the module.
macro_rules! println {
    () => { $crate::terminal::out(::std::format_args!("")) };
    ($($text:tt)*) => { $crate::terminal::out(::std::format_args!($($text)*)) };
}

/// Writes a line to standard error; see the module.
macro_rules! eprintln {
    () => { $crate::terminal::err(::std::format_args!("")) };
    ($($text:tt)*) => { $crate::terminal::err(::std::format_args!($($text)*)) };
}

/// Whether something that was asked for could not be written, by another fault than that nobody reads.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a line to standard output. A full disk behind it is said once, and remembered.
pub fn out(line: Arguments<'_>) {
    let Err(error) = write(&mut std::io::stdout().lock(), line, width()) else { return };
    if error.kind() != ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::SeqCst) {
        err(format_args!("error: cannot write to standard output: {error}"));
    }
}

/// Writes a line to standard error; that it cannot be written can be said nowhere.
pub fn err(line: Arguments<'_>) {
    let _ = write(&mut std::io::stderr().lock(), line, error_width());
}

/// Whether standard output lacks something that the user asked for.
pub fn lost() -> bool {
    LOST.load(Ordering::SeqCst)
}

/// Columns of the terminal that standard output goes to; none if it goes elsewhere, where a line may be as long as it is.
pub fn width() -> Option<usize> {
    comfy_table::Table::new().width().map(usize::from)
}

/// The same of standard error.
pub fn error_width() -> Option<usize> {
    comfy_table::Table::new().use_stderr().width().map(usize::from)
}

/// A name on one line, its control characters written out: it can stand for nothing but itself.
pub fn one_line(name: &str) -> String {
    name.chars().map(written_out).collect()
}

/// A character as itself, or as its escape if a terminal would obey it.
pub fn written_out(c: char) -> String {
    if c.is_control() { c.escape_default().collect() } else { c.to_string() }
}

/// Most characters of a name that are shown; what is cut out of a longer one is marked.
const SHOWN: usize = 120;

/// A name for people: on one line, without the control characters that a terminal obeys, and not longer than can be read.
pub fn shown(name: &str) -> String {
    let characters: Vec<String> = name.chars().map(written_out).collect();
    if characters.len() <= SHOWN {
        return characters.concat();
    }
    let half = SHOWN / 2;
    format!("{}…{}", characters[..half].concat(), characters[characters.len() - half..].concat())
}

/// Text whose control characters, but for the ends of lines and tabs, are written out: whatever stands in a file or is said by a
/// plugin, it cannot move the cursor or name the window.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(obeyed) {
        return text.into();
    }
    text.chars().map(|c| if obeyed(c) { written_out(c) } else { c.to_string() }).collect()
}

fn write(to: &mut impl Write, line: Arguments<'_>, width: Option<usize>) -> Result<()> {
    let text = line.to_string();
    let text = harmless(&text);
    match width {
        Some(width) => writeln!(to, "{}", fitted(&text, width))?,
        None => writeln!(to, "{text}")?,
    }
    to.flush()
}

/// The text with lines that a terminal would break anywhere broken between words; what follows is indented.
pub fn fitted(text: &str, width: usize) -> String {
    let line = |line: &str| {
        let start = line.trim_start();
        let indent = line.chars().count() - start.chars().count();
        // A line of an experiment with its caret below it, and of JSON, is what it is.
        let excerpt = start
            .split_once('|')
            .is_some_and(|(number, _)| number.trim().parse::<u64>().is_ok() || number.trim().is_empty());
        if line.chars().count() <= width || excerpt || start.starts_with(['"', '{', '}', '[', ']']) {
            return line.to_string();
        }
        let hanging = " ".repeat(indent + 2);
        let lines = wrapped(start, width.saturating_sub(indent + 2).max(1));
        format!("{}{}", " ".repeat(indent), lines.join(&format!("\n{hanging}")))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Lines of whole words; one that is longer than a line has a line of its own.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = line.chars().count() + 1 + word.chars().count();
            if line.is_empty() {
                line = word.into();
            } else if longer <= width {
                line += " ";
                line += word;
            } else {
                lines.push(std::mem::replace(&mut line, word.into()));
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{fitted, harmless, shown};

    #[test]
    fn a_name_is_shown_on_one_line_and_cannot_speak_to_the_terminal() {
        assert_eq!(shown("ring μ"), "ring μ");
        assert_eq!(shown("a\nb\u{1b}]0;x\u{7}"), "a\\nb\\u{1b}]0;x\\u{7}");
        let long = shown(&format!("{}{}", "a".repeat(500), "z".repeat(500)));
        assert_eq!(long, format!("{}…{}", "a".repeat(60), "z".repeat(60)));
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        let text =
            "warning: the true G lies below the interval\n  report: runs/ring/report.html and more\nshort";
        let expected = "warning: the true\n  G lies below the\n  interval\n  report:\n    runs/ring/report.html\n    and more\nshort";
        assert_eq!(fitted(text, 20), expected);
        assert_eq!(fitted(text, 80), text);
    }

    #[test]
    fn text_cannot_speak_to_the_terminal() {
        assert_eq!(harmless("a\n\tμ"), "a\n\tμ");
        assert_eq!(harmless("\u{1b}]0;owned\u{7}\r\u{9b}2J\n"), "\\u{1b}]0;owned\\u{7}\\r\\u{9b}2J\n");
    }

    #[test]
    fn an_excerpt_and_its_caret_stay_as_they_are() {
        let text =
            " 14 | segments = [\"*.weight\", \"haed.weight\"]\n    |                         ^^^^^^^^^^^^^";
        assert_eq!(fitted(text, 20), text);
    }
}
