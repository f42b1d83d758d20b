//! What the names of columns say: which are row numbers and which are weights.

use amplicast_sdk::{Error, Result};

/// Columns of a file that are used, and what there is to say about the choice.
#[derive(Debug, Default, PartialEq)]
pub struct Chosen {
    /// Which of the file's columns, in the order of use.
    pub numbers: Vec<usize>,
    /// What a user should know of it.
    pub notes: Vec<String>,
}

/// The `wanted` columns of a file in that order, or all but row numbers; refuses weights and a name that two columns have.
///
/// `indices` are columns that the file itself says are row labels; `integer` tells whether a column holds integers.
pub fn choose_columns(
    names: &[String],
    wanted: Option<&[String]>,
    indices: &[String],
    integer: impl Fn(usize) -> bool,
) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    match wanted {
        Some(wanted) => {
            for name in wanted {
                let number = names.iter().position(|n| n == name).ok_or_else(|| {
                    Error::config(
                        "columns",
                        format!("expected columns out of {}, found `{name}`", names.join(", ")),
                    )
                })?;
                chosen.numbers.push(number);
            }
        }
        None => {
            for (number, name) in names.iter().enumerate() {
                if indices.contains(name) || is_index(name, || integer(number)) {
                    chosen.notes.push(format!(
                        "the column `{name}` is left out: it holds row numbers of a table (its index), no feature; name it in \
                         `columns` if it is one"
                    ));
                } else {
                    chosen.numbers.push(number);
                }
            }
            if chosen.numbers.is_empty() {
                return Err(Error::data(
                    "expected columns of numbers, found none but row numbers (an index)",
                ));
            }
        }
    }
    for &number in &chosen.numbers {
        let name = &names[number];
        refuse_weights("columns", name)?;
        if names.iter().filter(|other| *other == name).count() > 1 {
            return Err(Error::data(format!(
                "column `{name}`: expected one column of each name, found several; rename them in the file"
            )));
        }
    }
    Ok(chosen)
}

/// Refuses an array or a column of weights by its name; `field` is where the configuration chooses it.
pub fn refuse_weights(field: &str, name: &str) -> Result<()> {
    if is_weight(name) {
        return Err(Error::config(
            field,
            format!(
                "expected features of events, found `{name}`: event weights are not supported yet, and G of unweighted events \
                 is another one; if all weights are equal, leave it out by naming the wanted `columns`"
            ),
        ));
    }
    Ok(())
}

/// Whether a name is one of event weights: `weight`, `mc_weight`, `genWeight`, `LHEWeight_originalXWGTUP`.
pub fn is_weight(name: &str) -> bool {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    letters.contains("weight") || letters.contains("wgt") || letters == "wt" || letters == "wts"
}

/// Whether a column without a word from its file is the index of a data frame, by the names that libraries give it.
fn is_index(name: &str, integer: impl Fn() -> bool) -> bool {
    // Parquet files of pandas; comma-separated ones that were read again; records and frames with `reset_index`.
    let numbered = |prefix: &str, end: &str| {
        name.strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    numbered("__index_level_", "__")
        || numbered("Unnamed: ", "") && integer()
        || (name == "index" || numbered("level_", "")) && integer()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(names: &[&str], wanted: Option<&[&str]>, indices: &[&str]) -> Result<Chosen> {
        let own = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        choose_columns(&own(names), wanted.map(own).as_deref(), &own(indices), |_| true)
    }

    #[test]
    fn row_numbers_are_left_out_unless_they_are_asked_for() {
        let chosen = choose(&["pt", "__index_level_0__", "eta"], None, &[]).unwrap();
        assert_eq!(chosen.numbers, [0, 2]);
        assert!(chosen.notes[0].contains("`__index_level_0__` is left out"), "{:?}", chosen.notes);
        assert_eq!(choose(&["index", "pt"], None, &[]).unwrap().numbers, [1]);
        assert_eq!(choose(&["Unnamed: 0", "pt"], None, &[]).unwrap().numbers, [1]);
        assert_eq!(choose(&["pt", "event"], None, &["event"]).unwrap().numbers, [0]);
        let chosen = choose(&["pt", "event"], Some(&["event"]), &["event"]).unwrap();
        assert_eq!(chosen, Chosen { numbers: vec![1], notes: vec![] });
        assert!(
            choose(&["index"], None, &[]).unwrap_err().to_string().contains("found none but row numbers")
        );
        // Of floating-point numbers it may be a feature.
        let names = ["index".to_string()];
        assert_eq!(choose_columns(&names, None, &[], |_| false).unwrap().numbers, [0]);
    }

    #[test]
    fn weights_are_refused_by_name() {
        for name in [
            "weight",
            "Weights",
            "event_weight",
            "mc_weight",
            "genWeight",
            "mcEventWeight",
            "LHEWeight_originalXWGTUP",
            "evt_wgt",
            "weight_nominal",
        ] {
            let error = choose(&["pt", name], None, &[]).unwrap_err();
            assert_eq!(error.place(), "columns");
            assert!(error.message().contains(&format!("`{name}`: event weights are not supported yet")));
        }
        assert_eq!(choose(&["pt", "weight"], Some(&["pt"]), &[]).unwrap().numbers, [0]);
        for name in ["height", "w", "width", "eta", "wt_jet"] {
            assert!(!is_weight(name), "{name}");
        }
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let error = choose(&["a", "a", "b"], None, &[]).unwrap_err().to_string();
        assert!(error.starts_with("column `a`: expected one column of each name, found several"), "{error}");
        assert_eq!(choose(&["a", "a", "b"], Some(&["b"]), &[]).unwrap().numbers, [2]);
    }
}
