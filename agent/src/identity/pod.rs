//! Pods as the kubelet tells them: what of `/pods` says who a container is.

mod item;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::item::Item;

/// Pods of one node that are kept. Kubernetes is made for 110, and large machines run several hundred.
const PODS_LIMIT: usize = 4096;

/// One pod: a name in a namespace, with what runs in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Kind of the owner: `Deployment`, `CronJob`, ...; `Pod` where it has none.
    pub owner_kind: String,
    /// Name of the owner; the pod's own where it has none.
    pub owner_name: String,
    /// ServiceAccount.
    pub service_account: String,
    /// Its containers of every sort, by name.
    pub containers: BTreeMap<String, Container>,
}

/// One container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Image reference.
    pub image: Option<String>,
    /// `AWS_ROLE_ARN` of its environment.
    pub role: Option<String>,
    /// Identifiers, of its present run and of the one before.
    pub ids: Vec<String>,
}

/// The pods of a node, by unique identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodList {
    /// Pods that could be read.
    pub pods: BTreeMap<String, Pod>,
    /// Items that are no pods, or more than are kept.
    pub odd: u64,
}

impl PodList {
    /// Reads the answer of the kubelet's `/pods`, one pod at a time. A pod that cannot be read is counted, and the others
    /// are read.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(reader: impl Read) -> Result<Self, serde_json::Error> {
        let mut list = Self::default();
        let mut json = serde_json::Deserializer::from_reader(std::io::BufReader::new(reader));
        Answer(&mut list).deserialize(&mut json)?;
        json.end()?;
        Ok(list)
    }

    fn add(&mut self, item: &RawValue) {
        match serde_json::from_str(item.get()).ok().and_then(Item::into_pod) {
            Some((uid, pod)) if self.pods.len() < PODS_LIMIT => {
                self.pods.insert(uid, pod);
            }
            _ => self.odd = self.odd.saturating_add(1),
        }
    }
}

/// The object `{"kind": "PodList", "items": [...]}`.
struct Answer<'a>(&'a mut PodList);

impl<'de> DeserializeSeed<'de> for Answer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Answer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of pods")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                map.next_value_seed(Items(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Items<'a>(&'a mut PodList);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("pods")
    }

    /// A node without pods may say `null`.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            self.0.add(&item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
