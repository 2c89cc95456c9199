//! Columns of what queries answer, whichever layout the plan chose for them.

use std::collections::BTreeMap;

use datafusion::arrow::array::{
    Array, AsArray as _, Int64Array, ListArray, MapArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::error::DataFusionError;
use remit_policy::Days;

use super::{Span, word_column};

/// The columns of a batch, by their names.
#[derive(Clone, Copy)]
pub(crate) struct ByName<'a>(pub(crate) &'a RecordBatch);

impl<'a> ByName<'a> {
    fn column(self, name: &str) -> Result<&'a dyn Array, DataFusionError> {
        self.0.column_by_name(name).map(AsRef::as_ref).ok_or_else(|| unexpected(name))
    }

    pub(crate) fn text(self, name: &str) -> Result<Text<'a>, DataFusionError> {
        text(self.column(name)?, name)
    }

    pub(crate) fn number(self, name: &str) -> Result<&'a Int64Array, DataFusionError> {
        self.column(name)?.as_any().downcast_ref().ok_or_else(|| unexpected(name))
    }

    pub(crate) fn time(self, name: &str) -> Result<&'a TimestampMicrosecondArray, DataFusionError> {
        self.column(name)?.as_any().downcast_ref().ok_or_else(|| unexpected(name))
    }

    pub(crate) fn list(self, name: &str) -> Result<&'a ListArray, DataFusionError> {
        self.column(name)?.as_list_opt::<i32>().ok_or_else(|| unexpected(name))
    }

    pub(crate) fn map(self, name: &str) -> Result<&'a MapArray, DataFusionError> {
        self.column(name)?.as_map_opt().ok_or_else(|| unexpected(name))
    }
}

/// The columns of the bitmap of days.
pub(crate) struct DayWords<'a> {
    start: i64,
    words: Vec<&'a Int64Array>,
}

impl<'a> DayWords<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, span: Span) -> Result<Self, DataFusionError> {
        let columns = ByName(batch);
        let words = span.words().enumerate().map(|(at, _)| columns.number(&word_column(at)));
        let words = words.collect::<Result<_, _>>()?;
        Ok(Self { start: span.first, words })
    }

    /// The days of a row.
    pub(crate) fn days(&self, row: usize) -> Days {
        Days::of_words(self.start, self.words.iter().map(|word| word.value(row).cast_unsigned()))
    }
}

/// A string column, whichever of Arrow's string layouts the plan chose.
pub(crate) enum Text<'a> {
    Plain(&'a StringArray),
    View(&'a datafusion::arrow::array::StringViewArray),
}

impl Text<'_> {
    /// The text of a row; none where it is null.
    pub(crate) fn text(&self, row: usize) -> Option<String> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row).to_owned()),
            Self::View(array) => array.is_valid(row).then(|| array.value(row).to_owned()),
        }
    }
}

/// A column of strings.
pub(crate) fn text<'a>(array: &'a dyn Array, name: &str) -> Result<Text<'a>, DataFusionError> {
    if let Some(array) = array.as_string_opt::<i32>() {
        return Ok(Text::Plain(array));
    }
    array.as_string_view_opt().map(Text::View).ok_or_else(|| unexpected(name))
}

/// A column that is not what the query says.
pub(crate) fn unexpected(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("column `{name}` of the roll-up has an unexpected type"))
}

/// A list of strings.
pub(crate) fn strings(array: &dyn Array) -> Result<Vec<String>, DataFusionError> {
    let items = text(array, "resources")?;
    Ok((0..array.len()).filter_map(|at| items.text(at)).collect())
}

/// A map of strings.
pub(crate) fn pairs(map: &MapArray, row: usize) -> Result<BTreeMap<String, String>, DataFusionError> {
    let entries = map.value(row);
    let keys = text(entries.column(0).as_ref(), "parameters")?;
    let values = text(entries.column(1).as_ref(), "parameters")?;
    Ok((0..entries.len()).filter_map(|at| Some((keys.text(at)?, values.text(at)?))).collect())
}
