//! Which of a file's columns are used.

use amplicast_sdk::{Error, Result};

use crate::row_numbers::{Values, is_row_number};
use crate::weights::{is_weight, refuse_weights};

/// Columns of a file that are used, and what there is to say about the choice.
#[derive(Debug, Default, PartialEq)]
pub struct Chosen {
    /// Which of the file's columns, in the order of use.
    pub numbers: Vec<usize>,
    /// What a user should know of it.
    pub notes: Vec<String>,
}

/// What is asked for of a file's columns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// These, in this order; all that are features if there are none.
    pub columns: Option<&'a [String]>,
    /// Event weights, which are no feature, and which may be asked for.
    pub weights: Option<&'a str>,
    /// Numbers of groups of events, likewise.
    pub groups: Option<&'a str>,
}

/// The `wanted` columns of a file in that order, or all but row numbers and weights; refuses other weights and a name that two columns have.
///
/// `indices` are columns that the file itself says are row labels; `values` looks at a column.
pub fn choose_columns(
    names: &[String],
    Wanted { columns: wanted, weights, groups }: Wanted<'_>,
    indices: &[String],
    values: impl Fn(usize) -> Values,
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
                if [weights, groups].contains(&Some(name)) {
                    continue;
                }
                if weights.is_some() && is_weight(name) {
                    chosen.notes.push(format!(
                        "the column `{name}` is left out: it is called like event weights, which are `{}`; name it in `columns` if \
                         it is a feature",
                        weights.unwrap_or_default()
                    ));
                    continue;
                }
                let declared = indices.contains(name);
                if is_row_number(name, declared, || values(number)) {
                    chosen.notes.push(format!(
                        "the column `{name}` is left out: it holds numbers of rows or events (an index), no feature; name it in \
                         `columns` if it is one"
                    ));
                    continue;
                }
                if declared {
                    chosen.notes.push(format!(
                        "the column `{name}` is a feature: the file says that it is the table's index, but it holds no row numbers; \
                         name the wanted `columns` if it is none"
                    ));
                }
                chosen.numbers.push(number);
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
        if weights != Some(name) {
            refuse_weights("columns", name, wanted.is_some(), chosen.numbers.len() == 1)?;
        }
        if names.iter().filter(|other| *other == name).count() > 1 {
            return Err(Error::data(format!(
                "column `{name}`: expected one column of each name, found several; rename them in the file"
            )));
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(names: &[&str], wanted: Option<&[&str]>, indices: &[&str]) -> Result<Chosen> {
        let own = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let counted = |_| Values::Numbers((0..9).map(f64::from).collect());
        let wanted = wanted.map(own);
        let wanted = Wanted { columns: wanted.as_deref(), ..Wanted::default() };
        choose_columns(&own(names), wanted, &own(indices), counted)
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
        // Of floating-point numbers it is a feature, even if the file says that it is an index.
        let names = ["pt".to_string(), "n".to_string()];
        let chosen =
            choose_columns(&names, Wanted::default(), &names[1..], |_| Values::Numbers(vec![0.5, 0.25]))
                .unwrap();
        assert_eq!(chosen.numbers, [0, 1]);
        assert!(chosen.notes[0].starts_with("the column `n` is a feature"), "{:?}", chosen.notes);
    }

    #[test]
    fn weights_are_refused_by_name() {
        for name in ["weight", "w_mc", "w", "sf_btag"] {
            let error = choose(&["pt", name], None, &[]).unwrap_err();
            assert_eq!(error.place(), "columns");
            assert!(error.message().contains(&format!("say `weights = \"{name}\"`")), "{error}");
        }
        // One letter may be a feature, if the user says so.
        assert_eq!(choose(&["pt", "w"], Some(&["w", "pt"]), &[]).unwrap().numbers, [1, 0]);
        assert!(choose(&["pt", "weight"], Some(&["weight"]), &[]).is_err());
        assert_eq!(choose(&["pt", "weight"], Some(&["pt"]), &[]).unwrap().numbers, [0]);
    }

    #[test]
    fn weights_that_are_named_are_no_feature() {
        let names = ["pt", "weight", "eta"].map(str::to_string);
        let chosen = |columns: Option<&[String]>| {
            let wanted = Wanted { columns, weights: Some("weight"), groups: None };
            choose_columns(&names, wanted, &[], |_| Values::Unread).unwrap().numbers
        };
        assert_eq!(chosen(None), [0, 2]);
        assert_eq!(chosen(Some(&names[1..2])), [1]);
        // What else is called like weights is left out, and said.
        let other = Wanted { weights: Some("pt"), ..Wanted::default() };
        let found = choose_columns(&names, other, &[], |_| Values::Unread).unwrap();
        assert_eq!((found.numbers, found.notes.len()), (vec![2], 1));
        let both = Wanted { weights: Some("weight"), groups: Some("pt"), ..Wanted::default() };
        let found = choose_columns(&names, both, &[], |_| Values::Unread).unwrap();
        assert_eq!((found.numbers, found.notes.len()), (vec![2], 0));
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let error = choose(&["a", "a", "b"], None, &[]).unwrap_err().to_string();
        assert!(error.starts_with("column `a`: expected one column of each name, found several"), "{error}");
        assert_eq!(choose(&["a", "a", "b"], Some(&["b"]), &[]).unwrap().numbers, [2]);
    }
}
