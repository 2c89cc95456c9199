//! Policy documents given one by one, without the account that holds them.

use std::collections::BTreeMap;

use crate::account::AccountFile;
use crate::grant::{Account, Attachment, Origin, Policy, PolicyKind, Principal, PrincipalKind, Problem};
use crate::parse;

/// A bare policy document.
#[derive(Clone, Debug)]
pub struct BareDocument<'a> {
    /// Its file.
    pub file: AccountFile<'a>,
    /// The policy's name.
    pub name: String,
    /// ARN of the principal whose it is, or why that is not known.
    pub principal: Result<String, String>,
}

impl Account {
    /// Adds bare documents as policies of their principals, which are added where they are missing.
    pub fn add_bare(&mut self, documents: &[BareDocument<'_>]) {
        for document in documents {
            self.add_one(document);
        }
        self.principals.sort_by(|a, b| a.arn.cmp(&b.arn));
    }

    fn add_one(&mut self, bare: &BareDocument<'_>) {
        let arn = match &bare.principal {
            Ok(arn) => arn,
            Err(message) => return self.problem(bare, 1, message.clone(), None),
        };
        let document = match parse(bare.file.text) {
            Ok(document) => document,
            Err(error) => {
                let line = error.line;
                return self.problem(bare, line, error.to_string(), Some(arn.clone()));
            }
        };
        let policy = self.policies.len();
        self.policies.push(Policy {
            name: bare.name.clone(),
            arn: None,
            kind: PolicyKind::Bare,
            origin: Origin { file: bare.file.name.to_owned(), line: 1 },
            document,
            holders: vec![arn.clone()],
            attachment_count: 1,
            is_boundary: false,
            versions: None,
            since: None,
        });
        let attachment = Attachment { policy, group: None, since: None };
        match self.principals.iter_mut().find(|principal| principal.arn == *arn) {
            Some(principal) => principal.attachments.push(attachment),
            None => self.principals.push(Principal {
                arn: arn.clone(),
                kind: if arn.contains(":user/") { PrincipalKind::User } else { PrincipalKind::Role },
                name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
                created: None,
                attachments: vec![attachment],
                boundary: None,
                fixed: None,
                tags: BTreeMap::new(),
            }),
        }
    }

    fn problem(&mut self, bare: &BareDocument<'_>, line: u32, message: String, principal: Option<String>) {
        self.problems.push(Problem { file: bare.file.name.to_owned(), line, message, principal });
    }
}
