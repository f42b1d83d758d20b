//! What only a prepared model can tell of a configuration, such as the names of its segments: asked before anything is trained.

use amplicast_sdk::{ErrorKind, Model, Result};

use crate::config::{ConfigError, Experiment, Source};
use crate::pipeline::events::TrueEvents;
use crate::pipeline::plan::{Components, Plan, check_model, member_count, refused};
use crate::session::Session;

/// Prepares every generator that a posterior is inferred of, on the first training set, and asks the uncertainty models of its
/// cells whether they fit it.
///
/// Only what is wrong with the configuration is an error. What else goes wrong with a plugin or with events is a failure of its
/// cells, and is met again when they are run.
pub fn check_models(
    session: &Session,
    source: &Source,
    experiment: &Experiment,
    components: &Components,
    plan: &Plan,
) -> Result<(), ConfigError> {
    let mut pairs: Vec<(usize, usize)> =
        plan.cells.iter().filter_map(|c| Some((c.generator, c.uncertainty?))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let Ok(dataset) = &components.dataset.component else { return Ok(()) };
    if pairs.is_empty() {
        return Ok(());
    }
    let read = || TrueEvents::read(&**dataset, &experiment.experiment, 0);
    let events = match session.attempt("read training events", read) {
        Err(error) if error.kind() == ErrorKind::Cancelled => return Err(ConfigError::stopped()),
        Err(_) => return Ok(()),
        Ok(events) => events,
    };
    for of_one in pairs.chunk_by(|a, b| a.0 == b.0) {
        let generator = &components.generators[of_one[0].0];
        let Ok(loaded) = &generator.component else { continue };
        let stage = format!("{}: prepare", generator.name);
        let model = match session.attempt(&stage, || loaded.prepare(&events.seen(), &components.schema)) {
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(ConfigError::stopped()),
            Err(_) => continue,
            Ok(model) => model,
        };
        for (_, uncertainty) in of_one {
            let uncertainty = &components.uncertainties[*uncertainty];
            let Ok(loaded) = &uncertainty.component else { continue };
            if let Ok(chains) = loaded.chains(member_count(experiment, Some(loaded))) {
                let places = [generator.path.as_str(), uncertainty.path.as_str()];
                check_model(source, places, &model.layout(), chains)?;
            }
            match session.attempt(&stage, || loaded.check(&model)) {
                Err(error) if matches!(error.kind(), ErrorKind::Config | ErrorKind::Cancelled) => {
                    return Err(refused(source, &uncertainty.path, &error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
