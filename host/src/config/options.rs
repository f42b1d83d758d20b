//! Options of the command line that stand for an experiment which nobody wrote: what is wrong with it is said of them.

use serde_json::Value;

/// Which option a value of the experiment comes from: paths without the numbers of tables, and options.
pub type Options = &'static [(&'static str, &'static str)];

/// What an error at `path` is about, in the words of the command line; nothing if no option is to blame.
///
/// Of tables that one option makes each, the option's own text, which is their name, says which one is meant.
pub fn in_options(options: Options, json: &Value, path: &str) -> Option<String> {
    let (plain, number) = without_table_number(path);
    let inside = |prefix: &str| {
        plain.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let (prefix, option) =
        options.iter().filter(|(prefix, _)| inside(prefix)).max_by_key(|(p, _)| p.len())?;
    let rest = plain[prefix.len()..].trim_start_matches('.');
    let name = number.and_then(|i| json.get(*prefix)?.get(i)?.get("name")?.as_str());
    match (name, rest) {
        (Some(name), "") => Some(format!("{option} {name}")),
        (Some(name), rest) => Some(format!("{option} {name}: {rest}")),
        // The place within a list of options' values is told by the value that the message shows.
        (None, _) => Some((*option).to_string()),
    }
}

/// `summary[1].particles[0]` as `summary.particles[0]`, and 1.
fn without_table_number(path: &str) -> (String, Option<usize>) {
    let Some((table, rest)) = path.split_once('[') else { return (path.into(), None) };
    match rest.split_once(']') {
        Some((number, rest)) if !table.contains('.') => (format!("{table}{rest}"), number.parse().ok()),
        _ => (path.into(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_called_by_its_option() {
        let options: Options =
            &[("dataset.train", "--train"), ("summary", "--summary"), ("metric.intervals", "--region")];
        let json = json!({"summary": [{"name": "radius"}, {"name": "ht:0,7"}], "metric": [{"name": "0:1"}]});
        let said = |path| in_options(options, &json, path);
        assert_eq!(said("dataset.train").as_deref(), Some("--train"));
        assert_eq!(said("summary[1].particles[1]").as_deref(), Some("--summary ht:0,7: particles[1]"));
        assert_eq!(said("summary[0]").as_deref(), Some("--summary radius"));
        assert_eq!(said("metric[0].intervals[2]").as_deref(), Some("--region"));
        // No option is to blame, and none whose name only begins alike.
        for path in ["dataset", "dataset.training", "", "metric[0]"] {
            assert_eq!(said(path), None, "{path}");
        }
    }
}
