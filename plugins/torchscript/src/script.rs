//! A TorchScript module that generates events.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use amplicast_nn::{guarded, single_threaded};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Error, Result, Seed};
use ndarray::ArrayView2;
use tch::{CModule, Device, IValue, Kind, TchError, Tensor};

/// Names of a module's methods.
#[derive(Debug, Clone)]
pub(crate) struct Methods {
    pub sample: String,
    pub log_density: Option<String>,
}

/// A module, read and tried.
#[derive(Debug)]
pub(crate) struct Script {
    path: PathBuf,
    module: CModule,
    methods: Methods,
    device: Device,
    dimension: usize,
}

/// Held by every call: scripts draw from the one random stream of libtorch, which is set before each call.
static CALLS: Mutex<()> = Mutex::new(());

/// Events that are drawn when a module is read.
const TRIAL: usize = 2;

impl Script {
    /// Reads a module and calls each of its methods once.
    pub fn open(path: &Path, methods: &Methods, device: Device) -> Result<Self> {
        let read = || {
            let mut module = CModule::load_on_device(path, device)?;
            // As in use: without dropout, and with the batch norms' own averages.
            module.f_set_eval()?;
            Ok::<_, TchError>(module)
        };
        let module = guarded(read)?.map_err(|error| {
            Error::data(format!(
                "{}: expected a TorchScript module as torch.jit.save writes it; libtorch: {}",
                path.display(),
                message(&error)
            ))
        })?;
        let (path, methods) = (path.to_owned(), methods.clone());
        let mut script = Script { path, module, methods, device, dimension: 0 };
        let events = script.draw(TRIAL, Seed::new(0))?;
        script.dimension = match events.size()[..] {
            [n, d] if n == TRIAL as i64 && d > 0 => d as usize,
            _ => {
                let expected = format!("{TRIAL} x d for {TRIAL} events");
                return Err(script.unexpected(&script.methods.sample, &expected, &shape(&events)));
            }
        };
        let events = script.numbers(&script.methods.sample, &events, &[TRIAL, script.dimension])?;
        if script.methods.log_density.is_some() {
            let events = ArrayView2::from_shape((TRIAL, script.dimension), &events).expect("their shape");
            script.log_density(events, Seed::new(0), &mut [0.0; TRIAL])?;
        }
        Ok(script)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Numbers of an event.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// `n` events, one after the other.
    pub fn sample(&self, n: usize, seed: Seed) -> Result<Vec<f64>> {
        if n == 0 {
            return Ok(Vec::new());
        }
        let method = &self.methods.sample;
        let events = self.numbers(method, &self.draw(n, seed)?, &[n, self.dimension])?;
        match events.iter().position(|x| !x.is_finite()) {
            None => Ok(events),
            Some(i) => {
                let (row, number) = (i / self.dimension, i % self.dimension);
                let place = format!("row {row} of {n}, number {number}");
                Err(Error::numeric(self.found(method, &place, "a finite number", &events[i].to_string())))
            }
        }
    }

    /// Writes the log density of each event; minus infinity is one.
    pub fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        let Some(method) = &self.methods.log_density else {
            return Err(Error::unsupported(
                "no method `log_density` was named: this generator has no density",
            ));
        };
        if events.is_empty() {
            return Ok(());
        }
        let values: Vec<f64> = events.iter().copied().collect();
        let shape = [events.nrows() as i64, events.ncols() as i64];
        let argument = guarded(|| Tensor::from_slice(&values).view(shape).to_device(self.device))?;
        let found = self.call(method, &[IValue::Tensor(argument)], seed)?;
        let found = self.numbers(method, &found, &[events.nrows()])?;
        if let Some(row) = found.iter().position(|x| x.is_nan() || *x == f64::INFINITY) {
            let expected = "a number, or minus infinity";
            let place = format!("row {row} of {}", found.len());
            return Err(Error::numeric(self.found(method, &place, expected, &found[row].to_string())));
        }
        out.copy_from_slice(&found);
        Ok(())
    }

    /// What the sampling method gives; the seed is its argument and sets libtorch's random stream.
    fn draw(&self, n: usize, seed: Seed) -> Result<Tensor> {
        let arguments = [IValue::Int(n as i64), IValue::Int(number(&seed))];
        self.call(&self.methods.sample, &arguments, seed)
    }

    fn call(&self, method: &str, arguments: &[IValue], seed: Seed) -> Result<Tensor> {
        let _one_at_a_time = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        single_threaded();
        let found = guarded(|| {
            tch::manual_seed(number(&seed));
            tch::no_grad(|| self.module.method_is(method, arguments))
        })?;
        match found {
            Ok(IValue::Tensor(tensor)) => Ok(tensor),
            Ok(other) => Err(self.unexpected(method, "a tensor", &kind(&other))),
            Err(error) => {
                let path = self.path.display();
                Err(Error::data(format!("{path}, method `{method}`: libtorch: {}", message(&error))))
            }
        }
    }

    /// The numbers of a tensor of this shape.
    fn numbers(&self, method: &str, tensor: &Tensor, expected: &[usize]) -> Result<Vec<f64>> {
        let float = matches!(tensor.kind(), Kind::Half | Kind::BFloat16 | Kind::Float | Kind::Double);
        if !float || !tensor.size().iter().eq(expected.iter().map(|n| *n as i64).collect::<Vec<_>>().iter()) {
            let expected: Vec<String> = expected.iter().map(usize::to_string).collect();
            let expected = format!("floating-point numbers of shape {}", expected.join(" x "));
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
        IValue::None => "None".into(),
        other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
    }
}

/// The line of libtorch's message that says what is wrong: the first one, or of an error inside of a script the last
/// one before the frames.
fn message(error: &TchError) -> String {
    let TchError::Torch(text) = error else { return error.to_string() };
    let text = text.split("\nException raised from").next().unwrap_or_default();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let script = text.starts_with("The following operation failed in the TorchScript interpreter");
    let line = if script { lines.next_back() } else { lines.next() };
    line.unwrap_or("unknown error").to_owned()
}
