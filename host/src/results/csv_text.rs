//! Text in a CSV file: names are whatever an experiment says, and its reader may be a spreadsheet or a terminal.

use std::borrow::Cow;

use serde::Serializer;

use crate::terminal::written_out;

/// Writes text into a cell.
pub fn text_cell<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&inert(text))
}

/// The text as nothing that a program acts on: control characters are written out, and an apostrophe stands before what a
/// spreadsheet would take for a formula.
fn inert(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@']);
    if !formula && !text.contains(char::is_control) {
        return text.into();
    }
    let apostrophe = if formula { "'" } else { "" };
    std::iter::once(apostrophe.to_string()).chain(text.chars().map(written_out)).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn text_is_no_formula_and_no_command() {
        for text in ["ring", "[0, 0.5)", "p_T = 3", "a-b", "μ", "", "'quoted'", "x@y"] {
            assert_eq!(inert(text), text);
        }
        assert_eq!(inert("=1+1"), "'=1+1");
        assert_eq!(inert("+x"), "'+x");
        assert_eq!(inert("-x"), "'-x");
        assert_eq!(inert("@x"), "'@x");
        assert_eq!(inert("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
    }
}
