//! Names of new roles and bindings.

use super::object::ObjectName;
use super::state::State;
use super::user::User;

/// A name has at most so many letters, as a DNS label has.
const LONGEST: usize = 63;

/// What all new names of one subject are made of: they tell whose they are, and no two subjects have the same.
pub(super) struct Naming {
    stem: String,
}

impl Naming {
    pub(super) fn of(user: &User) -> Self {
        let told = match user.account() {
            Some((namespace, name)) => format!("{namespace}-{name}"),
            None => user.name.clone(),
        };
        let safe =
            |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        // Room for a number where the name is taken.
        let told: String = told.chars().take(LONGEST - 20).map(safe).collect();
        Self { stem: format!("remit-{}-{:08x}", told.trim_matches('-'), hash(&user.name)) }
    }

    /// A name that neither a role nor a binding has.
    pub(super) fn free(&self, state: &State, namespace: Option<&str>) -> ObjectName {
        let named = |name: String| ObjectName { namespace: namespace.map(str::to_owned), name };
        let numbered = (2..u32::MAX).map(|number| named(format!("{}-{number}", self.stem)));
        let mut names = std::iter::once(named(self.stem.clone())).chain(numbered);
        names.find(|name| !state.has(name)).unwrap_or_else(|| named(self.stem.clone()))
    }
}

/// FNV-1a, which is the same for ever: a name must not change with a library.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
