//! What the generators have in common: keys of their configurations, checked settings, and what they can do.

use amplicast_nn::check_cpu;
use amplicast_sdk::{Abilities, Batch, Error, LossKind, Model, Result, Schema};

use super::config::FlowConfig;
use super::model;
use super::network::{Architecture, Network};
use crate::space::{Cuts, Kinematics, Momenta, Space, check_columns};

/// The checked settings that the generators have in common.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub cuts: Cuts,
    flow: FlowConfig,
}

/// A configuration with, after keys of its own, those of all generators here.
macro_rules! flow_config {
    ($(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }) => {
        amplicast_sdk::config! {
            $(#[$meta])*
            pub struct $name {
                $($own)*
                /// Smallest transverse momentum of a particle in GeV, for four-momenta: no event has less, generated ones
                /// included.
                pub pt_min: f64 = 22.0,
                /// Smallest distance of two particles in eta and phi, for four-momenta: a cut of the base distribution alone.
                pub delta_r_min: f64 = 0.5,
                /// How the flow is integrated.
                pub flow: $crate::flow::FlowConfig = $crate::flow::FlowConfig::default(),
                /// Where the network runs: `cpu`; with the generators whose names end in `-torch` also `cuda:0`, `cuda:1`, ... No
                /// GPU was there to be measured.
                pub device: String = "cpu".into(),
            }
        }

        impl $name {
            fn settings(&self, name: &str) -> amplicast_sdk::Result<$crate::flow::Settings> {
                let cuts = $crate::space::Cuts { pt_min: self.pt_min, delta_r_min: self.delta_r_min };
                $crate::flow::Settings::new(cuts, &self.flow, &self.device, name)
            }
        }
    };
}
pub(crate) use flow_config;

impl Settings {
    /// Of the generator of this name.
    pub fn new(cuts: Cuts, flow: &FlowConfig, device: &str, name: &str) -> Result<Self> {
        let cuts = cuts.check()?;
        flow.check()?;
        check_cpu(device, name)?;
        Ok(Settings { cuts, flow: flow.clone() })
    }

    /// Refuses everything but four-momenta.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        if !schema.particles().is_empty() {
            return Ok(());
        }
        Err(Error::data(format!(
            "expected events of four-momenta, found the columns {}; `flow-transformer` learns any columns",
            schema.column_names().join(", ")
        )))
    }

    /// The model of these events with a network that is made for their coordinates.
    pub fn prepare<A: Architecture>(
        &self,
        (training, schema): (&Batch<'_>, &Schema),
        architecture: impl FnOnce(Kinematics) -> A,
        network: impl FnOnce(A, usize) -> Box<dyn Network>,
    ) -> Result<Box<dyn Model>> {
        self.check(schema)?;
        check_columns(training.values, schema)?;
        let space = Momenta::fit(training.values, schema.particles(), self.cuts)?;
        let architecture = architecture(space.kinematics());
        self.model(Box::new(space), architecture, network, training)
    }

    /// The model of these events in a space.
    pub fn model<A: Architecture>(
        &self,
        space: Box<dyn Space>,
        architecture: A,
        network: impl FnOnce(A, usize) -> Box<dyn Network>,
        training: &Batch<'_>,
    ) -> Result<Box<dyn Model>> {
        let parameters = architecture.parameters();
        let network = network(architecture, space.dimension());
        model::prepare(space, (parameters, network), &self.flow, training)
    }
}

/// What all generators of this crate can do.
pub(crate) fn abilities() -> Abilities {
    Abilities {
        gradients: Some(LossKind::Surrogate),
        fit: true,
        log_density: true,
        own_members: false,
        weights: true,
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::{Component, Generator, serde, serde_json};

    use crate::lgatr::{FlowLgatr, FlowLgatrConfig};
    use crate::lloca::{FlowLloca, FlowLlocaConfig};
    use crate::slim::{FlowLgatrSlim, FlowLgatrSlimConfig};
    use crate::transformer::FlowTransformerConfig;

    use super::*;

    #[test]
    fn refusals_say_what_would_work() {
        fn check(generator: &impl Generator) {
            let error = generator.check(&Schema::columns(["x", "y"])).unwrap_err().to_string();
            assert!(error.contains("four-momenta, found the columns x, y; `flow-transformer`"), "{error}");
            generator.check(&Schema::four_momenta(["a", "b"])).unwrap();
        }
        check(&FlowLgatr::new(FlowLgatrConfig::default()).unwrap());
        check(&FlowLgatrSlim::new(FlowLgatrSlimConfig::default()).unwrap());
        check(&FlowLloca::new(FlowLlocaConfig::default()).unwrap());
        let lgatr = FlowLgatr::new(FlowLgatrConfig { heads: 0, ..Default::default() });
        assert_eq!(lgatr.unwrap_err().to_string(), "heads: expected at least 1, found 0");
        let slim = FlowLgatrSlim::new(FlowLgatrSlimConfig { pt_min: -1.0, ..Default::default() });
        assert!(slim.unwrap_err().to_string().starts_with("pt_min: expected"));
        let lloca = FlowLloca::new(FlowLlocaConfig { vectors: 4, ..Default::default() });
        let gpu = FlowLgatr::new(FlowLgatrConfig { device: "cuda:0".into(), ..Default::default() });
        let error = gpu.unwrap_err().to_string();
        assert!(error.starts_with("device: expected `cpu`, found `cuda:0`; a GPU needs"), "{error}");
        assert!(
            error.contains("`flow-lgatr-torch`") && error.contains("`cargo xtask setup --torch`"),
            "{error}"
        );
        assert_eq!(
            lloca.unwrap_err().to_string(),
            "vectors: expected at most 3 in a head of 13 numbers, found 4"
        );
    }

    #[test]
    fn configurations_have_their_own_keys_and_those_of_all() {
        fn check<C: serde::de::DeserializeOwned + serde::Serialize + Default>(own: &str) {
            let keys = serde_json::to_value(C::default()).unwrap();
            let keys: Vec<&String> = keys.as_object().unwrap().keys().collect();
            assert!(
                ["pt_min", "delta_r_min", "flow", "device"]
                    .iter()
                    .all(|key| keys.contains(&&key.to_string()))
            );
            let read =
                |text: &str| serde_json::from_str::<C>(text).map(|_| ()).map_err(|error| error.to_string());
            read(&format!(r#"{{"{own}": 2, "pt_min": 1.5, "flow": {{"steps": 3}}, "device": "cpu"}}"#))
                .unwrap();
            assert!(
                read(r#"{"pt_mni": 1.0}"#)
                    .unwrap_err()
                    .starts_with("unknown field `pt_mni`, expected one of")
            );
            let error = read(r#"{"pt_min": "22 GeV"}"#).unwrap_err();
            assert!(error.contains("expected f64 at line 1 column 19"), "{error}");
        }
        check::<FlowLgatrConfig>("multivectors");
        check::<FlowLgatrSlimConfig>("vectors");
        check::<FlowLlocaConfig>("frames_width");
        check::<FlowTransformerConfig>("width");
    }
}
