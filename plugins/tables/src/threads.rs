//! Several files at a time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use amplicast_sdk::Result;

/// What `one` gives for each number below `count`, on as many threads as the machine has; the error is that of the first number that has one.
///
/// For what is read before the host's threads are at work, once in a process.
pub fn of_all<T: Send>(count: usize, one: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let some = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        numbers.take_while(|number| *number < count).map(|number| (number, one(number))).collect::<Vec<_>>()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(count);
    let mut found = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut found = some();
        // A panic of a thread is one of this call.
        others
            .into_iter()
            .for_each(|other| found.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))));
        found
    });
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Error;

    use super::of_all;

    #[test]
    fn results_come_in_order_and_so_does_the_first_error() {
        assert_eq!(of_all(100, Ok).unwrap(), (0..100).collect::<Vec<_>>());
        assert!(of_all(0, Ok).unwrap().is_empty());
        let odd = |number: usize| match number % 10 {
            7 => Err(Error::data(number.to_string())),
            _ => Ok(()),
        };
        assert_eq!(of_all(50, odd).unwrap_err().message(), "7");
    }
}
