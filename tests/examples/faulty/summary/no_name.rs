//! Its number has no name.

use amplicast_sdk::Schema;

use crate::honest::{Column, SummaryFault, fault};

fault!(SummaryFault, NoName, Column, register_summary, "summary-no-name", "Its number has no name", {
    fn numbers(&self, _: &Schema) -> Vec<String> {
        vec![String::new()]
    }
});
