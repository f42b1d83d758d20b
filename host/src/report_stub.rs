//! Stand-in until the report is there.
use crate::results::*;
pub fn table(r: &Results) -> String {
    let mut s = String::new();
    for c in &r.cells {
        s.push_str(&format!(
            "{:?}\n   {:?} {:?}\n",
            c.name,
            c.overall,
            c.replicas.first().map(|r| (
                &r.estimate.verdict,
                r.estimate.g,
                r.estimate.interval_68,
                r.estimate.interval_95
            ))
        ));
    }
    s
}
pub fn cell_title(n: &CellName) -> String {
    format!("{n:?}")
}
pub fn write(
    _: &Results,
    _: &serde_json::Value,
    _: &str,
    f: &std::path::Path,
) -> amplicast_sdk::Result<std::path::PathBuf> {
    Ok(f.join("report.html"))
}
