//! The order in which members' events come.

use amplicast_sdk::Result;

use super::curve::{Curves, MemberCurve, Ordered};
use crate::inspection::Runs;
use crate::pipeline::plan::Place;
use crate::pipeline::posterior::{Posterior, SetRow};

/// By summary and selection, what is to be said of the order of the members' events; an error where only a part of them was
/// taken, which is no random one.
pub fn ordered(
    row: &SetRow<'_>,
    curves: &Curves,
    posterior: &Posterior,
    part: bool,
) -> Result<(Ordered, Vec<String>)> {
    let (mut refused, mut warnings) = (Ordered::new(), Vec::new());
    for (place, list) in curves {
        let (Place::Order(summary, selection), Ok(list)) = (place, list) else { continue };
        let matters = |(i, curve): (usize, &MemberCurve)| {
            let order = Runs::order(curve.values.last()?)?;
            order.matters().then_some((order.ratio, i))
        };
        let found: Vec<(f64, usize)> = list.iter().enumerate().filter_map(matters).collect();
        let Some(&(ratio, i)) = found.iter().min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        let name = &row.setting.components.summaries[*summary].name;
        let text = format!(
            "the events of {} member(s), {} among them, come in an order: `{name}` changes its side or turns {ratio:.2} times as \
             often as for independent events",
            found.len(),
            row.place(i, posterior.members.parameters.len())?
        );
        if part {
            let text = format!("{text}; the first events are no random part: shuffle them, or take all");
            refused.insert((*summary, *selection), text);
        } else {
            warnings.push(format!(
                "{text}; all are taken, so the result stands, but curves at fewer events do not"
            ));
        }
    }
    Ok((refused, warnings))
}
