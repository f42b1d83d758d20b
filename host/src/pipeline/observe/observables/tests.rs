//! Summaries and selections of a batch.

use std::sync::atomic::{AtomicUsize, Ordering};

use amplicast_sdk::ndarray::{Array2, array};
use amplicast_sdk::{Error, Origin};

use super::super::cuts::Cut;
use super::*;

fn observable(summary: Result<Arc<dyn Summary>>, numbers: usize) -> Observable {
    Observable::fixed(summary, SummaryNeeds::default(), numbers)
}

fn cut_at(summary: usize, low: f64, high: f64) -> Cuts {
    Cuts { cuts: vec![Cut { summary, low, high }], thin: None }
}

#[test]
fn a_selection_throws_away_by_row_what_passes_its_cuts_as_well() {
    let summaries = [observable(Ok(Arc::new(Positive)), 1)];
    let thin = Some(0.5);
    let cuts = [
        Ok(Cuts { thin, ..Cuts::default() }),
        Ok(Cuts { thin, ..cut_at(0, 0.0, 500.0) }),
        Ok(Cuts::default()),
    ];
    let rows: Vec<u64> = (1000..2000).collect();
    let events = Array2::from_shape_fn((1000, 1), |(event, _)| event as f64);
    let observed = Observables { summaries: &summaries, cuts: &cuts, truth: None, member: None }
        .on(Batch::new(events.view(), Origin::Generated, &rows));
    let thinned = Thinned::new(0.5, Origin::Generated);
    let of = |event: &usize| thinned.keeps(rows[*event]);
    let expected: Vec<f64> = (1..500).filter(of).map(|event| event as f64).collect();
    let kept = |selection| {
        observed.kept(0, selection, 0..1000, &mut Kept::default()).unwrap().one().unwrap().to_vec()
    };
    assert_eq!(kept(1), expected);
    assert_eq!(observed.passed(0, 0..1000).unwrap(), (0..1000).filter(of).count() as u64);
    assert_eq!(kept(2).len(), 999);
}

/// Columns 0 and 1 of events above 0 in column 0.
struct Both;

impl Summary for Both {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        out.iter_mut().zip(batch.values.iter()).for_each(|(o, x)| *o = *x);
        Ok(())
    }
    fn defined(&self, batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        Positive.defined(batch)
    }
}

/// A cut on one number keeps whole events of a summary of two.
#[test]
fn events_keep_their_numbers_together() {
    let summaries = [observable(Ok(Arc::new(Both)), 2), observable(Ok(Arc::new(Positive)), 1)];
    let cuts = [Ok(Cuts::default()), Ok(cut_at(1, -9.0, 2.5))];
    let events = array![[0.0, 5.0], [1.0, 6.0], [-2.0, 7.0], [3.0, 8.0], [2.0, 9.0]];
    let batch = Batch::new(events.view(), Origin::Generated, &[0, 1, 2, 3, 4]);
    let observed = Observables { summaries: &summaries, cuts: &cuts, truth: None, member: None }.on(batch);
    let kept = |selection, range| {
        let mut memory = Kept::default();
        observed.kept(0, selection, range, &mut memory).unwrap().x.to_owned()
    };
    assert_eq!(kept(0, 0..5), array![[1.0, 6.0], [3.0, 8.0], [2.0, 9.0]]);
    assert_eq!(kept(1, 1..4), array![[1.0, 6.0]]);
    assert_eq!(kept(1, 2..3).dim(), (0, 2));
}

/// Column 0, counting its calls.
struct First(AtomicUsize);

impl Summary for &'static First {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        out.iter_mut().zip(batch.values.column(0)).for_each(|(o, x)| *o = *x);
        Ok(())
    }
}

/// Column 0, which only events above 0 have.
struct Positive;

impl Summary for Positive {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        out.iter_mut().zip(batch.values.column(0)).for_each(|(o, x)| *o = *x);
        Ok(())
    }
    fn defined(&self, batch: &Batch<'_>) -> Result<Option<Vec<bool>>> {
        Ok(Some(batch.values.column(0).iter().map(|&x| x > 0.0).collect()))
    }
}

#[test]
fn events_without_a_summary_are_not_counted_and_pass_no_cut_on_it() {
    let summaries = [observable(Ok(Arc::new(Positive)), 1)];
    let cuts = [Ok(Cuts::default()), Ok(cut_at(0, -9.0, 2.5))];
    let events = array![[0.0], [1.0], [-2.0], [3.0], [2.0]];
    let batch = Batch::new(events.view(), Origin::Generated, &[0, 1, 2, 3, 4]);
    let observed = Observables { summaries: &summaries, cuts: &cuts, truth: None, member: None }.on(batch);
    let kept = |selection, range| {
        observed.kept(0, selection, range, &mut Kept::default()).unwrap().one().unwrap().to_vec()
    };
    assert_eq!((kept(0, 0..5), kept(0, 2..4)), (vec![1.0, 3.0, 2.0], vec![3.0]));
    assert_eq!(kept(1, 0..5), [1.0, 2.0]);
    assert_eq!((observed.passed(0, 0..5).unwrap(), observed.passed(1, 0..5).unwrap()), (5, 2));
    assert_eq!((observed.without(0, 0, 0..5).unwrap(), observed.without(0, 1, 0..5).unwrap()), (2, 0));
}

#[test]
fn a_summary_is_evaluated_once_however_many_selections_cut_on_it() {
    static FIRST: First = First(AtomicUsize::new(0));
    let summaries = [observable(Ok(Arc::new(&FIRST)), 1), observable(Err(Error::data("broken")), 1)];
    let cut = |summary, low, high| Ok(cut_at(summary, low, high));
    let cuts = [Ok(Cuts::default()), cut(0, 1.0, 3.0), cut(0, 2.0, 9.0), cut(1, 0.0, 1.0)];
    let events = array![[0.0], [1.0], [2.0], [3.0]];
    let batch = Batch::new(events.view(), Origin::Generated, &[0, 1, 2, 3]);
    let observed = Observables { summaries: &summaries, cuts: &cuts, truth: None, member: None }.on(batch);
    let all_kept = |summary, selection| {
        observed
            .kept(summary, selection, 0..4, &mut Kept::default())
            .and_then(Values::one)
            .map(<[f64]>::to_vec)
    };
    assert_eq!(all_kept(0, 0).unwrap(), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(all_kept(0, 1).unwrap(), [1.0, 2.0]);
    assert_eq!(all_kept(0, 2).unwrap(), [2.0, 3.0]);
    assert_eq!(observed.kept(0, 1, 2..4, &mut Kept::default()).unwrap().one().unwrap(), [2.0]);
    assert_eq!((observed.passed(0, 0..4).unwrap(), observed.passed(2, 0..3).unwrap()), (4, 1));
    assert_eq!(FIRST.0.load(Ordering::Relaxed), 1);
    // What is broken spoils what needs it, and nothing else.
    assert_eq!(observed.values(1).unwrap_err().message(), "broken");
    assert_eq!(all_kept(0, 3).unwrap_err().message(), "broken");
}
