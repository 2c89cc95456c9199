//! Identities of one kind: what others of it use, one may come to use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use remit_policy::Retained;

use super::meaning::Meaning;

/// Others that have to be there to say anything.
const FEWEST: usize = 1;

/// How many of ten have to use it.
const SHARE: usize = 3;

/// How many of ten use, on average, what one uses itself, if they are its peers: a tag or a name alone may be shared by those that
/// do quite other things.
const ALIKE: usize = 3;

/// What makes a kind.
pub(super) type Kind = Vec<String>;

/// Which identities are of one kind, by their places.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    members: BTreeMap<Kind, BTreeSet<usize>>,
    of: Vec<Vec<Kind>>,
}

impl Kinds {
    /// Of identities that are each of these kinds.
    pub(super) fn among(all: impl IntoIterator<Item = Vec<Kind>>) -> Self {
        let mut kinds = Self::default();
        for (at, of) in all.into_iter().enumerate() {
            for kind in &of {
                kinds.members.entry(kind.clone()).or_default().insert(at);
            }
            kinds.of.push(of);
        }
        // Whoever is alone of a kind has no company by it.
        kinds.members.retain(|_, members| members.len() > 1);
        let members = &kinds.members;
        kinds.of.iter_mut().for_each(|of| of.retain(|kind| members.contains_key(kind)));
        kinds
    }

    /// The others of an identity's kind, by their places.
    pub(crate) fn others(&self, place: usize) -> BTreeSet<usize> {
        let mut others = self.company(self.shared(place));
        others.remove(&place);
        others
    }

    /// The kinds of an identity that others are of as well.
    fn shared(&self, place: usize) -> &[Kind] {
        self.of.get(place).map(Vec::as_slice).unwrap_or_default()
    }

    /// All that are of any of these kinds.
    fn company(&self, of: &[Kind]) -> BTreeSet<usize> {
        of.iter().filter_map(|kind| self.members.get(kind)).flatten().copied().collect()
    }
}

/// Bytes of a name of which words are left blank. Names of roles and of service accounts are shorter; of longer ones, which
/// manifests may hold, there would be as many copies as they have words.
const LONGEST: usize = 512;

/// A name of several words, each of them in turn left blank; none of a name of one word, or of a very long one.
pub(super) fn but_for_a_word(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(['-', '_', '.']).collect();
    if words.len() < 2 || name.len() > LONGEST {
        return Vec::new();
    }
    let blank = |without: usize| {
        let words = words.iter().enumerate();
        let words = words.map(|(at, word)| if at == without { "*" } else { word });
        words.collect::<Vec<_>>().join("-")
    };
    (0..words.len()).map(blank).collect()
}

/// What identities use, each of which has the others of its kind for peers.
#[derive(Debug)]
pub(crate) struct Community<'k, P> {
    kinds: &'k Kinds,
    /// By their places.
    used: Vec<BTreeSet<P>>,
    all: Company<P>,
    /// By kinds, added up once for whoever is of the same ones: a kind may be large.
    companies: BTreeMap<&'k [Kind], OnceLock<Company<P>>>,
}

/// How many of some identities use a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Company<P> {
    members: usize,
    using: BTreeMap<P, usize>,
}

impl<P: Ord + Clone> Company<P> {
    fn of<'u>(all: impl IntoIterator<Item = &'u BTreeSet<P>>) -> Self
    where
        P: 'u,
    {
        let mut company = Self { members: 0, using: BTreeMap::new() };
        for used in all {
            company.members += 1;
            for permission in used {
                *company.using.entry(permission.clone()).or_default() += 1;
            }
        }
        company
    }
}

impl<'k, P: Ord + Clone> Community<'k, P> {
    /// Of identities in the places that they have among the kinds.
    pub(crate) fn of(kinds: &'k Kinds, used: Vec<BTreeSet<P>>) -> Self {
        let companies = kinds.of.iter().map(|of| (of.as_slice(), OnceLock::new())).collect();
        Self { kinds, all: Company::of(&used), used, companies }
    }

    /// The peers of an identity, by its place.
    pub(crate) fn peers(&self, place: usize) -> Peers<'_, P> {
        let kinds = self.kinds.shared(place);
        let company = || Company::of(self.kinds.company(kinds).iter().filter_map(|at| self.used.get(*at)));
        let company = self.companies.get(kinds).map(|once| once.get_or_init(company));
        let peers = Peers { own: self.used.get(place), company, all: &self.all };
        Peers { company: company.filter(|_| peers.are_alike()), ..peers }
    }

    /// What an identity uses itself, by its place.
    pub(crate) fn used(&self, place: usize) -> Option<&BTreeSet<P>> {
        self.used.get(place)
    }
}

/// What others than one identity use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peers<'c, P> {
    own: Option<&'c BTreeSet<P>>,
    /// Those of its kind, with itself.
    company: Option<&'c Company<P>>,
    all: &'c Company<P>,
}

impl<P: Ord> Peers<'_, P> {
    /// How many there are of its kind.
    fn of(&self) -> usize {
        self.company.map_or(0, |company| company.members.saturating_sub(1))
    }

    /// How many of these use a permission.
    fn using(&self, permission: &P) -> usize {
        let is_own = self.own.is_some_and(|own| own.contains(permission));
        let used = self.company.and_then(|company| company.using.get(permission)).copied().unwrap_or(0);
        used.saturating_sub(usize::from(is_own))
    }

    /// Whether they use what it uses.
    fn are_alike(&self) -> bool {
        let own = self.own.into_iter().flatten();
        let (used, using) = own.fold((0, 0), |(used, using), one| (used + 1, using + self.using(one)));
        using * 10 >= used * self.of() * ALIKE
    }

    /// That others use a permission, near which something is used.
    pub(super) fn of_others(
        &self,
        permission: &P,
        meaning: &Meaning<'_>,
        near: impl FnOnce() -> Option<String>,
    ) -> Option<Retained> {
        let used = self.all.using.get(permission).copied().filter(|_| !meaning.is_grave)?;
        near().map(|near| Retained::Others { used, near })
    }

    /// That enough others use a permission; never of one that changes who may do what, or gives away secrets.
    pub(super) fn use_of(&self, permission: &P, meaning: &Meaning<'_>) -> Option<Retained> {
        let (used, of) = (self.using(permission), self.of());
        let is_enough = of >= FEWEST && used > 0 && used * 10 >= of * SHARE;
        (is_enough && !meaning.is_grave).then_some(Retained::Peers { used, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_blank_for_each_word_unless_it_is_very_long() {
        assert_eq!(but_for_a_word("web-api_eu"), ["*-api-eu", "web-*-eu", "web-api-*"]);
        assert_eq!(but_for_a_word("web"), [""; 0]);
        assert_eq!(but_for_a_word(&"a.".repeat(256)).len(), 257);
        assert_eq!(but_for_a_word(&"a.".repeat(1 << 20)), [""; 0]);
    }

    /// However kinds overlap, the peers of an identity are each of the others once, and never itself.
    #[test]
    fn what_peers_use_is_what_others_use_of_any_of_its_kinds() {
        let of = |kinds: &[&str]| kinds.iter().map(|kind| vec![(*kind).to_owned()]).collect::<Vec<Kind>>();
        let kinds = Kinds::among([of(&["a", "b"]), of(&["b", "a"]), of(&["b"]), of(&["a", "c"]), of(&["d"])]);
        let used = [[1, 2], [1, 3], [2, 3], [1, 2], [1, 1]].map(BTreeSet::from);
        let community = Community::of(&kinds, used.to_vec());
        for place in 0..used.len() {
            let others = kinds.others(place);
            let using = |permission: i32| others.iter().filter(|at| used[**at].contains(&permission)).count();
            let peers = community.peers(place);
            assert_eq!(peers.of(), others.len(), "{place}");
            for permission in 1..=4 {
                assert_eq!(peers.using(&permission), using(permission), "{permission} {place}");
            }
        }
        assert_eq!(kinds.others(0), BTreeSet::from([1, 2, 3]));
        assert_eq!(kinds.others(4), BTreeSet::new());
    }

    /// A name or a tag that things share which do something else each says nothing.
    #[test]
    fn who_does_something_else_is_no_peer() {
        let kinds = Kinds::among((0..4).map(|_| vec![vec!["web".to_owned()]]));
        let community = |used: [[i32; 3]; 4]| Community::of(&kinds, used.map(BTreeSet::from).to_vec());
        let unlike = community([[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 5, 8]]);
        assert_eq!(unlike.peers(0).of(), 0);
        let alike = community([[1, 2, 3], [1, 2, 4], [1, 5, 6], [2, 5, 8]]);
        assert_eq!(alike.peers(0).using(&5), 2);
    }
}
