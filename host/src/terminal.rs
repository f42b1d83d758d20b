//! What the program writes to its standard output and error.
//!
//! `println!` and `eprintln!` of the standard library panic when nobody reads any more, as after `amplicast check x.toml |
//! head -1`. Those of this module, which stand for them in the whole crate, go on: a reader that has seen enough is no fault.

use std::fmt::Arguments;
use std::io::{ErrorKind, Result, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes a line to standard output; see the module.
macro_rules! println {
    () => { $crate::terminal::out(::std::format_args!("")) };
    ($($text:tt)*) => { $crate::terminal::out(::std::format_args!($($text)*)) };
}

/// Writes a line to standard error; see the module.
macro_rules! eprintln {
    () => { $crate::terminal::err(::std::format_args!("")) };
    ($($text:tt)*) => { $crate::terminal::err(::std::format_args!($($text)*)) };
}

/// Whether something that was asked for could not be written, by another fault than that nobody reads.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a line to standard output. A full disk behind it is said once, and remembered.
pub fn out(line: Arguments<'_>) {
    match write(&mut std::io::stdout().lock(), line) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            if !LOST.swap(true, Ordering::SeqCst) {
                err(format_args!("error: cannot write to standard output: {error}"));
            }
        }
        _ => {}
    }
}

/// Writes a line to standard error; that it cannot be written can be said nowhere.
pub fn err(line: Arguments<'_>) {
    let _ = write(&mut std::io::stderr().lock(), line);
}

/// Whether standard output lacks something that the user asked for.
pub fn lost() -> bool {
    LOST.load(Ordering::SeqCst)
}

/// Columns of the terminal that standard output goes to; none if it goes elsewhere, where a line may be as long as it is.
pub fn width() -> Option<usize> {
    comfy_table::Table::new().width().map(usize::from)
}

fn write(to: &mut impl Write, line: Arguments<'_>) -> Result<()> {
    writeln!(to, "{line}")?;
    to.flush()
}
