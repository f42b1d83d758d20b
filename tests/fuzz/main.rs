//! A minute in the tests, and as long as wanted by `cargo xtask fuzz`: whatever a file holds, reading it gives an answer or an error.
//!
//! Sound inputs are changed at random and given to what reads them. A panic, an end of the process, a call that takes too long or
//! asks for too much memory, and a stored stage that gives other numbers than were stored are failures. Each input is a function
//! of its target and its number alone, and is made again from them.
//!
//! The inputs are read by a child process, so that one that ends it is known by its number, and the next ones are read all the
//! same.

mod arguments;
mod child;
mod mutate;
mod status;
mod structure;
mod targets;
mod watch;

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use arguments::{Arguments, Call};
use targets::NAMES;
use watch::Tally;

fn main() -> ExitCode {
    match Arguments::of(std::env::args().skip(1)) {
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
        Ok(Call::List) => {
            println!("fuzz: test");
            ExitCode::SUCCESS
        }
        Ok(Call::Nothing) => ExitCode::SUCCESS,
        Ok(Call::Child(arguments, status)) => match child::read(&arguments, &status) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(Call::Run(arguments)) => run(&arguments),
    }
}

/// Reads inputs of all targets, two at a time where there are processors, and prints what came of it.
fn run(arguments: &Arguments) -> ExitCode {
    let chosen: Vec<&str> =
        NAMES.iter().copied().filter(|name| arguments.target.as_deref().is_none_or(|t| t == *name)).collect();
    let lanes = std::thread::available_parallelism().map_or(1, usize::from).min(2).min(chosen.len());
    // Each lane takes the next target when it is through with one.
    let each = (arguments.time() / chosen.len().div_ceil(lanes) as u32).max(Duration::from_secs(1));
    let next = Mutex::new(chosen.iter());
    let tallies = Mutex::new(Vec::new());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                let take = || next.lock().ok()?.next().copied();
                while let Some(name) = take() {
                    let tally = watch::target(name, arguments, each);
                    if let Ok(mut list) = tallies.lock() {
                        list.push((name, tally));
                    }
                }
            });
        }
    });
    let mut tallies = tallies.into_inner().unwrap_or_default();
    tallies.sort_by_key(|(name, _)| NAMES.iter().position(|n| n == name));
    println!("{:<12} {}", "target", Tally::HEADS);
    tallies.iter().for_each(|(name, tally)| println!("{name:<12} {tally}"));
    println!("{:.0} s", begun.elapsed().as_secs_f64());
    let sound = tallies.len() == chosen.len() && tallies.iter().all(|(_, tally)| tally.is_sound());
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
