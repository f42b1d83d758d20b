//! Messages about keys and values, in the words of somebody who writes TOML, with the nearest name.

/// What a user of this field looks for under these names, and finds elsewhere.
const ELSEWHERE: [(&[&str], &str); 6] = [
    (
        &["weight", "weights", "event_weights"],
        "event weights are those of a file: `weights = \"COLUMN\"` (or `weights_file`) under [dataset] with plugin = \"events-file\", of generated \
         events under [[generator]] with plugin = \"samples\"",
    ),
    (
        &["condition", "conditions", "conditional"],
        "given columns or particles are `condition = [\"NAME\", ...]` of `autoregressive`, `flow-transformer` and `gaussian-fit`; other generators take none",
    ),
    (
        &["group", "groups", "event_groups"],
        "events that belong together are those of a file: `groups = \"COLUMN\"` (or `groups_file`) under [dataset] with plugin = \"events-file\"",
    ),
    (
        &["pytorch"],
        "a network in PyTorch is a class in Python (`python`), a TorchScript module (`torchscript`), or brings files that it generated \
         (`samples`)",
    ),
    (
        &[
            "torchscript",
            "autoregressive-torch",
            "flow-transformer-torch",
            "flow-lgatr-torch",
            "flow-lgatr-slim-torch",
            "flow-lloca-torch",
        ],
        "its plugin needs libtorch: `pip install 'amplicast[torch]'` beside the Python package, `cargo xtask setup --torch` and a build in a checkout",
    ),
    (
        &["root", "tree", "root-file"],
        "ROOT files are converted first: `amplicast convert FILE.root events.parquet --tree NAME --branches ...`",
    ),
];

/// What to say of a name that stands for a feature that is elsewhere.
pub fn elsewhere(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(names, _)| names.contains(&name)).map(|(_, message)| *message)
}

/// Says serde's "invalid type: string "x", expected u64" to somebody who writes TOML.
pub(super) fn in_words(message: &str) -> String {
    let plain = [
        ("u64", "a whole number, 0 or more"),
        ("u32", "a whole number, 0 or more"),
        ("usize", "a whole number, 0 or more"),
        ("f64", "a number"),
        ("f32", "a number"),
        ("a boolean", "true or false"),
        ("a string", "text"),
        ("a sequence", "a list"),
        ("a map", "a table"),
    ];
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return message.to_string();
    };
    let expected = plain.iter().find(|(rust, _)| *rust == expected).map_or(expected, |(_, words)| words);
    let kinds = [
        ("string ", "text "),
        ("floating point ", ""),
        ("integer ", ""),
        ("boolean ", ""),
        ("sequence", "a list"),
        ("map", "a table"),
    ];
    let kind = kinds.iter().find_map(|(rust, words)| Some((words, found.strip_prefix(rust)?)));
    let found = kind.map_or_else(|| found.to_string(), |(words, rest)| format!("{words}{rest}"));
    format!("expected {expected}, found {found}")
}

/// Adds the nearest allowed name to serde's "unknown field `x`, expected one of `a`, `b`".
pub(super) fn with_suggestion(message: &str) -> String {
    let Some((head, tail)) = message.split_once(", ").filter(|(head, _)| head.starts_with("unknown ")) else {
        return message.to_string();
    };
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>();
    let Some(wrong) = quoted(head).into_iter().next() else { return message.to_string() };
    if let Some(reason) = elsewhere(&wrong) {
        return format!("{message}; {reason}");
    }
    let names = quoted(tail);
    let near = nearest(&wrong, &names);
    let message = if names.len() > MOST_NAMES {
        format!("{head}, {}", shortened(&wrong, names.clone()))
    } else {
        message.into()
    };
    near.map_or(message.clone(), |name| format!("{message}; did you mean `{name}`?"))
}

/// Most allowed names that an error lists: more of them hide what is wrong.
const MOST_NAMES: usize = 16;

/// The names that are most like the wrong one, and how many others there are.
fn shortened(wrong: &str, mut names: Vec<String>) -> String {
    let others = names.len() - 3;
    names.sort_by_cached_key(|name| strsim::damerau_levenshtein(wrong, name));
    let list: Vec<String> = names[..3].iter().map(|name| format!("`{name}`")).collect();
    format!("expected one of {} and {others} others", list.join(", "))
}

/// The name that is most like `wrong`, if one is alike.
pub fn nearest<'a>(wrong: &str, names: &'a [String]) -> Option<&'a str> {
    names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3 && *distance < name.len())
        .map(|(_, name)| name.as_str())
}
