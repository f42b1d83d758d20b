//! Progress: bars on a terminal, plain lines otherwise.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::terminal::{error_width, fitted, harmless, shown};

/// Shows what is under way, how far it is, the loss, and the time left.
pub struct Progress {
    bars: Option<MultiProgress>,
}

/// A task under way.
pub struct Task<'a> {
    progress: &'a Progress,
    name: String,
    bar: Option<ProgressBar>,
    started: Instant,
    said: Mutex<Instant>,
}

/// A task that is over sooner ends without a line.
const WORTH_A_LINE: Duration = Duration::from_secs(2);

/// Time between plain lines of one task.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

impl Progress {
    /// Bars if standard error is a terminal.
    pub fn new() -> Self {
        Progress { bars: std::io::stderr().is_terminal().then(MultiProgress::new) }
    }

    /// Begins a task.
    pub fn task(&self, name: &str) -> Task<'_> {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(0));
            let style =
                ProgressStyle::with_template("{prefix:<44!} {bar:24} {percent:>3}% {msg:<14} {eta:>5} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(shown(name));
            bar
        });
        let now = Instant::now();
        Task { progress: self, name: name.into(), bar, started: now, said: Mutex::new(now) }
    }

    /// Says one line.
    pub fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => {
                let line = harmless(line);
                let fitted = error_width().map(|width| fitted(&line, width));
                let _ = bars.println(fitted.as_deref().unwrap_or(&line));
            }
            None => eprintln!("{line}"),
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Task<'_> {
    /// How far the task is.
    pub fn update(&self, done: u64, total: u64, loss: Option<f64>) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            if let Some(loss) = loss {
                bar.set_message(format!("loss {loss:.4}"));
            }
            return;
        }
        let Ok(mut said) = self.said.lock() else { return };
        if said.elapsed() >= LINE_INTERVAL {
            *said = Instant::now();
            let spent = self.started.elapsed().as_secs_f64();
            let left = spent * (total.saturating_sub(done)) as f64 / done.max(1) as f64;
            let loss = loss.map_or_else(String::new, |l| format!(", loss {l:.4}"));
            let percent = 100.0 * done as f64 / total.max(1) as f64;
            self.progress.say(&format!("{}: {percent:.0} %{loss}, {left:.0} s left", self.name));
        }
    }

    /// Ends the task; a line says so if it took long enough to be waited for.
    pub fn finish(self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.started.elapsed() >= WORTH_A_LINE {
            let seconds = self.started.elapsed().as_secs_f64();
            self.progress.say(&format!("{}: {line} in {seconds:.0} s", self.name));
        }
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
