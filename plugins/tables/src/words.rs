//! Names of columns as words.

/// The words of a name in lower case: parts at separators, at digits, and where a capital follows a small letter.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for c in name.chars() {
        let joins = last.is_some_and(|last| {
            last.is_alphanumeric()
                && last.is_ascii_digit() == c.is_ascii_digit()
                && !(last.is_lowercase() && c.is_uppercase())
        });
        if c.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if joins => word.extend(c.to_lowercase()),
                _ => words.push(c.to_lowercase().collect()),
            }
        }
        last = Some(c);
    }
    words
}
