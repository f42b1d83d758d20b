//! One member's comparison that stands for those of all.

use std::collections::BTreeMap;

use amplicast_sdk::Result;

use super::curve::Curves;
use crate::pipeline::observe::Columns;
use crate::pipeline::plan::Place;
use crate::pipeline::posterior::OwnColumns;

/// For each metric the comparison of one member, the one with the median number of reference events; it is used for all members.
///
/// Members differ in these numbers only where a selection cuts on what is another function for each of them.
pub fn speaking_for_all(mut own: OwnColumns<'_, '_>, curves: &Curves) -> Result<Columns> {
    let mut all = Columns::default();
    let Some(first) = own.first.take() else { return Ok(all) };
    let mut prepared: BTreeMap<usize, Columns> = BTreeMap::from([(0, first)]);
    for &name in &own.names {
        let Some(Ok(list)) = curves.get(&Place::Metric(name)) else { continue };
        let mut numbers: Vec<(u64, usize)> = list
            .iter()
            .enumerate()
            .map(|(i, curve)| (curve.own.as_ref().map_or(0, |truth| truth.n_reference), i))
            .collect();
        numbers.sort_unstable();
        let median = numbers[numbers.len() / 2].0;
        let speaker = numbers.iter().find(|(n, _)| *n == median).map_or(0, |(_, i)| *i);
        if !prepared.contains_key(&speaker) {
            let member = own.pair.member(own.posterior, speaker as u64)?;
            let seen = own.of_member(&*member, speaker as u64, true)?;
            prepared.extend(seen.columns.map(|columns| (speaker, columns)));
        }
        if let Some(found) = prepared.get_mut(&speaker).and_then(|columns| columns.metrics.remove(&name)) {
            all.metrics.insert(name, found);
        }
    }
    if let Some(first) = prepared.remove(&0) {
        // Of a column that failed the first member tells why.
        first.metrics.into_iter().for_each(|(name, found)| _ = all.metrics.entry(name).or_insert(found));
        all.histograms = first.histograms;
    }
    Ok(all)
}
