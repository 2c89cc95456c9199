//! Ranges of principals, so that a query can be asked of some after others.

use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use futures::StreamExt as _;

use super::columns::ByName;
use super::literal;

/// Conditions that divide the principals of rows into ranges, of which each two that follow each other have more rows than
/// `most` makes of those of all. A principal is in one range, however many rows it has.
pub(crate) async fn ranges(
    context: &SessionContext,
    rows: &str,
    most: impl FnOnce(i64) -> i64,
) -> Result<Vec<String>, DataFusionError> {
    let counted =
        format!("SELECT principal, COUNT(*) AS rows FROM ({rows}) GROUP BY principal ORDER BY principal");
    let mut counts = Vec::new();
    let mut batches = context.sql(&counted).await?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let columns = ByName(&batch);
        let (principals, rows) = (columns.text("principal")?, columns.number("rows")?);
        let names = (0..batch.num_rows()).map(|row| principals.text(row).unwrap_or_default());
        counts.extend(names.zip(rows.values().iter().copied()));
    }
    let all = counts.iter().map(|(_, rows)| rows).sum();
    Ok(divided(counts, most(all)))
}

/// The conditions, of principals in their order with how many rows each has.
fn divided(counts: Vec<(String, i64)>, most: i64) -> Vec<String> {
    let (mut ranges, mut from, mut held) = (Vec::new(), None, 0);
    for (principal, rows) in counts {
        if held > 0 && held + rows > most {
            let until = literal(&principal);
            ranges.push(range(from.as_deref(), Some(&until)));
            (from, held) = (Some(until), 0);
        }
        held += rows;
    }
    ranges.push(range(from.as_deref(), None));
    ranges
}

/// The condition that a principal is in a range, whose ends are texts as SQL writes them.
fn range(from: Option<&str>, until: Option<&str>) -> String {
    let from = from.map(|from| format!("principal >= {from}"));
    let until = until.map(|until| format!("principal < {until}"));
    let both: Vec<String> = from.into_iter().chain(until).collect();
    if both.is_empty() { "TRUE".to_owned() } else { both.join(" AND ") }
}

#[cfg(test)]
mod tests {
    use super::divided;

    #[test]
    fn principals_are_divided_by_their_rows() {
        let of = |counts: &[(&str, i64)]| {
            divided(counts.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect(), 10)
        };
        assert_eq!(of(&[]), ["TRUE"]);
        assert_eq!(of(&[("a", 4), ("b", 6)]), ["TRUE"]);
        assert_eq!(of(&[("a", 500)]), ["TRUE"], "a principal is not divided");
        assert_eq!(
            of(&[("a", 4), ("b", 500), ("it's", 4), ("u", 6), ("v", 1)]),
            [
                "principal < 'b'",
                "principal >= 'b' AND principal < 'it''s'",
                "principal >= 'it''s' AND principal < 'v'",
                "principal >= 'v'"
            ]
        );
    }
}
