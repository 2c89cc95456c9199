//! Turning request parameters into ARNs.

use crate::arn::is_arn;
use crate::transform::{Transform, Transformed};
use crate::{Operation, ParameterPath, ParameterUse, Provenance};

/// Where a call was made: what the request itself does not say of its resources' ARNs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: &'a str,
    /// Region that served the call.
    pub region: &'a str,
    /// The twelve digits of the account whose resources were called.
    pub account: &'a str,
}

/// How to make an ARN of request parameters.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// The ARN pattern.
    pub pattern: &'static str,
    /// Which source says what fills it.
    pub provenance: Provenance,
    /// What fills its placeholders other than partition, region and account.
    pub(crate) fills: &'static [Fill],
    /// The pattern cut at its placeholders, which is done once since calls fill it by the million.
    pub(crate) pieces: &'static [Piece],
    /// The fills that only guard the template.
    pub(crate) guards: &'static [Fill],
}

/// A piece of a pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    Text(&'static str),
    Partition,
    Region,
    Account,
    Fill(Fill),
    /// A placeholder that nothing fills.
    Open,
}

/// What fills a placeholder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    /// The placeholder's name; one that the pattern does not have only guards the template.
    pub(crate) placeholder: &'static str,
    /// The parameter, by its place in the operation's parameters.
    pub(crate) parameter: u16,
    /// What is done to its value.
    pub(crate) transform: Transform,
    /// How the value has to start for the template to apply; often empty.
    pub(crate) prefix: &'static str,
    /// What stands for the value where the parameter is not given; empty when the template does not apply then.
    pub(crate) otherwise: &'static str,
}

impl Template {
    /// A template by its pattern and what fills that.
    pub(crate) fn new(pattern: &'static str, provenance: Provenance, fills: &'static [Fill]) -> Self {
        let mut pieces = Vec::new();
        let mut named = Vec::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
            let fill = fills.iter().find(|fill| fill.placeholder == placeholder);
            named.push(placeholder);
            pieces.push(Piece::Text(before));
            pieces.push(match (fill, placeholder) {
                (Some(fill), _) => Piece::Fill(*fill),
                (None, "Partition") => Piece::Partition,
                (None, "Region") => Piece::Region,
                (None, "Account") => Piece::Account,
                (None, _) => Piece::Open,
            });
            rest = after;
        }
        pieces.push(Piece::Text(rest));
        let guards: Vec<_> =
            fills.iter().filter(|fill| !named.contains(&fill.placeholder)).copied().collect();
        Self { pattern, provenance, fills, pieces: pieces.leak(), guards: guards.leak() }
    }

    /// What fills the end of the pattern, where that goes on with `:*`.
    pub(crate) fn open_end(&self) -> Option<&Fill> {
        match self.pieces {
            [.., Piece::Fill(fill), Piece::Text(":*")] => Some(fill),
            _ => None,
        }
    }

    /// The ARNs that the values make. Where more than one placeholder has several values they have to come
    /// from the same list, element by element; otherwise it is not known which belong together.
    pub(crate) fn fill(&self, place: &Place<'_>, values: &Values<'_, '_>) -> Vec<String> {
        (0..self.rows(values)).filter_map(|row| self.fill_row(place, values, row)).collect()
    }

    fn rows(&self, values: &Values<'_, '_>) -> usize {
        let mut rows = 1;
        let mut list: Option<&str> = None;
        for fill in self.fills {
            let count = values.of(fill.parameter).count();
            if count > 1 {
                let from = values.list_of(fill.parameter);
                if rows > 1 && (rows != count || list != from) {
                    return 0;
                }
                rows = count;
                list = from;
            }
        }
        rows
    }

    fn fill_row(&self, place: &Place<'_>, values: &Values<'_, '_>, row: usize) -> Option<String> {
        let mut arn = String::with_capacity(self.pattern.len() + 64);
        let whole = self.parts(place, values, row, |part| arn.push_str(part))?;
        Some(whole.unwrap_or(arn))
    }

    /// Hands out the parts of the ARN in their order; an ARN that takes the place of them all is returned. None where
    /// the values make none.
    fn parts(
        &self,
        place: &Place<'_>,
        values: &Values<'_, '_>,
        row: usize,
        mut push: impl FnMut(&str),
    ) -> Option<Option<String>> {
        let mut whole = None;
        for guard in self.guards {
            values.pick(guard, row)?;
        }
        let given = |part| Some(part).filter(|part: &&str| !part.is_empty());
        for piece in self.pieces {
            match piece {
                Piece::Text(text) => push(text),
                Piece::Fill(fill) => match values.pick(fill, row)? {
                    Transformed::Part(part) => push(part),
                    Transformed::Whole(text) => whole = Some(text),
                },
                Piece::Partition => push(given(place.partition)?),
                Piece::Region => push(given(place.region)?),
                Piece::Account => push(given(place.account)?),
                Piece::Open => return None,
            }
        }
        Some(whole)
    }
}

/// The values of a call's parameters, sorted by parameter.
pub(crate) struct Values<'o, 'v> {
    parameters: &'o [ParameterPath],
    values: Vec<(u16, &'v str)>,
}

impl<'o, 'v> Values<'o, 'v> {
    /// Sorts values to the operation's parameters; what is none of them is left out.
    pub(crate) fn sort(operation: &'o Operation, values: &[(&str, &'v str)]) -> Self {
        let mut sorted: Vec<(u16, &'v str)> = values
            .iter()
            .filter_map(|(path, value)| {
                let place = operation.parameters.iter().position(|parameter| parameter.is(path))?;
                Some((u16::try_from(place).ok()?, *value))
            })
            .filter(|(_, value)| !value.is_empty())
            .collect();
        sorted.sort_by_key(|(parameter, _)| *parameter);
        Self { parameters: operation.parameters, values: sorted }
    }

    /// Values that are ARNs, of parameters that name resources.
    pub(crate) fn arns(&self) -> impl Iterator<Item = &'v str> {
        self.values
            .iter()
            .filter(|(parameter, value)| {
                self.use_of(*parameter) == Some(ParameterUse::Resource) && is_arn(value)
            })
            .map(|(_, value)| *value)
    }

    /// What belongs to the record's parameters: roles, selectors, and what became no resource.
    pub(crate) fn kept(&self, operation: &Operation, place: &Place<'_>) -> Vec<(&'static str, &'v str)> {
        let mut kept: Vec<(&'static str, &'v str)> = self
            .values
            .iter()
            .filter_map(|(index, value)| {
                let parameter = self.parameters.get(usize::from(*index))?;
                match parameter.used_for {
                    ParameterUse::PassedRole => Some((parameter.path, *value)),
                    ParameterUse::Selector => Some((parameter.path, "")),
                    ParameterUse::Resource => {
                        let placed = if is_arn(value) && operation.names(value) {
                            true
                        } else {
                            operation
                                .templates
                                .iter()
                                .any(|template| template.places(place, self, *index, value))
                        };
                        (!placed).then_some((parameter.path, *value))
                    }
                }
            })
            .collect();
        kept.sort_unstable();
        kept.dedup();
        kept
    }

    fn use_of(&self, parameter: u16) -> Option<ParameterUse> {
        self.parameters.get(usize::from(parameter)).map(|parameter| parameter.used_for)
    }

    fn of(&self, parameter: u16) -> impl Iterator<Item = &'v str> {
        self.values.iter().filter(move |(index, _)| *index == parameter).map(|(_, value)| *value)
    }

    /// The path of the list that the parameter's values come from.
    fn list_of(&self, parameter: u16) -> Option<&'o str> {
        let path = self.parameters.get(usize::from(parameter))?.path;
        path.rfind("[]").and_then(|end| path.get(..end))
    }

    fn pick(&self, fill: &Fill, row: usize) -> Option<Transformed<'v>> {
        match self.value(fill.parameter, row) {
            None if !fill.otherwise.is_empty() && self.of(fill.parameter).next().is_none() => {
                Some(Transformed::Part(fill.otherwise))
            }
            value => fill.apply(value?),
        }
    }

    /// A single value goes with every row.
    fn value(&self, parameter: u16, row: usize) -> Option<&'v str> {
        let is_single = self.of(parameter).count() == 1;
        self.of(parameter).nth(if is_single { 0 } else { row })
    }
}

impl Template {
    /// Whether the value becomes part of an ARN that the template makes. An index is not told by its own name where its
    /// table is not.
    fn places(&self, place: &Place<'_>, values: &Values<'_, '_>, parameter: u16, value: &str) -> bool {
        self.fills.iter().any(|fill| fill.parameter == parameter)
            && (0..self.rows(values)).any(|row| {
                values.value(parameter, row) == Some(value)
                    && self.parts(place, values, row, |_| {}).is_some()
            })
    }
}

impl Fill {
    fn apply<'v>(&self, value: &'v str) -> Option<Transformed<'v>> {
        value.starts_with(self.prefix).then(|| self.transform.apply(value)).flatten()
    }
}

#[cfg(test)]
mod tests;
