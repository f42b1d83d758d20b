//! Columns of a table apart from the others.

use std::sync::Arc;

use amplicast_sdk::Result;

use crate::table::Source;

/// All columns but some.
#[derive(Debug)]
pub struct Without {
    pub source: Arc<dyn Source>,
    /// Numbers in a row of the source.
    pub numbers: usize,
    /// Those that are left out, in rising order.
    pub columns: Vec<usize>,
}

/// One column.
#[derive(Debug)]
pub struct Only {
    pub source: Arc<dyn Source>,
    pub numbers: usize,
    pub column: usize,
}

impl Source for Without {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let kept: Vec<usize> = (0..self.numbers).filter(|column| !self.columns.contains(column)).collect();
        let mut rows = vec![0.0; out.len() / kept.len() * self.numbers];
        self.source.read(first, &mut rows)?;
        for (event, row) in out.chunks_exact_mut(kept.len()).zip(rows.chunks_exact(self.numbers)) {
            event.iter_mut().zip(&kept).for_each(|(x, column)| *x = row[*column]);
        }
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        self.source.verify()
    }

    fn held(&self) -> u64 {
        self.source.held()
    }

    fn is_half(&self) -> bool {
        self.source.is_half()
    }
}

impl Source for Only {
    fn read(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let mut rows = vec![0.0; out.len() * self.numbers];
        self.source.read(first, &mut rows)?;
        out.iter_mut().zip(rows.chunks_exact(self.numbers)).for_each(|(x, row)| *x = row[self.column]);
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        self.source.verify()
    }

    fn held(&self) -> u64 {
        self.source.held()
    }
}
