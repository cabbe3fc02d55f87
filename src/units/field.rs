//! A value that a file states, leaves out, or states in a way that can't be followed.

use crate::source::{Insert, Place, Slot, SourceId};

/// A field of a unit, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field<T> {
    /// The file says it, here.
    Known(T, Place),
    /// The file does not say it; where it would stand, if that is known.
    Absent(Option<(Place, Option<Insert>)>),
    /// The file says something that can't be told from the files alone: why, and where.
    Unknown(String, Option<Place>),
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Field::Absent(None)
    }
}

impl<T> Field<T> {
    /// An absence with the slot where the field would be written.
    pub fn absent_at(source: SourceId, slot: Slot) -> Self {
        let place = Place {
            source,
            span: slot.span,
        };
        Field::Absent(Some((place, slot.insert)))
    }

    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Field::Known(value, _) => Some(value),
            Field::Absent(_) | Field::Unknown(..) => None,
        }
    }

    /// Whether the file leaves it out.
    pub fn is_absent(&self) -> bool {
        matches!(self, Field::Absent(_))
    }

    /// Where it stands, or would stand.
    pub fn place(&self) -> Option<Place> {
        match self {
            Field::Known(_, place) => Some(*place),
            Field::Absent(slot) => slot.as_ref().map(|(place, _)| *place),
            Field::Unknown(_, place) => *place,
        }
    }

    /// The same field with its value changed by `change`; an error makes it unknown with that reason.
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Result<U, String>) -> Field<U> {
        match self {
            Field::Known(value, place) => match change(value) {
                Ok(value) => Field::Known(value, place),
                Err(why) => Field::Unknown(why, Some(place)),
            },
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        }
    }
}
