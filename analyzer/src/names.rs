//! Bounds the names of resources and the values of parameters the same way wherever they were recorded.
//!
//! A recorder keeps the first names it meets of a principal's operation and cuts those that are too many, so that which
//! ones survive depends on how the events were split into files. Cutting again over all names that the ledger holds
//! takes that away: the result depends on the set of names alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use remit_ledger::{Collapse, Values};

use crate::rollup::{ByName, Caller, Callers, PrincipalCalls, Text, pairs, strings};

/// The names and parameters of one operation of one principal.
#[derive(Debug, Default)]
struct Bounds {
    resources: Collapse,
    parameters: Values,
}

/// What was met of one operation of one principal: as it is until it is so much that some of it may have to be cut, which is
/// hardly ever.
#[derive(Debug)]
enum Met {
    Few(Vec<Named>, usize),
    Many(Box<Bounds>),
}

/// The names and the parameters of one call.
type Named = (Vec<String>, Vec<(String, String)>);

/// So many names or values are never too many.
const FEW: usize = 64;

impl Default for Met {
    fn default() -> Self {
        Self::Few(Vec::new(), 0)
    }
}

impl Met {
    fn add(&mut self, names: Vec<String>, values: BTreeMap<String, String>) {
        match self {
            Self::Many(bounds) => bounds.add(&names, &values),
            Self::Few(met, count) => {
                *count += names.len() + values.len();
                // What was cut before says that there were too many, however few of them are left.
                let is_cut = names.iter().chain(values.values()).any(|text| text.ends_with('*'));
                met.push((names, values.into_iter().collect()));
                if is_cut || *count > FEW {
                    let mut bounds = Bounds::default();
                    for (names, values) in met.drain(..) {
                        bounds.add(&names, &values.into_iter().collect());
                    }
                    *self = Self::Many(Box::new(bounds));
                }
            }
        }
    }
}

impl Bounds {
    fn add(&mut self, names: &[String], values: &BTreeMap<String, String>) {
        names.iter().for_each(|name| self.resources.add(name));
        self.parameters.add(values);
    }
}

/// Whose names are cut together: those of a principal of one provider; of one that is not known those of a workload.
type Owner = (String, String, Option<String>);

/// The names of everything that each operation of each principal was recorded on.
#[derive(Debug, Default)]
pub(crate) struct Names {
    met: BTreeMap<Owner, BTreeMap<(String, String), Met>>,
}

fn owner(caller: &Caller) -> Owner {
    let workload = caller.workload.clone().filter(|_| caller.is_unknown());
    (caller.provider.clone(), caller.principal.clone(), workload)
}

impl Names {
    /// Adds the names of calls.
    pub(crate) fn add_calls(&mut self, callers: &BTreeMap<Caller, PrincipalCalls>) {
        for (caller, calls) in callers {
            let owner = owner(caller);
            for call in &calls.calls {
                let (names, values) = (call.resources.clone(), BTreeMap::clone(&call.parameters));
                self.add(owner.clone(), (&call.service, &call.operation), names, values);
            }
        }
    }

    /// Adds the names of rows with the columns of callers, `service`, `operation`, `resources` and `parameters`.
    pub(crate) fn add_rows(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let callers = Callers::of(batch)?;
        let columns = ByName(batch);
        let (service, operation) = (columns.text("service")?, columns.text("operation")?);
        let (resources, parameters) = (columns.list("resources")?, columns.map("parameters")?);
        for row in 0..batch.num_rows() {
            let text = |column: &Text<'_>| column.text(row).unwrap_or_default();
            let (names, values) = (strings(resources.value(row).as_ref())?, pairs(parameters, row)?);
            let owner = owner(&callers.caller(row));
            self.add(owner, (&text(&service), &text(&operation)), names, values);
        }
        Ok(())
    }

    fn add(
        &mut self,
        owner: Owner,
        (service, operation): (&str, &str),
        names: Vec<String>,
        values: BTreeMap<String, String>,
    ) {
        if names.is_empty() && values.is_empty() {
            return;
        }
        let key = (service.to_owned(), operation.to_owned());
        self.met.entry(owner).or_default().entry(key).or_default().add(names, values);
    }

    /// Cuts the names of calls, some of which may be equal then.
    pub(crate) fn bound(&self, callers: &mut BTreeMap<Caller, PrincipalCalls>) {
        for (caller, calls) in callers {
            let Some(operations) = self.met.get(&owner(caller)) else { continue };
            for call in &mut calls.calls {
                let key = (call.service.clone(), call.operation.clone());
                if let Some(Met::Many(bounds)) = operations.get(&key) {
                    bounds.resources.apply(&mut call.resources);
                    let mut values = BTreeMap::clone(&call.parameters);
                    bounds.parameters.apply(&mut values);
                    if values != *call.parameters {
                        call.parameters = Arc::new(values);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use remit_ledger::{UNKNOWN, WIRE};

    use super::*;
    use crate::analysis::sample::call;

    /// As many calls of one object each, of a caller.
    fn calls(count: usize) -> PrincipalCalls {
        let one = |key: usize| {
            let mut call = call("s3", "GetObject");
            call.resources = vec![format!("arn:aws:s3:::bucket/{key}")];
            call
        };
        PrincipalCalls { kind: "role".to_owned(), calls: (0..count).map(one).collect() }
    }

    fn is_cut(principal: &str) -> bool {
        let caller = |workload: &str| Caller {
            principal: principal.to_owned(),
            provider: "aws".to_owned(),
            workload: Some(workload.to_owned()),
            evidence: WIRE.to_owned(),
        };
        let mut callers = BTreeMap::from([(caller("busy"), calls(100)), (caller("quiet"), calls(1))]);
        let mut names = Names::default();
        names.add_calls(&callers);
        names.bound(&mut callers);
        callers[&caller("quiet")].calls[0].resources == ["arn:aws:s3:::bucket/*"]
    }

    #[test]
    fn names_beside_those_that_were_cut_before_are_cut_however_few_there_are() {
        let caller = Caller {
            principal: "arn:aws:iam::111122223333:role/app".to_owned(),
            provider: "aws".to_owned(),
            workload: None,
            evidence: "cloudtrail".to_owned(),
        };
        let mut calls = calls(1);
        let mut cut = call("s3", "GetObject");
        cut.resources = vec!["arn:aws:s3:::bucket/*".to_owned()];
        calls.calls.push(cut);
        let mut callers = BTreeMap::from([(caller.clone(), calls)]);
        let mut names = Names::default();
        names.add_calls(&callers);
        names.bound(&mut callers);
        let resources = callers[&caller].calls.iter().map(|call| call.resources.concat());
        assert_eq!(resources.collect::<Vec<_>>(), ["arn:aws:s3:::bucket/*"; 2]);
    }

    #[test]
    fn names_are_cut_by_principal_and_of_one_that_is_not_known_by_workload() {
        assert!(is_cut("arn:aws:iam::111122223333:role/app"));
        assert!(!is_cut(UNKNOWN));
    }
}
