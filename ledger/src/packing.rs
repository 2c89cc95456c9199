//! How the columns of a file are encoded and compressed.

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnPath;

use crate::schema::column;

/// Rows in one row group: the unit of parallel reading and of skipping by statistics.
const ROW_GROUP_ROWS: usize = 262_144;

/// Columns by which readers pass over row groups. To keep the extremes of the others costs two comparisons a row.
const SEARCHED: &[&str] = &[
    column::WINDOW_START,
    column::FIRST_SEEN,
    column::LAST_SEEN,
    column::ACCOUNT,
    column::PRINCIPAL,
    column::SERVICE,
    column::OPERATION,
];

/// Level of zstd where nothing else is said. Names in a dictionary hardly repeat, so the next levels take longer and find
/// nothing.
const LEVEL: i32 = 1;

/// How much is tried to make files of calls small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As they come in.
    Quick,
    /// Where they stay: names that hardly repeat as a whole share most of their text with the name before, which the sixth
    /// level is the first to find.
    Tight,
}

/// A column that is not kept as a dictionary, its encoding, and the level of zstd for it.
type Plain = (&'static str, Encoding, i32);

/// Ids are unique and those of sessions and keys nearly so: a dictionary would only repeat them. They are of one length, which
/// is best kept apart. Times are whole seconds, most of which come again in a file: the third level finds them.
const QUICK: &[Plain] = &[
    (column::SAMPLE_ID, Encoding::DELTA_LENGTH_BYTE_ARRAY, LEVEL),
    (column::SESSION, Encoding::DELTA_LENGTH_BYTE_ARRAY, LEVEL),
    (column::CREDENTIAL, Encoding::DELTA_LENGTH_BYTE_ARRAY, LEVEL),
    (column::FIRST_SEEN, Encoding::PLAIN, 3),
    (column::LAST_SEEN, Encoding::PLAIN, 3),
];

/// What [`Packing::Tight`] does besides: the strings of the list of resources, and addresses.
const TIGHT: &[Plain] =
    &[("resources.list.element", Encoding::PLAIN, 6), (column::NETWORK_ORIGIN, Encoding::PLAIN, 6)];

/// How files are written where nothing else is said.
pub(crate) fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_created_by(format!("remit version {}", env!("CARGO_PKG_VERSION")))
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(zstd(LEVEL))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_offset_index_disabled(true)
}

/// How files of many calls are written.
pub(crate) fn usage_properties(packing: Packing) -> WriterProperties {
    let tight = if packing == Packing::Tight { TIGHT } else { &[] };
    let properties = QUICK.iter().chain(tight).fold(properties(), |properties, (name, encoding, level)| {
        let column = ColumnPath::from(name.split('.').map(str::to_owned).collect::<Vec<_>>());
        properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column.clone(), *encoding)
            .set_column_compression(column, zstd(*level))
    });
    let properties = properties.set_statistics_enabled(EnabledStatistics::None);
    let searched = SEARCHED.iter().fold(properties, |properties, column| {
        properties.set_column_statistics_enabled(ColumnPath::from(*column), EnabledStatistics::Chunk)
    });
    searched.build()
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}
