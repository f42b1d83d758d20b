//! The summary `hostile-summary`: the first column; and `lax-summary`, whose configuration takes any key.

use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::*;

use crate::{hang, never_the_same, segmentation_fault};

crate::misbehaviours! {
    PanicInPrepare, PanicInEvaluate, NanInEvaluate, HangInEvaluate, ExitInEvaluate, Unwritten, AtRandom, BatchDependent,
    PanicWhenEmpty, ExitWhenEmpty, AbortWhenEmpty, SegfaultWhenEmpty, HangWhenEmpty, WrongLabel, LabelOfAnother, NoNumber,
}

config! {
    /// The first column.
    pub struct HostileConfig {
        /// What it does wrong.
        pub misbehave: Misbehaviour = M::None,
    }
}

#[derive(Clone, Copy)]
struct Hostile(Misbehaviour);

impl Component for Hostile {
    type Config = HostileConfig;
    const NAME: &'static str = "hostile-summary";
    const ABOUT: &'static str = "The first column of an event, misbehaving on request";
    fn new(config: HostileConfig) -> Result<Self> {
        Ok(Hostile(config.misbehave))
    }
}

impl SummaryStatistic for Hostile {
    fn label(&self) -> String {
        let name = serde_json::to_value(self.0).expect("a name");
        match self.0 {
            M::WrongLabel => "first column".into(),
            M::LabelOfAnother => "hostile-summary:none".into(),
            _ => format!("hostile-summary:{}", name.as_str().unwrap_or_default()),
        }
    }
    fn config_of_arguments(arguments: &[&str]) -> Option<String> {
        if arguments == ["exit-in-arguments"] {
            std::process::exit(64);
        }
        arguments.first().map(|name| serde_json::json!({ "misbehave": name }).to_string())
    }
    fn numbers(&self, _: &Schema) -> Vec<String> {
        if self.0 == M::NoNumber { Vec::new() } else { vec!["first".into()] }
    }
    fn prepare(&self, _: &Schema) -> Result<Box<dyn Summary>> {
        if self.0 == M::PanicInPrepare {
            panic!("hostile in prepare");
        }
        Ok(Box::new(*self))
    }
}

impl Summary for Hostile {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        let shift = match self.0 {
            M::AtRandom => never_the_same(),
            M::BatchDependent => batch.values.nrows() as f64,
            M::LabelOfAnother => 1.0,
            _ => 0.0,
        };
        out.iter_mut().zip(batch.values.column(0)).for_each(|(y, &x)| *y = x + shift);
        match self.0 {
            M::PanicInEvaluate => panic!("hostile in evaluate"),
            M::HangInEvaluate => hang(),
            M::ExitInEvaluate => std::process::exit(0),
            M::PanicWhenEmpty if out.is_empty() => panic!("hostile: no events"),
            M::ExitWhenEmpty if out.is_empty() => std::process::exit(0),
            M::AbortWhenEmpty if out.is_empty() => std::process::abort(),
            M::SegfaultWhenEmpty if out.is_empty() => segmentation_fault(),
            M::HangWhenEmpty if out.is_empty() => hang(),
            M::NanInEvaluate => out.iter_mut().take(1).for_each(|y| *y = f64::NAN),
            M::Unwritten => out.iter_mut().rev().take(1).for_each(|y| *y = f64::NAN),
            _ => {}
        }
        Ok(())
    }
}

register_summary!(Hostile);

/// Takes any key.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", default)]
#[schemars(crate = "amplicast_sdk::schemars")]
#[derive(Default)]
struct LaxConfig {
    /// Serialized under another name than it is read.
    #[serde(rename(serialize = "written"))]
    read: bool,
}

struct Lax;

impl Component for Lax {
    type Config = LaxConfig;
    const NAME: &'static str = "lax-summary";
    const ABOUT: &'static str = "The first column of an event, with a configuration that takes any key";
    fn new(_: LaxConfig) -> Result<Self> {
        Ok(Lax)
    }
}

impl SummaryStatistic for Lax {
    fn label(&self) -> String {
        "lax-summary".into()
    }
    fn prepare(&self, _: &Schema) -> Result<Box<dyn Summary>> {
        Ok(Box::new(Hostile(M::None)))
    }
}

register_summary!(Lax);
