//! The generator `torchscript`.

use std::path::PathBuf;
use std::sync::Arc;

use amplicast_nn_torch::parse_device;
use amplicast_sdk::*;
use amplicast_tables::matching_files;
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::script::{Methods, Script, Use};

config! {
    /// Networks of your own as TorchScript modules, one file a member.
    pub struct TorchScriptConfig {
        /// Paths of modules that torch.jit.save wrote, or patterns of them such as `members/*.pt`; at least one.
        pub files: Vec<InputPattern> = Vec::new(),
        /// Method that makes events: of their number n and of a seed, a tensor n x d.
        pub sample: String = "sample".into(),
        /// Method that gives the log densities of events: of a tensor n x d in double precision, a tensor of n numbers. Without one
        /// there are no densities.
        pub log_density: Option<String> = None,
        /// Most events of one call, which decides over the memory that a call needs: an attention network may take 100 kB an event.
        /// Every batch has a seed of its own, so another number gives other events.
        pub batch: usize = 1000,
        /// Part of the events that may hold numbers that are not finite; they are drawn again. Without it one such event is an error.
        pub drop_non_finite: f64 = 0.0,
        /// What no weight is above, of a method that gives a tuple of events and of their weights (n). Each event is then kept with the probability
        /// of its weight over this one, and the method is called until there are enough. Densities are those of the weighted events.
        pub largest_weight: Option<f64> = None,
        /// Where the modules run: `cpu`, or `cuda:0`, `cuda:1`, ... No GPU was there to be tested.
        pub device: String = "cpu".into(),
    }
}

/// A generator whose members are TorchScript modules, in the natural order of their names (`m2` before `m10`); every
/// uncertainty model is left out.
///
/// Parameters: segment `file` \[1\], the number of the member's file. Each module is read and tried when the generator is
/// made: with two numbers of events, and with two seeds. A call sets libtorch's random stream from the chunk's seed and gives the method the same seed, so calls run
/// one at a time.
#[derive(Debug, Clone)]
pub struct TorchScript {
    scripts: Arc<Vec<Arc<Script>>>,
    log_density: bool,
    notes: Vec<String>,
}

impl Component for TorchScript {
    type Config = TorchScriptConfig;
    const NAME: &'static str = "torchscript";
    const ABOUT: &'static str = "Networks of your own as TorchScript modules, one file a member";

    fn new(config: TorchScriptConfig) -> Result<Self> {
        let paths = matching_files("files", &config.files)?;
        let device = parse_device(&config.device, tch::Cuda::device_count)?;
        ensure_config(config.batch > 0, "batch", || "expected at least one event, found 0".into())?;
        let drop_non_finite = config.drop_non_finite;
        ensure_config((0.0..0.5).contains(&drop_non_finite), "drop_non_finite", || {
            format!("expected a part from 0 to 0.5, found {drop_non_finite}")
        })?;
        let largest_weight = config.largest_weight;
        ensure_config(largest_weight.is_none_or(|w| w > 0.0 && w.is_finite()), "largest_weight", || {
            format!("expected a number above 0, found {}", largest_weight.unwrap_or_default())
        })?;
        let methods = Methods { sample: config.sample, log_density: config.log_density };
        let how = Use { methods, device, batch: config.batch, drop_non_finite, largest_weight };
        let mut notes = Vec::new();
        let mut scripts: Vec<Arc<Script>> = Vec::with_capacity(paths.len());
        for path in paths {
            let script = Script::open(&path, &how)?;
            notes.extend(script.notes()?);
            if let Some(first) = scripts.first().filter(|first| first.dimension() != script.dimension()) {
                return Err(Error::data(format!(
                    "{}: expected events of {} numbers as in {}, found {}",
                    path.display(),
                    first.dimension(),
                    first.path().display(),
                    script.dimension()
                )));
            }
            scripts.push(Arc::new(script));
        }
        let log_density = how.methods.log_density.is_some();
        Ok(TorchScript { scripts: Arc::new(scripts), log_density, notes })
    }
}

impl Generator for TorchScript {
    fn abilities(&self) -> Abilities {
        Abilities { own_members: true, log_density: self.log_density, ..Abilities::default() }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        let (first, expected) = (&self.scripts[0], schema.dimension());
        if first.dimension() == expected {
            return Ok(());
        }
        Err(Error::data(format!(
            "{}: expected events of {expected} numbers as in the training set, found {}",
            first.path().display(),
            first.dimension()
        )))
    }

    fn prepare(&self, _training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        self.check(schema)?;
        Ok(Box::new(TorchScriptModel { scripts: Arc::clone(&self.scripts) }))
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.scripts.iter().map(|script| script.path().to_owned()).collect()
    }
}

/// The modules, one a member.
struct TorchScriptModel {
    scripts: Arc<Vec<Arc<Script>>>,
}

impl Model for TorchScriptModel {
    fn layout(&self) -> Layout {
        Layout::new([("file", vec![1])])
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        Ok(vec![0.0])
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let count = self.scripts.len();
        match *parameters {
            [number] if number.fract() == 0.0 && (0.0..count as f32).contains(&number) => {
                Ok(Box::new(TorchScriptMember { script: Arc::clone(&self.scripts[number as usize]) }))
            }
            _ => {
                Err(Error::data(format!("expected the number of a file below {count}, found {parameters:?}")))
            }
        }
    }

    fn own_members(&self) -> Option<Vec<Vec<f32>>> {
        Some((0..self.scripts.len()).map(|number| vec![number as f32]).collect())
    }

    fn max_concurrency(&self) -> Option<usize> {
        Some(1)
    }
}

/// One module.
struct TorchScriptMember {
    script: Arc<Script>,
}

impl Member for TorchScriptMember {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let events = self.script.sample(out.nrows(), chunk.seed)?;
        out.iter_mut().zip(events).for_each(|(out, x)| *out = x);
        Ok(())
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        self.script.log_density(events, seed, out)
    }
}

register_generator!(TorchScript);
