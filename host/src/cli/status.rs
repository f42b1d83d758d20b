//! `amplicast status`: how far a workflow is.

use std::time::Duration;

use super::arguments::StatusCommand;
use super::job::EXPERIMENT;
use super::process::usage;
use super::run::STAGES;
use crate::exit::EXIT_OK;
use crate::pipeline::Job;
use crate::report::Columns;
use crate::terminal::{self, harmless, shown};
use crate::workflow::{Asked, Record, Status, status as look};

/// Lines of jobs that failed, and of those that are lost.
const LISTED: usize = 10;

/// Runs the command.
pub fn status(command: &StatusCommand) -> u8 {
    match Asked::read(&command.run) {
        Err(error) => usage(error),
        Ok(asked) => {
            let run = &command.run;
            let found = look(run, &asked, &run.join(STAGES), &run.join(EXPERIMENT));
            println!("{}", text(&asked, &found).trim_end());
            EXIT_OK
        }
    }
}

fn text(asked: &Asked, status: &Status) -> String {
    let rows = &asked.jobs.rows;
    let (sets, experiment) = (asked.jobs.training_sets, shown(&asked.experiment));
    let mut out = format!("{experiment}: {} row(s) on {sets} training set(s)\n", rows.len());
    let heads = ["done", "of", "running", "failed", "lost", "seconds each"];
    let mut table = heads.iter().fold(Columns::new().words("jobs"), |table, head| table.solid(head));
    for of in &status.kinds {
        let count = |n: usize| n.to_string();
        let seconds = of.seconds.map_or("".into(), |seconds| format!("{seconds:.1}"));
        let counts = [count(of.done), count(of.all), count(of.running), count(of.failed), count(of.lost)];
        table.row([of.kind.to_string()].into_iter().chain(counts).chain([seconds]));
    }
    out += &format!("{}\n", table.text(terminal::width()));
    let open: usize = status.kinds.iter().map(|of| of.all - of.done).sum();
    let running: usize = status.kinds.iter().map(|of| of.running).sum();
    out += &match (open, status.left) {
        (0, _) => "all jobs are done\n".into(),
        (_, Some(left)) => {
            format!("time left: about {} with {} job(s) at once\n", duration(left), running.max(1))
        }
        (_, None) => "time left: not known before a job of each kind is done\n".into(),
    };
    if let Some(changed) = &status.changed {
        out += &format!("{}\n", harmless(changed));
    }
    if let Some(first) = status.without_stages.first() {
        let others = match status.without_stages.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        out += &format!("stages lost: {first}{others} were done, and are open again\n");
    }
    let lost: Vec<Vec<_>> = status.lost.iter().map(|one| vec![one.clone()]).collect();
    out + &listed("failed", &status.failed) + &listed("no sign of life", &lost)
}

/// A line for each list of jobs: the first one, with what its record says, and how many there are.
fn listed(what: &str, lists: &[Vec<(Job, Option<Record>)>]) -> String {
    let line = |list: &Vec<(Job, Option<Record>)>| {
        let (job, record) = &list[0];
        let more = if list.len() > 1 { format!(" and {} more", list.len() - 1) } else { String::new() };
        let told = record.as_ref().map(|r| {
            let failure =
                if r.failure.is_empty() { String::new() } else { format!(": {}", harmless(&r.failure)) };
            format!(" on {} (process {}){failure}", shown(&r.host), r.process)
        });
        format!("{what}: {job}{more}{}\n", told.unwrap_or_default())
    };
    let mut text: String = lists.iter().take(LISTED).map(line).collect();
    if lists.len() > LISTED {
        let rest: usize = lists[LISTED..].iter().map(Vec::len).sum();
        text += &format!("{what}: {rest} more\n");
    }
    text
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=119 => format!("{} s", seconds.max(1)),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{:.1} h", seconds as f64 / 3600.0),
        _ => format!("{:.1} days", seconds as f64 / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_digits() {
        let text = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!(
            [text(0), text(90), text(600), text(9000), text(200_000)],
            ["1 s", "90 s", "10 min", "2.5 h", "2.3 days"]
        );
    }
}
