//! Its label is not its name.

use crate::honest::{Column, SummaryFault, fault};

fault!(
    SummaryFault,
    WrongLabel,
    Column,
    register_summary,
    "summary-wrong-label",
    "Its label is not its name",
    {
        fn label(&self) -> String {
            "another-summary".into()
        }
    }
);
