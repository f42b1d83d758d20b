//! The groups that events of a file belong to: whole ones, each in one place.

use std::collections::HashSet;
use std::ops::Range;

use amplicast_sdk::{Error, Result};
use amplicast_tables::OneEach;

/// Whether a group has several events; refuses a number that comes again after another one.
pub fn some_together(groups: &OneEach, rows: &Range<u64>) -> Result<bool> {
    let (mut last, mut together) = (f64::NAN, false);
    let (mut rising, mut falling) = (true, true);
    groups.each(rows.clone(), |_, number| {
        together |= number == last;
        if number < last {
            rising = false;
        } else if number > last {
            falling = false;
        }
        last = number;
        Ok(())
    })?;
    if rising || falling {
        return Ok(together);
    }
    // Only then one may come again: the numbers of sorted files need not be remembered.
    let (mut last, mut seen) = (f64::NAN, HashSet::new());
    groups.each(rows.clone(), |row, number| {
        // Both zeros are one number.
        if number == last || seen.insert((number + 0.0).to_bits()) {
            last = number;
            return Ok(());
        }
        let message = format!(
            "row {row}: expected the events of a group next to each other, found group {number} again, which ended before; sort the file by the \
             numbers of its groups"
        );
        Err(Error::data(message).at(groups.path().display().to_string()))
    })?;
    Ok(together)
}

/// Refuses rows that begin or end inside of a group; `field` is where they are said.
pub fn expect_whole(groups: &OneEach, rows: &Range<u64>, field: &str) -> Result<()> {
    for cut in [rows.start, rows.end] {
        let Some(group) = group_at(groups, cut)? else { continue };
        let message = format!(
            "expected rows that cut no group of events, found {cut} within the group of rows {}..{}: take {} or {}",
            group.start, group.end, group.start, group.end
        );
        return Err(Error::config(field, message));
    }
    Ok(())
}

/// The rows of the group that ends and begins at the same place; none if there the one ends and another begins.
fn group_at(groups: &OneEach, cut: u64) -> Result<Option<Range<u64>>> {
    if cut == 0 || cut == groups.rows() {
        return Ok(None);
    }
    let of = |row: u64| {
        let mut number = [0.0];
        groups.read(row, &mut number).map(|()| number[0])
    };
    let number = of(cut)?;
    if of(cut - 1)? != number {
        return Ok(None);
    }
    let (mut start, mut end) = (cut - 1, cut + 1);
    while start > 0 && of(start - 1)? == number {
        start -= 1;
    }
    while end < groups.rows() && of(end)? == number {
        end += 1;
    }
    Ok(Some(start..end))
}
