//! Regions of a summary: intervals, or quantile regions of equal probability (Eq. 9's V).

use amplicast_sdk::{Error, Result, ensure_config};

/// Half-open intervals [low, high) that do not overlap.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    intervals: Vec<(f64, f64)>,
}

impl Regions {
    /// Intervals as given; refuses empty and overlapping ones.
    pub fn new(intervals: Vec<(f64, f64)>) -> Result<Self> {
        ensure_config(!intervals.is_empty(), "intervals", || {
            "expected `intervals = [[low, high], ...]`, or `quantiles` with `regions`, found neither".into()
        })?;
        for (i, &(low, high)) in intervals.iter().enumerate() {
            ensure_config(low < high, &format!("intervals[{i}]"), || {
                format!("expected low < high, found [{low}, {high}]")
            })?;
            for (j, &(other_low, other_high)) in intervals.iter().enumerate().take(i) {
                ensure_config(high <= other_low || other_high <= low, &format!("intervals[{i}]"), || {
                    format!("expected regions that do not overlap, found an overlap with intervals[{j}]")
                })?;
            }
        }
        Ok(Regions { intervals })
    }

    /// Number of regions.
    pub fn len(&self) -> usize {
        self.intervals.len()
    }

    /// Their ends, in order.
    pub fn intervals(&self) -> &[(f64, f64)] {
        &self.intervals
    }

    /// Names for tables: `[0, 0.5)`.
    pub fn names(&self) -> Vec<String> {
        self.intervals.iter().map(|(low, high)| format!("[{low:.6}, {high:.6})")).collect()
    }

    /// Adds the number of values in each region to `counts`.
    pub fn count(&self, values: &[f64], counts: &mut [u64]) {
        for (&(low, high), count) in self.intervals.iter().zip(counts) {
            *count += values.iter().map(|&x| u64::from(x >= low && x < high)).sum::<u64>();
        }
    }
}

/// Most regions of a metric.
const MOST_REGIONS: u64 = 100_000;

/// What one of them needs: its interval, its count, and its name.
const BYTES_A_REGION: u64 = 64;

/// Reads a choice of quantile regions, numbered from 1: `2`, `2-19`, `2,5,7-9`.
pub fn read_choice(text: &str, quantiles: u32) -> Result<Vec<u32>> {
    let wrong = |what: &str| {
        Error::config(
            "regions",
            format!("expected numbers from 1 to {quantiles} such as \"2-19\", found `{what}`"),
        )
    };
    let mut chosen = Vec::new();
    let mut count: u64 = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let read = |s: &str| {
            s.trim().parse::<u32>().ok().filter(|n| (1..=quantiles).contains(n)).ok_or_else(|| wrong(part))
        };
        let (first, last) = (read(first)?, read(last)?);
        if first > last {
            return Err(wrong(part));
        }
        count += u64::from(last - first) + 1;
        if count > MOST_REGIONS {
            let megabytes = BYTES_A_REGION * count / 1_000_000;
            let message = format!(
                "expected at most {MOST_REGIONS} regions, found {count}: they would need {megabytes} MB for each member and size"
            );
            return Err(Error::config("regions", message));
        }
        chosen.extend(first..=last);
    }
    let mut sorted = chosen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != chosen.len() {
        return Err(Error::config("regions", format!("expected each region once, found `{text}`")));
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices() {
        assert_eq!(read_choice("2", 20).unwrap(), vec![2]);
        assert_eq!(read_choice("2,5, 7-9", 20).unwrap(), vec![2, 5, 7, 8, 9]);
        for wrong in ["0", "21", "x", "5-2", "", "2,2", "1-3,2"] {
            assert!(read_choice(wrong, 20).is_err(), "{wrong}");
        }
    }

    #[test]
    fn half_open_intervals_share_no_value() {
        let regions = Regions::new(vec![(0.0, 1.0), (1.0, 2.0), (-f64::INFINITY, 0.0)]).unwrap();
        let mut counts = [0; 3];
        regions.count(&[0.0, 0.5, 1.0, 2.0, -3.0, f64::INFINITY], &mut counts);
        assert_eq!(counts, [2, 1, 1]);
    }

    #[test]
    fn overlaps_are_refused() {
        let error = Regions::new(vec![(0.0, 1.0), (0.5, 2.0)]).unwrap_err();
        assert_eq!(error.place(), "intervals[1]");
    }
}
