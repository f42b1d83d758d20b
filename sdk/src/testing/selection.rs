//! Which tests are run.

use super::suite::Case;
use crate::parameters::glob;

/// Which tests of which components are run: all by default.
///
/// A pattern is the name of a component or of a test, or `COMPONENT:TEST`; `*` stands for any text.
///
/// ```
/// use amplicast_sdk::testing::Selection;
/// let selection = Selection { include: vec!["flow-*:sample-*".into()], exclude: vec!["density".into()] };
/// assert!(selection.takes("flow-lgatr", "sample-seed"));
/// assert!(!selection.takes("flow-lgatr", "density"));
/// assert!(!selection.takes("ks", "null-law"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only tests that one of these patterns fits; empty for all.
    pub include: Vec<String>,
    /// No test that one of these patterns fits.
    pub exclude: Vec<String>,
}

impl Selection {
    /// Whether this test of this component is run.
    pub fn takes(&self, component: &str, test: &str) -> bool {
        let fits = |pattern: &String| match pattern.split_once(':') {
            Some((of_component, of_test)) => glob(of_component, component) && glob(of_test, test),
            None => glob(pattern, component) || glob(pattern, test),
        };
        (self.include.is_empty() || self.include.iter().any(fits)) && !self.exclude.iter().any(fits)
    }

    /// Of these cases those that are run; refuses a selection of none.
    pub fn of<'a>(&self, cases: Vec<Case<'a>>) -> crate::Result<Vec<Case<'a>>> {
        let mut names: Vec<String> =
            cases.iter().flat_map(|c| [c.component().to_string(), c.test().name.to_string()]).collect();
        let taken: Vec<Case<'a>> =
            cases.into_iter().filter(|case| self.takes(case.component(), case.test().name)).collect();
        if taken.is_empty() && !names.is_empty() {
            names.sort();
            names.dedup();
            return Err(crate::Error::config(
                "",
                format!(
                    "no test is left: expected patterns such as `NAME`, `COMPONENT:TEST` with `*` for any text; the names \
                     are {}",
                    names.join(", ")
                ),
            ));
        }
        Ok(taken)
    }
}
