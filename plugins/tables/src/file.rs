//! A file of events: what it holds is read once, its rows when they are asked for.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{Error, ErrorKind, Result, Schema, all_finite};

use crate::arrangement::Arrangement;
use crate::beside::{Beside, OneEach, beside, taken_off};
use crate::open::Place;
use crate::patterns::Located;
use crate::pool::Pooled;
use crate::table::{Selection, Table};
use crate::weights::refuse_weights;
use crate::{EventShape, Layout};

/// An array of events in a file: n x d numbers, or n x particles x 4.
///
/// The content tells the format: .npy, .npz, HDF5, Parquet, a folder of Parquet files, LHE or HepMC3. Reading is by position and holds
/// little more than the rows asked for (of a compressed .npz: the whole array; of a compressed HDF5 dataset: the chunks that the
/// rows lie in; of LHE and HepMC3: at most 16 MiB, and a temporary file), so that any number of threads may read a file of any
/// size. It is open while it is read, and closed when others are: there may be more files than a process may open.
#[derive(Debug, Clone)]
pub struct EventFile {
    opened: Arc<Opened>,
    /// What one event is, as it is read.
    shape: EventShape,
    /// The four-momenta among the numbers of a row, if events are read as such.
    momenta: Option<Arc<Arrangement>>,
}

/// What a file says of itself.
#[derive(Debug)]
struct Opened {
    path: PathBuf,
    /// The name of its array in a file of several, and whether the user gave one.
    key: Option<String>,
    named: bool,
    half: bool,
    /// Device and inode.
    identity: (u64, u64),
    /// Its parts, if it is a folder.
    parts: Vec<PathBuf>,
    rows: u64,
    /// Numbers in a row.
    numbers: usize,
    columns: Option<Vec<String>>,
    /// The names of its particles, if the file has some.
    particles: Option<Vec<String>>,
    /// The four-momenta that its numbers are if they are said to be some.
    claimed: Option<Arrangement>,
    /// Whether the user, or the names of the columns, say which component is which.
    stated: bool,
    notes: Vec<String>,
    source: Pooled,
    weights: Option<Arc<OneEach>>,
    groups: Option<Arc<OneEach>>,
}

impl EventFile {
    /// Opens a file and checks what it says of itself; refuses a wrong `key`, `columns` or `layout` at these names.
    pub fn open(path: impl AsRef<Path>, selection: &Selection) -> Result<Self> {
        let path = path.as_ref();
        Self::open_here(path, selection).map_err(|error| match error.kind() {
            // The place of a configuration's error is its key.
            ErrorKind::Config => {
                Error::config(error.place(), format!("{} ({})", error.message(), path.display()))
            }
            _ => error.at(path.display().to_string()),
        })
    }

    fn open_here(path: &Path, selection: &Selection) -> Result<Self> {
        let place = Arc::new(Place::find(path)?);
        let whole = place.table(selection)?;
        let (all, whole_shape) = (selection.clone(), whole.shape.clone());
        let selection = &mut selection.clone();
        let (opened, [own_weights, own_groups]) = taken_off(whole, selection)?;
        let Table { shape: array, mut columns, source, mut notes, names_used, key, particles } = opened;
        let of_particles = particles.is_some().then(Layout::four_momentum);
        let layout = selection.layout.as_ref().or(of_particles.as_ref());
        let shape = EventShape::of_array(&array, layout)?;
        if array[0] == 0 {
            return Err(Error::data("expected at least one event, found none"));
        }
        if columns.is_none() && !names_used {
            // A layout makes four-momenta of columns, which have names all the same.
            let plain = if array.len() < 3 { EventShape::of_array(&array, None)? } else { shape };
            columns = plain.named(selection.columns.as_deref())?;
            let other = |name: &&String| {
                [&selection.weights, &selection.groups].iter().all(|beside| beside.as_ref() != Some(*name))
            };
            let mut named = columns.iter().flatten().filter(other);
            named.try_for_each(|name| refuse_weights("columns", name, true, false))?;
        }
        notes.extend(EventShape::expect_upright(&array)?);
        let numbers = array[1..].iter().product();
        let named = match &particles {
            Some(names) => Some(Arrangement::of_particles(names)),
            None => columns.as_deref().and_then(Arrangement::of_names),
        };
        let stated = layout.is_some() || named.is_some();
        let claimed = match (layout, named, shape) {
            (Some(layout), Some(named), _) => {
                named.expect(layout, columns.as_deref().unwrap_or_default())?;
                Some(named)
            }
            (Some(layout), None, shape) => Some(match &columns {
                Some(names) => Arrangement::of_lists(layout.clone(), names),
                None => Arrangement::in_turn(layout.clone(), shape.particles()),
            }),
            (None, Some(named), _) => Some(named),
            (None, None, EventShape::Columns(d)) if d % 4 != 0 => None,
            (None, None, _) => Some(match &columns {
                Some(names) => Arrangement::of_lists(Layout::four_momentum(), names),
                None => Arrangement::in_turn(Layout::four_momentum(), numbers / 4),
            }),
        };
        let momenta = claimed.clone().filter(|_| shape.particles() > 0).map(Arc::new);
        let weights = beside(Beside::Weights, &place, selection, (&all, &whole_shape), own_weights)?;
        let groups = beside(Beside::Groups, &place, selection, (&all, &whole_shape), own_groups)?;
        let opened = Opened {
            path: path.to_owned(),
            key,
            named: selection.key.is_some() || selection.default_key.is_some(),
            half: source.is_half(),
            identity: (place.metadata.dev(), place.metadata.ino()),
            parts: place.parts.clone(),
            rows: array[0] as u64,
            numbers,
            columns,
            particles,
            claimed,
            stated,
            notes,
            source: Pooled::new(
                source,
                Box::new(move || Ok(taken_off(place.same(&all, &whole_shape)?, &mut all.clone())?.0.source)),
            ),
            weights: weights.map(Arc::new),
            groups: groups.map(Arc::new),
        };
        Ok(EventFile { opened: Arc::new(opened), shape, momenta })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// The files that it is made of: itself, or the parts of a folder.
    pub fn files(&self) -> Vec<PathBuf> {
        if self.opened.parts.is_empty() { vec![self.path().to_owned()] } else { self.opened.parts.clone() }
    }

    /// Where it is, with the name of its array if that was given.
    pub fn name(&self) -> String {
        let path = self.path().display();
        self.opened
            .key
            .as_ref()
            .filter(|_| self.opened.named)
            .map_or_else(|| path.to_string(), |key| format!("{path} `{key}`"))
    }

    /// Events in the file.
    pub fn rows(&self) -> u64 {
        self.opened.rows
    }

    /// What one event is.
    pub fn shape(&self) -> EventShape {
        self.shape
    }

    /// What a user should know of how it is read.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let order = self.momenta.as_ref().and_then(|momenta| momenta.note());
        self.opened
            .notes
            .iter()
            .cloned()
            .chain(order)
            .map(|note| format!("{}: {note}", self.path().display()))
    }

    /// A schema of its events, with the names of its columns (`x1` ... `xd` if it has none) or of particles.
    ///
    /// Names of particles make four-momenta of columns, in the order of their layout; particles are `p0` ... by default.
    pub fn schema(&self, particles: Option<&[String]>) -> Result<Schema> {
        let particles = particles.or(self.opened.particles.as_deref());
        let components = self.opened.claimed.as_ref().map_or(4, |claimed| claimed.layout.parts().len());
        // Of which there may be three or five for each particle.
        let shape = match (self.shape, particles) {
            (EventShape::Columns(d), Some(_)) if self.opened.stated && d % components == 0 => {
                EventShape::FourMomenta(d / components)
            }
            (shape, _) => shape,
        };
        let columns = self.opened.columns.as_deref();
        shape.schema(columns, particles).map_err(|error| match columns.and_then(Arrangement::why_not) {
            Some(why) if error.place() == "particles" => {
                Error::config("particles", format!("{}; {why}", error.message()))
            }
            _ => error,
        })
    }

    /// The file, read as events like those of the schema; `place` says whose schema it is.
    ///
    /// # Errors
    /// If its events are not like them.
    pub fn like(&self, schema: &Schema, place: &str) -> Result<Self> {
        let expected = EventShape::of_schema(schema);
        let (opened, particles) = (&self.opened, expected.particles());
        if let (EventShape::FourMomenta(_), Some(claimed)) = (expected, &opened.claimed)
            && claimed.particles() == particles
        {
            if let Some(names) = opened.columns.as_ref().filter(|_| !opened.stated) {
                let told = claimed.expect_unnamed(names);
                told.map_err(|error| error.at(self.path().display().to_string()))?;
            }
            let momenta = Some(Arc::new(claimed.ordered(schema.particles())));
            return Ok(EventFile { opened: Arc::clone(opened), shape: expected, momenta });
        }
        let plain = matches!(expected, EventShape::Columns(_));
        self.expect_events(expected, plain.then(|| schema.column_names()), place)?;
        Ok(self.clone())
    }

    /// Refuses events that are not like those of another file. Whether plain numbers are four-momenta says the training set.
    pub fn expect_like(&self, other: &EventFile) -> Result<()> {
        let particles = |file: &EventFile| file.opened.claimed.as_ref().map(Arrangement::particles);
        if self.shape != other.shape && particles(self).is_some() && particles(self) == particles(other) {
            return Ok(());
        }
        // Names that tell the components may come in any order.
        let told = self.opened.stated && other.opened.stated;
        let columns = self.opened.columns.as_ref().and(other.opened.columns.as_deref());
        let place = format!("in {}", other.path().display());
        self.expect_events(other.shape, columns.filter(|_| !told), &place)
    }

    fn expect_events(&self, shape: EventShape, columns: Option<&[String]>, place: &str) -> Result<()> {
        let here = |message| Err(Error::data(message).at(self.path().display().to_string()));
        if self.shape != shape {
            return here(format!("expected events of {shape} as {place}, found {}", self.shape));
        }
        match (&self.opened.columns, columns) {
            (Some(found), Some(expected)) if found != expected => here(format!(
                "expected the columns {} as {place}, found {}; name them with `columns`",
                expected.join(", "),
                found.join(", ")
            )),
            _ => Ok(()),
        }
    }

    /// Whether both are one array of one file on disk, whatever their paths.
    pub fn is_same_array(&self, other: &EventFile) -> bool {
        self.opened.identity == other.opened.identity && self.opened.key == other.opened.key
    }

    /// Fills `out` (n x d) with the events from row `first` on; refuses NaN and infinite numbers with their row.
    pub fn read(&self, first: u64, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let here = |error: Error| error.at(self.path().display().to_string());
        let (n, d) = (out.nrows() as u64, out.ncols());
        if d != self.shape.dimension() {
            return Err(here(Error::plugin(format!("expected room for {}, found {d} columns", self.shape))));
        }
        if first.checked_add(n).is_none_or(|end| end > self.rows()) {
            return Err(here(Error::data(format!(
                "expected rows within 0..{}, found {first}..{}",
                self.rows(),
                first.saturating_add(n)
            ))));
        }
        let numbers = out
            .as_slice_mut()
            .ok_or_else(|| Error::plugin("expected a row-major batch, found another memory layout"))?;
        match self.momenta.as_ref().filter(|momenta| !momenta.is_identical()) {
            None => {
                self.read_numbers(first, numbers)?;
                self.expect_finite(first, numbers, d)
            }
            Some(momenta) => {
                let mut row = vec![0.0; n as usize * self.opened.numbers];
                self.read_numbers(first, &mut row)?;
                self.expect_finite(first, &row, self.opened.numbers)?;
                momenta.convert(&row, numbers);
                self.expect_finite(first, numbers, d)
            }
        }
    }

    /// What stands beside its events: in the file, if the selection names it, or in one of its own, which the configuration has as
    /// `weights_file` or `groups_file`.
    ///
    /// # Errors
    /// At that field: of a file that is not one number for each event, and if the selection names some as well.
    pub fn beside(&self, what: Beside, own_file: Option<&Located>) -> Result<Option<Arc<OneEach>>> {
        let inside = match what {
            Beside::Weights => &self.opened.weights,
            Beside::Groups => &self.opened.groups,
        };
        let Some(at) = own_file else { return Ok(inside.clone()) };
        let (field, one) = (what.field(), what.one());
        let wrong = |message: String| Error::config(format!("{field}_file"), message);
        if inside.is_some() {
            return Err(wrong(format!("expected either this or `{field}`, found both")));
        }
        let found =
            OneEach::open(what, &at.path, at.key.as_deref()).map_err(|error| wrong(error.to_string()))?;
        if found.rows() == self.rows() {
            return Ok(Some(Arc::new(found)));
        }
        Err(wrong(format!(
            "{}: expected a {one} for each of {} events of {}, found {}",
            at.path.display(),
            self.rows(),
            self.path().display(),
            found.rows()
        )))
    }

    /// Refuses numbers that are against a checksum of the file.
    pub(crate) fn verify(&self) -> Result<()> {
        let source = self.opened.source.source();
        source.and_then(|source| source.verify()).map_err(|error| error.at(self.path().display().to_string()))
    }

    /// The numbers of rows from row `first` on as they stand in the file.
    pub(crate) fn read_numbers(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let source = self.opened.source.source();
        source
            .and_then(|source| source.read(first, out))
            .map_err(|error| error.at(self.path().display().to_string()))
    }

    /// Refuses NaN and infinite numbers, `d` of which are an event.
    pub(crate) fn expect_finite(&self, first: u64, numbers: &[f64], d: usize) -> Result<()> {
        if all_finite(numbers) {
            return Ok(());
        }
        match numbers.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(i) => {
                // Particles that are not there are filled with NaN by some; one bad number is none of them.
                let row = &numbers[i / d * d..(i / d + 1) * d];
                let padding = match row.iter().filter(|x| x.is_nan()).count() {
                    3.. => {
                        "; this looks like padding: particles that are not there must be zero (`numpy.nan_to_num(x)`), and of events of \
                         different lengths only numbers that all have can be compared"
                    }
                    _ => "",
                };
                Err(Error::data(format!(
                    "row {}, number {}: expected a finite number, found {}{padding}",
                    first + (i / d) as u64,
                    i % d,
                    numbers[i]
                ))
                .at(self.path().display().to_string()))
            }
        }
    }

    /// Whether its numbers have the precision of float16.
    pub(crate) fn is_half(&self) -> bool {
        self.opened.half
    }

    /// Numbers in a row of the file.
    pub(crate) fn numbers(&self) -> usize {
        self.opened.numbers
    }

    /// The four-momenta that its numbers are if they are said to be some, and whether that is stated.
    pub(crate) fn claimed(&self) -> (Option<&Arrangement>, bool) {
        (self.opened.claimed.as_ref(), self.opened.stated)
    }
}

#[cfg(test)]
mod tests;
