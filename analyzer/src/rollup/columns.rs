//! Columns of what queries answer, whichever layout the plan chose for them.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, AsArray as _, Int64Array, MapArray, RecordBatch, StringArray};
use datafusion::error::DataFusionError;
use remit_policy::Days;

use super::{Span, word_column};

/// The columns of the bitmap of days.
pub(crate) struct DayWords<'a> {
    start: i64,
    words: Vec<&'a Int64Array>,
}

impl<'a> DayWords<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, span: Span) -> Result<Self, DataFusionError> {
        let word = |at: usize| {
            let name = word_column(at);
            let column = batch.column_by_name(&name).and_then(|column| column.as_any().downcast_ref());
            column.ok_or_else(|| unexpected(&name))
        };
        let words = span.words().enumerate().map(|(at, _)| word(at)).collect::<Result<_, _>>()?;
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
