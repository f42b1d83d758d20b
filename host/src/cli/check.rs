//! `amplicast check`: everything is validated, nothing is run.

use super::arguments::CheckCommand;
use super::process::{Process, refused};
use super::ready::{prepare, used};
use super::why::why;
use crate::exit::{EXIT_FAILED, EXIT_OK};
use crate::report::Columns;
use crate::terminal::{self, shown};

/// Runs the command.
pub fn check(command: &CheckCommand, process: &Process) -> u8 {
    let ready = match prepare(&command.experiment, &command.set, &command.plugins, None, process) {
        Ok(ready) => ready,
        Err(error) => return refused(error),
    };
    if command.why {
        return why(&ready, &command.out, process);
    }
    let sizes = &ready.experiment.experiment;
    println!(
        "{}: n_train {}, {} members x {} events, {} training set(s), {} cells",
        shown(&sizes.name),
        sizes.n_train,
        sizes.members,
        sizes.n_gen,
        sizes.training_sets,
        ready.plan.cells.len()
    );
    let heads = ["generator", "uncertainty", "summary", "selection", "metric", "reference"];
    let mut table = heads.iter().fold(Columns::new(), |table, head| table.words(head));
    for cell in &ready.plan.cells {
        let n = &cell.name;
        let names = [&n.generator, &n.uncertainty, &n.summary, &n.selection, &n.metric, &n.reference];
        table.row(names.map(|name| shown(name)));
    }
    println!("{}", table.text(terminal::width()));
    let mut table = Columns::new().words("kind").words("plugin").words("library");
    for (kind, plugin) in used(&ready.experiment) {
        let files = ready.session.catalogue.files_of(kind, plugin);
        let file = files.first().map_or("(the host)".into(), |path| path.display().to_string());
        table.row([kind.table(), plugin, &file]);
    }
    println!("{}", table.text(terminal::width()));
    for note in &ready.components.notes {
        println!("warning: {note}");
    }
    let mut code = EXIT_OK;
    let mut broken = |name: &str, error: Option<String>| {
        if let Some(error) = error {
            println!("{name}: {error}");
            code = EXIT_FAILED;
        }
    };
    let c = &ready.components;
    c.generators.iter().for_each(|m| broken(&m.name, m.component.as_ref().err().map(ToString::to_string)));
    c.uncertainties.iter().for_each(|m| broken(&m.name, m.component.as_ref().err().map(ToString::to_string)));
    c.summaries.iter().for_each(|m| broken(&m.name, m.component.as_ref().err().map(ToString::to_string)));
    c.metrics.iter().for_each(|m| broken(&m.name, m.component.as_ref().err().map(ToString::to_string)));
    code
}
