//! `amplicast plan`: which amplification an experiment can resolve, and what it costs, before anything is trained.

use amplicast_sdk::{ErrorKind, Result};

use super::arguments::PlanCommand;
use super::process::{Process, refused};
use super::ready::{Ready, prepare};
use crate::config::ALL;
use crate::exit::{EXIT_FAILED, EXIT_OK, stopped};
use crate::pipeline::{CONFIDENCE, Forecast, Resolved, forecast, member_count};
use crate::report::{Columns, short};
use crate::results::Interval;
use crate::store::Store;
use crate::terminal;

/// Runs the command.
pub fn plan(command: &PlanCommand, process: &Process) -> u8 {
    let ready = match prepare(&command.experiment, &command.set, &command.plugins, command.threads, process) {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    match forecasts(&ready, command) {
        Err(error) if error.kind() == ErrorKind::Cancelled => stopped(),
        Err(error) => {
            eprintln!("error: {error}");
            EXIT_FAILED
        }
        Ok(list) => {
            for forecast in &list {
                println!("{}", text(forecast, command.resolve));
            }
            println!("{}", cost(&ready));
            EXIT_OK
        }
    }
}

fn forecasts(ready: &Ready, command: &PlanCommand) -> Result<Vec<Forecast>> {
    // Nothing is worth being kept.
    let store = Store::nowhere();
    let setting = ready.setting(&store);
    forecast(&setting, command.runs, command.resolve)
}

/// Each end with digits of its own: a lower end may be far below the G.
fn interval(Interval { low, high }: Interval) -> String {
    let low = low.map_or("0".into(), short);
    match high {
        Some(high) => format!("[{low}, {}]", short(high)),
        None => format!("[{low}, ∞)"),
    }
}

fn text(forecast: &Forecast, target: Option<f64>) -> String {
    let name = &forecast.cells[0];
    let what = [&name.summary, &name.selection, &name.metric, &name.reference];
    let what: Vec<&str> =
        what.into_iter().map(String::as_str).filter(|s| !s.is_empty() && *s != ALL).collect();
    let of: Vec<String> =
        forecast.cells.iter().map(|c| format!("{} / {}", c.generator, c.uncertainty)).collect();
    let r = forecast.resources;
    let mut out = terminal::one_line(&format!("{} ({})", what.join(", "), of.join("; "))) + "\n";
    let rows = match &forecast.rows {
        Err(error) => return out + &format!("  no forecast: {error}\n"),
        Ok(rows) => rows,
    };
    let effective = if forecast.effective { "effective " } else { "" };
    let reference = match forecast.reference {
        Some(_) => format!(", {:.0} {effective}reference events", r.n_reference),
        None => String::new(),
    };
    out += &format!(
        "  {:.0} {effective}training events, {} members of {:.0} events{reference}, after the selection\n",
        r.n_train, r.members, r.n_gen
    );
    let mut table = Columns::new().solid("true G").solid("resolved at 95 %").solid("at 68 %");
    table = table.solid("median 68 % interval").words("else");
    let percent = |p: f64| format!("{:.0} %", 100.0 * p);
    for row in rows {
        let rest = [(row.at_least, "at-least"), (row.at_most, "at-most")];
        let rest: Vec<String> = rest
            .iter()
            .filter(|(p, _)| *p > 0.0)
            .map(|(p, name)| format!("{name} {}", percent(*p)))
            .collect();
        table.row([
            short(row.g),
            percent(row.at_95),
            percent(row.at_68),
            interval(row.interval_68),
            rest.join(", "),
        ]);
    }
    let room = terminal::width().map(|width| width.saturating_sub(2));
    out += &table.text(room).lines().map(|line| format!("  {line}\n")).collect::<String>();
    let range = |at: fn(&Resolved) -> f64| {
        let good: Vec<f64> = rows.iter().filter(|r| at(r) >= CONFIDENCE).map(|r| r.g).collect();
        match (good.first(), good.last()) {
            (Some(low), Some(high)) => format!("{} to {}", short(*low), short(*high)),
            _ => "none".into(),
        }
    };
    out += &format!(
        "  G that is resolved in at least {} of the runs: {} at 95 %, {} at 68 %\n",
        percent(CONFIDENCE),
        range(|r| r.at_95),
        range(|r| r.at_68)
    );
    if let Some(g) = target {
        out += &format!(
            "  to resolve G = {} at 95 % in {} of the runs, all else equal:\n",
            short(g),
            percent(CONFIDENCE)
        );
        for (name, factor) in &forecast.takes {
            let takes = match factor {
                Some(1.0) => "as they are".into(),
                Some(f) => format!("{f:.0} x"),
                None => "not by this alone".into(),
            };
            out += &format!("    {name}: {takes}\n");
        }
    }
    out
}

/// Training steps and events of the whole experiment.
fn cost(ready: &Ready) -> String {
    let sizes = &ready.experiment.experiment;
    let mut out = String::from("Cost\n");
    let mut pairs: Vec<(&str, Option<usize>, &str)> = Vec::new();
    for cell in &ready.plan.cells {
        let pair = (cell.name.generator.as_str(), cell.uncertainty, cell.name.uncertainty.as_str());
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let mut events = 0.0;
    for (generator, uncertainty, name) in pairs {
        let made = uncertainty.and_then(|u| ready.components.uncertainties[u].component.as_ref().ok());
        let members = member_count(&ready.experiment, made);
        events += members as f64 * sizes.n_gen as f64 * sizes.training_sets as f64;
        let chains = made.and_then(|m| m.chains(members).ok());
        let training = match chains {
            None => "nothing to train".to_string(),
            Some(chains) => format!(
                "{chains} chain(s) of up to {} steps of {} events",
                ready.experiment.training.iterations, ready.experiment.training.batch
            ),
        };
        out += &format!(
            "  {generator} / {name}: {training}, {members} members of {} events; {} training set(s)\n",
            sizes.n_gen, sizes.training_sets
        );
    }
    out + &format!(
        "  generated events in all: {events}\n  true events: {} for training",
        sizes.n_train.saturating_mul(sizes.training_sets)
    )
}
