//! Pods as the kubelet tells them: what of `/pods` says who a container is.

mod item;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::item::Item;

/// Bytes that the pods of one answer may take when they are kept: Kubernetes is made for 110 on a node, and large machines
/// run several hundred, of which each takes a few hundred.
const KEPT_LIMIT: usize = 8 << 20;

/// Bytes of one pod in the answer. The API server stores no object that is a quarter as large.
const ITEM_LIMIT: usize = 8 << 20;

/// What a pod or container takes beside its texts.
const ENTRY_BYTES: usize = 256;

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
    bytes: usize,
}

impl Pod {
    /// Bytes of memory that it takes, roughly.
    pub(super) fn footprint(&self) -> usize {
        let names = [&self.namespace, &self.name, &self.owner_kind, &self.owner_name, &self.service_account];
        let containers = self.containers.iter().map(|(name, container)| {
            let optional = [&container.image, &container.role].into_iter().flatten();
            let texts = optional.chain(&container.ids).map(String::len).sum::<usize>();
            ENTRY_BYTES + name.len() + texts
        });
        ENTRY_BYTES + names.iter().map(|name| name.len()).sum::<usize>() + containers.sum::<usize>()
    }
}

impl PodList {
    /// Reads the answer of the kubelet's `/pods`, one pod at a time. A pod that cannot be read is counted, and the others
    /// are read.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(reader: impl Read) -> Result<Self, serde_json::Error> {
        let mut list = Self::default();
        let left = Rc::new(Cell::new(ITEM_LIMIT));
        let reader = Rationed { reader, left: Rc::clone(&left) };
        let mut json = serde_json::Deserializer::from_reader(io::BufReader::new(reader));
        Answer { list: &mut list, left }.deserialize(&mut json)?;
        json.end()?;
        Ok(list)
    }

    fn add(&mut self, item: &RawValue) {
        match serde_json::from_str(item.get()).ok().and_then(Item::into_pod) {
            Some((uid, pod)) if self.bytes < KEPT_LIMIT => {
                self.bytes = self.bytes.saturating_add(pod.footprint());
                self.pods.insert(uid, pod);
            }
            _ => self.odd = self.odd.saturating_add(1),
        }
    }
}

/// Reads no more bytes than are left, so that no text of an answer is held that is longer than a pod may be.
struct Rationed<R> {
    reader: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.left.get().checked_sub(bytes.len()) else {
            return Err(io::Error::other("one item is larger than any pod"));
        };
        self.left.set(left);
        self.reader.read(bytes)
    }
}

/// The object `{"kind": "PodList", "items": [...]}`.
struct Answer<'a> {
    list: &'a mut PodList,
    left: Rc<Cell<usize>>,
}

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
                map.next_value_seed(Items { list: self.list, left: &self.left })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Items<'a> {
    list: &'a mut PodList,
    left: &'a Cell<usize>,
}

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
            self.left.set(ITEM_LIMIT);
            self.list.add(&item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
