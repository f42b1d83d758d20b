//! The flat parameter vector of a model, and the names of its segments.

use crate::{Error, Result};

/// A named piece of the flat parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Name, with dots for its place in the model (`block.0.attention.weight`).
    pub name: String,
    /// Shape; the length is its product.
    pub shape: Vec<usize>,
}

impl Segment {
    /// Numbers in the segment.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the segment holds no number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The segments of a model's flat f32 parameter vector, in order.
///
/// ```
/// use amplicast_sdk::Layout;
/// let layout = Layout::new([("mean", vec![2]), ("head.weight", vec![3, 2])]);
/// assert_eq!(layout.len(), 8);
/// assert_eq!(layout.range("head.weight").unwrap(), 2..8);
/// assert_eq!(layout.matching("head.*").unwrap(), vec![2..8]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    segments: Vec<Segment>,
}

impl Layout {
    /// A layout of named shapes.
    pub fn new(segments: impl IntoIterator<Item = (impl Into<String>, Vec<usize>)>) -> Self {
        Layout {
            segments: segments
                .into_iter()
                .map(|(name, shape)| Segment { name: name.into(), shape })
                .collect(),
        }
    }

    /// All segments in the order of the vector.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Numbers in the whole vector.
    pub fn len(&self) -> usize {
        self.segments.iter().map(Segment::len).sum()
    }

    /// Refuses a vector of another length.
    pub fn check(&self, parameters: &[f32]) -> Result<()> {
        let (expected, found) = (self.len(), parameters.len());
        if expected == found {
            return Ok(());
        }
        Err(Error::data(format!("expected {expected} parameters, found {found}")))
    }

    /// Whether the model has no parameters.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each segment with its place in the vector.
    pub fn ranges(&self) -> impl Iterator<Item = (&Segment, std::ops::Range<usize>)> {
        let mut start = 0;
        self.segments.iter().map(move |segment| {
            let range = start..start + segment.len();
            start = range.end;
            (segment, range)
        })
    }

    /// The place of the segment with that name.
    pub fn range(&self, name: &str) -> Option<std::ops::Range<usize>> {
        self.ranges().find(|(segment, _)| segment.name == name).map(|(_, range)| range)
    }

    /// The places of all segments that match a pattern: a name, or one with `*` for any run of characters.
    pub fn matching(&self, pattern: &str) -> Result<Vec<std::ops::Range<usize>>> {
        let found: Vec<_> = self.ranges().filter(|(s, _)| glob(pattern, &s.name)).map(|(_, r)| r).collect();
        if found.is_empty() {
            let names: Vec<String> = self.segments.iter().map(|s| format!("`{}`", s.name)).collect();
            return Err(Error::data(format!(
                "unknown segment `{pattern}` of the model's parameters, expected one of {}",
                names.join(", ")
            )));
        }
        Ok(found)
    }
}

/// Whether `text` matches `pattern`, where `*` stands for any run of characters.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).filter(|&i| rest.is_char_boundary(i)).any(|i| glob(tail, &rest[i..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(glob("*", "anything"));
        assert!(glob("head.*", "head.weight"));
        assert!(!glob("head.*", "ahead.weight"));
        assert!(glob("block.*.weight", "block.12.mlp.weight"));
        assert!(!glob("block.*.weight", "block.12.mlp.bias"));
    }

    #[test]
    fn vectors_of_another_length_are_refused() {
        let layout = Layout::new([("a", vec![2]), ("b", vec![3])]);
        layout.check(&[0.0; 5]).unwrap();
        assert_eq!(layout.check(&[0.0; 4]).unwrap_err().to_string(), "expected 5 parameters, found 4");
    }

    #[test]
    fn an_unknown_segment_is_named() {
        let error = Layout::new([("mean", vec![2])]).matching("width").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown segment `width` of the model's parameters, expected one of `mean`"
        );
    }
}
