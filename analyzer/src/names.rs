//! Bounds the names of resources and the values of parameters the same way wherever they were recorded.
//!
//! A recorder keeps the first names it meets of a principal's operation and cuts those that are too many, so that which
//! ones survive depends on how the events were split into files. Cutting again over all names that the ledger holds
//! takes that away: the result depends on the set of names alone.

use std::collections::BTreeMap;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::error::DataFusionError;
use remit_ledger::{Collapse, Values};

use crate::rollup::{PrincipalCalls, Text, pairs, strings, text, unexpected};

/// The names and parameters of one operation of one principal.
#[derive(Debug, Default)]
struct Bounds {
    resources: Collapse,
    parameters: Values,
}

/// The names of everything that each operation of each principal was recorded on.
#[derive(Debug, Default)]
pub(crate) struct Names {
    bounds: BTreeMap<(String, String, String), Bounds>,
}

impl Names {
    /// Adds the names of calls.
    pub(crate) fn add_calls(&mut self, principals: &BTreeMap<String, PrincipalCalls>) {
        for (principal, calls) in principals {
            for call in &calls.calls {
                self.add(principal, &call.service, &call.operation, &call.resources, &call.parameters);
            }
        }
    }

    /// Adds the names of rows with the columns `principal`, `service`, `operation`, `resources` and `parameters`.
    pub(crate) fn add_rows(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| unexpected(name));
        let string = |name: &str| column(name).and_then(|array| text(array.as_ref(), name));
        let (principal, service, operation) =
            (string("principal")?, string("service")?, string("operation")?);
        let resources = column("resources")?.as_list_opt::<i32>().ok_or_else(|| unexpected("resources"))?;
        let parameters = column("parameters")?.as_map_opt().ok_or_else(|| unexpected("parameters"))?;
        for row in 0..batch.num_rows() {
            let text = |column: &Text<'_>| column.text(row).unwrap_or_default();
            let (names, values) = (strings(resources.value(row).as_ref())?, pairs(parameters, row)?);
            self.add(&text(&principal), &text(&service), &text(&operation), &names, &values);
        }
        Ok(())
    }

    fn add(
        &mut self,
        principal: &str,
        service: &str,
        operation: &str,
        names: &[String],
        values: &BTreeMap<String, String>,
    ) {
        if names.is_empty() && values.is_empty() {
            return;
        }
        let key = (principal.to_owned(), service.to_owned(), operation.to_owned());
        let bounds = self.bounds.entry(key).or_default();
        for name in names {
            bounds.resources.add(name);
        }
        bounds.parameters.add(values);
    }

    /// Cuts the names of calls, some of which may be equal then.
    pub(crate) fn bound(&self, principals: &mut BTreeMap<String, PrincipalCalls>) {
        for (principal, calls) in principals {
            for call in &mut calls.calls {
                let key = (principal.clone(), call.service.clone(), call.operation.clone());
                if let Some(bounds) = self.bounds.get(&key) {
                    bounds.resources.apply(&mut call.resources);
                    bounds.parameters.apply(&mut call.parameters);
                }
            }
        }
    }
}
