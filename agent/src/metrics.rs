//! Numbers about the agent itself, in the text format of Prometheus.
//!
//! Source: Prometheus documentation, "Exposition formats", "Text-based format".

use std::fmt::Write;

/// Numbers of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, such as `remit_calls_recorded_total`.
    pub name: &'static str,
    /// What it tells, in one line.
    pub help: &'static str,
    /// Whether it only grows.
    pub is_counter: bool,
    /// One value for each set of labels.
    pub samples: Vec<Sample>,
}

/// One number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Names and values of what it is the number of.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: u64,
}

impl Metric {
    /// A number that only grows, without labels.
    pub fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { name, help, is_counter: true, samples: vec![Sample { labels: Vec::new(), value }] }
    }

    /// A number that comes and goes, without labels.
    pub fn gauge(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { is_counter: false, ..Self::counter(name, help, value) }
    }

    /// Numbers that only grow, one for each value of a label.
    pub fn counters<'a>(
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> Self {
        let sample = |(text, value): (&str, u64)| Sample { labels: vec![(label, text.to_owned())], value };
        Self { name, help, is_counter: true, samples: values.into_iter().map(sample).collect() }
    }
}

/// Metrics as Prometheus reads them.
pub fn text(metrics: &[Metric]) -> String {
    let mut text = String::new();
    for metric in metrics {
        let kind = if metric.is_counter { "counter" } else { "gauge" };
        // Writing to a string never fails.
        let _ = writeln!(text, "# HELP {} {}\n# TYPE {} {kind}", metric.name, metric.help, metric.name);
        for sample in &metric.samples {
            let labels: Vec<String> =
                sample.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{}{labels} {}", metric.name, sample.value);
        }
    }
    text
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_format() {
        let metrics = [
            Metric::counter("remit_calls_total", "Calls.", 7),
            Metric::gauge("remit_rows", "Rows in memory.", 1),
            Metric::counters("remit_lost_total", "Lost calls.", "reason", [("ring", 2), ("a\"b\\c\nd", 3)]),
            Metric::counters("remit_none_total", "Nothing.", "reason", []),
        ];
        assert_eq!(
            text(&metrics),
            "# HELP remit_calls_total Calls.\n# TYPE remit_calls_total counter\nremit_calls_total 7\n\
             # HELP remit_rows Rows in memory.\n# TYPE remit_rows gauge\nremit_rows 1\n\
             # HELP remit_lost_total Lost calls.\n# TYPE remit_lost_total counter\n\
             remit_lost_total{reason=\"ring\"} 2\nremit_lost_total{reason=\"a\\\"b\\\\c\\nd\"} 3\n\
             # HELP remit_none_total Nothing.\n# TYPE remit_none_total counter\n"
        );
    }
}
