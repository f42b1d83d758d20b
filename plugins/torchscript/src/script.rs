//! A TorchScript module that generates events.

mod sampling;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use amplicast_nn_torch::{guarded, single_threaded};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Error, Result, Seed};
use ndarray::{ArrayView2, Axis};
use tch::{CModule, Device, IValue, Kind, TchError, Tensor};

use crate::archive::no_module;

/// Names of a module's methods.
#[derive(Debug, Clone)]
pub(crate) struct Methods {
    pub sample: String,
    pub log_density: Option<String>,
}

/// How a module is used.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub methods: Methods,
    pub device: Device,
    /// Most events of one call.
    pub batch: usize,
    /// Largest part of the events that may be not finite, and is dropped.
    pub drop_non_finite: f64,
    /// What no weight is above, if events come with weights.
    pub largest_weight: Option<f64>,
}

/// A module, read and tried.
#[derive(Debug)]
pub(crate) struct Script {
    path: PathBuf,
    module: CModule,
    how: Use,
    dimension: usize,
}

/// Held by every call: scripts draw from the one random stream of libtorch, which is set before each call.
static CALLS: Mutex<()> = Mutex::new(());

/// Numbers of events that are drawn when a module is read: a trace may have kept the one that it was made with.
const TRIAL: usize = 2;
const ANOTHER: usize = 3;
/// Events that two seeds must not both give.
const OF_TWO_SEEDS: usize = 64;

/// What a call of the sampling method gave.
struct Drawn {
    events: Tensor,
    weights: Option<Tensor>,
}

impl Script {
    /// Reads a module and tries each of its methods.
    pub fn open(path: &Path, how: &Use) -> Result<Self> {
        let read = || {
            let mut module = CModule::load_on_device(path, how.device)?;
            // As in use: without dropout, and with the batch norms' own averages.
            module.f_set_eval()?;
            Ok::<_, TchError>(module)
        };
        if let Some(found) = no_module(path) {
            return Err(Error::data(format!(
                "{}: expected a TorchScript module as torch.jit.save writes it, {found}",
                path.display()
            )));
        }
        let module = guarded(read)?.map_err(|error| {
            Error::data(format!(
                "{}: expected a TorchScript module as torch.jit.save writes it; libtorch: {}",
                path.display(),
                message(&error)
            ))
        })?;
        let mut script = Script { path: path.to_owned(), module, how: how.clone(), dimension: 0 };
        let method = &script.how.methods.sample;
        let events = script.draw(TRIAL, Seed::new(0))?.events;
        script.dimension = match events.size()[..] {
            [n, d] if n == TRIAL as i64 && d > 0 => d as usize,
            [n, p, 4] if n == TRIAL as i64 && p > 0 => 4 * p as usize,
            _ => {
                let expected = format!("{TRIAL} x d, or {TRIAL} x particles x 4, for {TRIAL} events");
                return Err(script.unexpected(method, &expected, &shape(&events)));
            }
        };
        let events = script.numbers(method, &events, &script.events(TRIAL))?;
        if script.how.methods.log_density.is_some() {
            let events = ArrayView2::from_shape((TRIAL, script.dimension), &events).expect("their shape");
            script.log_density(events, Seed::new(0), &mut [0.0; TRIAL])?;
        }
        script.expect_any_number()?;
        script.expect_other_events()?;
        Ok(script)
    }

    /// Refuses a module that knows one number of events.
    fn expect_any_number(&self) -> Result<()> {
        let method = &self.how.methods.sample;
        let frozen = |found: &str| {
            let cure = "a trace keeps the number of events that it was made with: script the module, or take shapes from n";
            Err(self.unexpected(
                method,
                &format!("{ANOTHER} events for {ANOTHER}"),
                &format!("{found}; {cure}"),
            ))
        };
        match self.draw(ANOTHER, Seed::new(0)) {
            Ok(Drawn { events, .. }) if events.size().first() == Some(&(ANOTHER as i64)) => {
                self.numbers(method, &events, &self.events(ANOTHER)).map(drop)
            }
            Ok(Drawn { events, .. }) => frozen(&shape(&events)),
            // Two events worked.
            Err(error) => frozen(&format!("the error: {}", error.message())),
        }
    }

    /// Refuses a module that draws the same events with two seeds: every batch would hold them again.
    fn expect_other_events(&self) -> Result<()> {
        let draw = |seed, n| {
            let drawn = self.draw(n, Seed::new(seed))?;
            self.numbers(&self.how.methods.sample, &drawn.events, &self.events(n))
        };
        // NaN equals nothing: compared as it is.
        let bits = |list: Vec<f64>| list.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        for n in [ANOTHER, OF_TWO_SEEDS] {
            if bits(draw(1, n)?) != bits(draw(2, n)?) {
                return Ok(());
            }
        }
        let found = "the same; a module must not set a random seed of its own (torch.manual_seed), nor return stored events";
        Err(self.unexpected(&self.how.methods.sample, "other events for another seed", found))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Numbers of an event.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Shapes that `n` events may have.
    fn events(&self, n: usize) -> Vec<Vec<usize>> {
        let mut shapes = vec![vec![n, self.dimension]];
        if self.dimension.is_multiple_of(4) {
            shapes.push(vec![n, self.dimension / 4, 4]);
        }
        shapes
    }

    /// Writes the log density of each event; minus infinity is one.
    pub fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        let batches = events.axis_chunks_iter(Axis(0), self.how.batch).zip(out.chunks_mut(self.how.batch));
        for (k, (events, out)) in batches.enumerate() {
            let seed = if k == 0 { seed } else { seed.index(k as u64) };
            self.log_density_of_batch(events, seed, out)?;
        }
        Ok(())
    }

    fn log_density_of_batch(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        let Some(method) = &self.how.methods.log_density else {
            return Err(Error::unsupported(
                "no method `log_density` was named: this generator has no density",
            ));
        };
        let values: Vec<f64> = events.iter().copied().collect();
        let shape = [events.nrows() as i64, events.ncols() as i64];
        let argument = guarded(|| Tensor::from_slice(&values).view(shape).to_device(self.how.device))?;
        let found = match self.call(method, &[IValue::Tensor(argument)], seed)? {
            IValue::Tensor(found) => self.numbers(method, &found, &[vec![events.nrows()]])?,
            other => return Err(self.unexpected(method, "a tensor", &kind(&other))),
        };
        if let Some(row) = found.iter().position(|x| x.is_nan() || *x == f64::INFINITY) {
            let expected = "a number, or minus infinity";
            let place = format!("row {row} of {}", found.len());
            return Err(Error::numeric(self.found(method, &place, expected, &found[row].to_string())));
        }
        out.copy_from_slice(&found);
        Ok(())
    }

    /// What the sampling method gives; the seed is its argument and sets libtorch's random stream.
    fn draw(&self, n: usize, seed: Seed) -> Result<Drawn> {
        let (method, weighted) = (&self.how.methods.sample, self.how.largest_weight.is_some());
        match self.call(method, &[IValue::Int(n as i64), IValue::Int(number(&seed))], seed)? {
            IValue::Tensor(events) if !weighted => Ok(Drawn { events, weights: None }),
            IValue::Tuple(mut parts) if weighted && parts.len() == 2 => match (parts.pop(), parts.pop()) {
                (Some(IValue::Tensor(weights)), Some(IValue::Tensor(events))) => {
                    Ok(Drawn { events, weights: Some(weights) })
                }
                _ => Err(self.unexpected(method, "two tensors, events and their weights", "others")),
            },
            other if weighted => {
                let expected =
                    "a tuple of two tensors, events and their weights, since there is a largest_weight";
                Err(self.unexpected(method, expected, &kind(&other)))
            }
            IValue::Tuple(parts) if parts.len() == 2 => {
                let found = "a tuple of 2; for events with weights say which is the `largest_weight`";
                Err(self.unexpected(method, "a tensor", found))
            }
            other => Err(self.unexpected(method, "a tensor", &kind(&other))),
        }
    }

    fn call(&self, method: &str, arguments: &[IValue], seed: Seed) -> Result<IValue> {
        let _one_at_a_time = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        single_threaded();
        let found = guarded(|| {
            tch::manual_seed(number(&seed));
            tch::no_grad(|| self.module.method_is(method, arguments))
        })?;
        found.map_err(|error| {
            let path = self.path.display();
            Error::data(format!("{path}, method `{method}`: libtorch: {}", message(&error)))
        })
    }

    /// The numbers of a tensor of one of these shapes.
    fn numbers(&self, method: &str, tensor: &Tensor, shapes: &[Vec<usize>]) -> Result<Vec<f64>> {
        let float = matches!(tensor.kind(), Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double);
        let found: Vec<usize> = tensor.size().iter().map(|n| *n as usize).collect();
        if !float || !shapes.contains(&found) {
            let text =
                |shape: &Vec<usize>| shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
            let shapes: Vec<String> = shapes.iter().map(text).collect();
            let expected = format!("floating-point numbers of shape {}", shapes.join(" or "));
            return Err(self.unexpected(method, &expected, &shape(tensor)));
        }
        guarded(|| {
            let tensor = tensor.to_device(Device::Cpu).to_kind(Kind::Double).contiguous();
            let mut numbers = vec![0.0; tensor.numel()];
            tensor.copy_data(&mut numbers, tensor.numel());
            numbers
        })
    }

    fn unexpected(&self, method: &str, expected: &str, found: &str) -> Error {
        Error::data(self.found(method, "result", expected, found))
    }

    fn found(&self, method: &str, place: &str, expected: &str, found: &str) -> String {
        format!("{}, method `{method}`, {place}: expected {expected}, found {found}", self.path.display())
    }
}

/// What a script gets as its seed: from 0 to 2^63 - 1.
fn number(seed: &Seed) -> i64 {
    (seed.stream().random::<u64>() >> 1) as i64
}

/// Kind and shape in words.
fn shape(tensor: &Tensor) -> String {
    let sizes: Vec<String> = tensor.size().iter().map(i64::to_string).collect();
    format!("{:?} of shape {}", tensor.kind(), sizes.join(" x "))
}

/// What a value is that is no tensor.
fn kind(value: &IValue) -> String {
    match value {
        IValue::Tuple(parts) => format!("a tuple of {}", parts.len()),
        IValue::Tensor(_) => "one tensor".into(),
        IValue::None => "None".into(),
        other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
    }
}

/// The line of libtorch's message that says what is wrong: that of the exception inside of a script, otherwise the first one.
fn message(error: &TchError) -> String {
    match error {
        TchError::Torch(text) => message_of(text),
        other => other.to_string(),
    }
}

fn message_of(text: &str) -> String {
    let text = text.split("\nException raised from").next().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // `RuntimeError: ...`; a listing of operators may follow.
    let exception = |line: &&&str| {
        let name = line.split(": ").next().unwrap_or_default();
        (name.ends_with("Error") || name.ends_with("Exception")) && !name.contains(' ')
    };
    let script = text.starts_with("The following operation failed in the TorchScript interpreter");
    let line = match lines.iter().find(exception) {
        Some(line) if script => line,
        _ if script => lines.last().unwrap_or(&"unknown error"),
        _ => lines.first().unwrap_or(&"unknown error"),
    };
    let gpu = ["CUDA", "cuda", "NVIDIA"].iter().any(|name| line.contains(name));
    let hint = if gpu {
        "; the module was made for a GPU: trace it on the CPU, or say `device = \"cuda:0\"`"
    } else {
        ""
    };
    format!("{line}{hint}")
}

#[cfg(test)]
mod tests {
    use super::message_of;

    /// What libtorch says of a module that was traced on a GPU, shortened.
    #[test]
    fn the_exception_is_named_not_the_end_of_a_listing() {
        let text = "The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript (most recent call last):\n  \
                    File \"a.py\", line 9, in sample\n    return torch.randn([n], device=\"cuda\")\n           ~~~ <--- HERE\n\
                    RuntimeError: Could not run 'aten::empty' with arguments from the 'CUDA' backend.\n\nCPU: registered at a.cpp:1\n\
                    Meta: registered at b.cpp:2\n";
        let found = message_of(text);
        assert!(found.starts_with("RuntimeError: Could not run 'aten::empty'"), "{found}");
        assert!(found.contains("made for a GPU") && !found.contains("registered"), "{found}");
        assert_eq!(message_of("one line\nException raised from x"), "one line");
    }
}
