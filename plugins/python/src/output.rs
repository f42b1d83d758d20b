//! What an interpreter prints, of which the last lines are kept: they say why it ended.

use std::collections::VecDeque;
use std::io::Read;
use std::process::ChildStderr;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Lines that are kept.
const LINES: usize = 5;
/// Bytes of a line that are kept.
const LINE: usize = 300;
/// Bytes that are read after the end, when a process that the class left behind may go on printing.
const REST: usize = 1 << 20;

/// Standard output and standard error of the class, which are one pipe.
pub(crate) struct Output {
    pipe: ChildStderr,
    closed: bool,
    lines: VecDeque<String>,
    unfinished: Vec<u8>,
}

impl Output {
    pub fn new(pipe: ChildStderr) -> Self {
        Output { pipe, closed: false, lines: VecDeque::new(), unfinished: Vec::new() }
    }

    /// What to wait for; none if nothing can come.
    pub fn waiting(&self) -> Option<PollFd<'_>> {
        (!self.closed).then(|| PollFd::new(&self.pipe, PollFlags::IN))
    }

    /// Takes what is there; gives the number of bytes.
    pub fn listen(&mut self) -> usize {
        let mut bytes = [0; 1 << 14];
        let n = self.pipe.read(&mut bytes).unwrap_or(0);
        self.closed = n == 0;
        for byte in &bytes[..n] {
            match byte {
                b'\n' | b'\r' => self.finish_line(),
                _ if self.unfinished.len() < LINE => self.unfinished.push(*byte),
                _ => {}
            }
        }
        n
    }

    fn finish_line(&mut self) {
        let line = String::from_utf8_lossy(&self.unfinished).trim().to_string();
        self.unfinished.clear();
        if !line.is_empty() {
            self.lines.push_back(line);
        }
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }

    /// The last lines, in one; empty if it printed nothing.
    pub fn last(&mut self) -> String {
        let mut rest = 0;
        while rest < REST && self.anything() {
            rest += self.listen();
        }
        self.finish_line();
        Vec::from(self.lines.clone()).join(" / ")
    }

    fn anything(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        self.waiting().is_some_and(|pipe| matches!(poll(&mut [pipe], Some(&now)), Ok(1)))
    }
}
