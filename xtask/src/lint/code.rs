//! Rust source without what is not code.

/// The source with comments, strings and character literals blanked out; lines stay where they are.
pub fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let inside_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let blank = comment(rest).or_else(|| raw_string(rest, inside_word)).or_else(|| quoted(rest));
        let (skipped, kept) = rest.split_at(blank.unwrap_or(first.len_utf8()));
        if blank.is_some() {
            code.extend(skipped.chars().map(|c| if c == '\n' { c } else { ' ' }));
        } else {
            code.push(first);
        }
        rest = kept;
    }
    code
}

/// Length of the comment that `text` starts with; block comments nest.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    loop {
        let here = &text[at..];
        let Some(next) = here.chars().next() else { return Some(at) };
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += next.len_utf8();
        }
    }
}

/// Length of the raw string (`r"..."`, `br#"..."#`) that `text` starts with.
fn raw_string(text: &str, inside_word: bool) -> Option<usize> {
    let prefix = ["r", "br", "cr"].iter().find(|prefix| text.starts_with(**prefix))?.len();
    let hashes = text[prefix..].bytes().take_while(|byte| *byte == b'#').count();
    let start = prefix + hashes;
    if inside_word || !text[start..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = start + 1;
    Some(text[body..].find(&end).map_or(text.len(), |at| body + at + end.len()))
}

/// Length of the string or character literal that `text` starts with.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c))?;
    if quote == '\'' {
        // 'a is a lifetime, 'a' a character.
        let mut next = text.chars().skip(1);
        let (inside, after) = (next.next()?, next.next());
        if inside != '\\' && after != Some('\'') {
            return None;
        }
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::code_only;

    fn words(source: &str) -> Vec<String> {
        code_only(source).split_whitespace().map(String::from).collect()
    }

    #[test]
    fn comments_go() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), ["a", "c", "g"]);
    }

    #[test]
    fn literals_go_and_lifetimes_stay() {
        assert_eq!(words(r#"a "b \" // c" d '"' e '\'' f &'g h"#), ["a", "d", "e", "f", "&'g", "h"]);
        assert_eq!(words("a r#\"b \" c\"# d br\"e\\\" f r#type"), ["a", "d", "f", "r#type"]);
    }

    #[test]
    fn lines_stay_where_they_are() {
        assert_eq!(code_only("a\n/* \n */\n\"\n\"\nb").lines().position(|line| line == "b"), Some(5));
    }
}
