//! How many events of each member are streamed.

use std::sync::Arc;

use amplicast_sdk::{Error, Member, Result};

use crate::pipeline::posterior::{SetRow, Views};

/// How many events of each member are streamed.
pub struct Length {
    /// Of each.
    pub events: u64,
    /// Whether members have more.
    pub part: bool,
    /// What the user should know of it.
    pub warning: Option<String>,
}

/// Events a member: n_gen, or what members of one length have; [`SetRow::measured`] tells.
pub fn stream_length(
    row: &SetRow<'_>,
    measured: &[Arc<dyn Member>],
    views: &Views<'_, '_>,
) -> Result<Length> {
    let (name, n_gen) = (&row.training.name, row.setting.experiment.experiment.n_gen);
    let capacities: Option<Vec<(u64, usize)>> =
        measured.iter().enumerate().map(|(i, member)| Some((member.capacity()?, i))).collect();
    let capacities = capacities.unwrap_or_default();
    let Some((&(least, shortest), &(most, longest))) = capacities.iter().min().zip(capacities.iter().max())
    else {
        return Ok(Length { events: n_gen, part: false, warning: None });
    };
    // A file that ends early is, more often than not, one whose writing was cut off.
    if least < n_gen && least < most {
        let message = format!(
            "expected {most} events as in {}, found {least}; a smaller n_gen takes as many of each member",
            row.place(longest, capacities.len())?
        );
        return Err(Error::data(message).at(row.place(shortest, capacities.len())?));
    }
    let left = views.left_to_stream(least);
    if left == 0 {
        return Err(Error::data(format!("{name}: expected events in member {}, found none", shortest + 1)));
    }
    let warning = if least < n_gen {
        Some(format!(
            "{name}: members have {least} events, fewer than the {n_gen} that are asked for: {left} are used"
        ))
    } else if left < n_gen {
        Some(format!(
            "{name}: members have {least} events, of which summaries are fitted to the last {}",
            least - left
        ))
    } else {
        None
    };
    if let Some(warning) = &warning {
        row.setting.session.progress.say(&format!("warning: {warning}"));
    }
    Ok(Length { events: n_gen.min(left), part: n_gen.min(left) < most, warning })
}
