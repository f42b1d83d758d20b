//! Names of plugins: those of a crate, of a component, and of a class in Python.

use amplicast_sdk::{Error, Result};

/// Longest name of a crate that registries take.
const LONGEST: usize = 64;

/// What cargo refuses as the name of a package, or what would shadow a crate that every program has; and the SDK itself.
const TAKEN: [&str; 52] = [
    "abstract",
    "alloc",
    "amplicast",
    "amplicast-sdk",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "unsafe",
    "use",
];

/// Refuses what cannot be the name of a crate and of a component: lower case, words joined by `-`.
pub fn check_name(name: &str) -> Result<()> {
    let wrong = |found: String| {
        let expected = "expected lower-case letters, digits and single `-` between them, a letter first, such as `my-flow`";
        Err(Error::config("NAME", format!("{expected}; found {found}")))
    };
    let quoted = name.escape_debug();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(allowed) {
        return wrong(format!("`{quoted}`"));
    }
    if name.ends_with('-') || name.contains("--") {
        return wrong(format!("`{quoted}`"));
    }
    if name.len() > LONGEST {
        return wrong(format!("{} letters, of which {LONGEST} are allowed", name.len()));
    }
    if TAKEN.contains(&name) {
        return wrong(format!("`{name}`, which Rust or amplicast has for itself"));
    }
    Ok(())
}

/// The module of Python of this name: `my_flow`.
pub fn module(name: &str) -> String {
    name.replace('-', "_")
}

/// The class of this name: `MyFlow`.
pub fn class(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1.min(word.len()));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_crates_and_components() {
        for name in ["x", "my-flow", "flow2", "a-b-c", &"a".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "a".repeat(65);
        for name in
            ["", "My", "2d", "-a", "a-", "a--b", "a_b", "a b", "é", "../a", "a/b", "fn", "test", &long]
        {
            let error = check_name(name).unwrap_err();
            assert!(error.to_string().starts_with("NAME: expected lower-case letters"), "{name}: {error}");
        }
    }

    #[test]
    fn a_class_is_its_words() {
        assert_eq!((class("my-flow"), module("my-flow")), ("MyFlow".into(), "my_flow".into()));
        assert_eq!(class("x"), "X");
    }
}
