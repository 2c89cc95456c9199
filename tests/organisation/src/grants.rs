//! The account's grants in the form that the provider's command line prints.

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::identity::Identity;
use crate::mint::Mint;
use crate::moment;
use crate::organisation::Organisation;
use crate::profile::{Kind, PolicyDescription, PrincipalDescription, SessionDescription};

impl Organisation {
    /// What `aws iam get-account-authorization-details` prints.
    ///
    /// # Errors
    /// A principal or group that names a policy which the profile does not define.
    pub fn authorization_details(&self) -> Result<Value, Error> {
        let mut users = Vec::new();
        let mut roles = Vec::new();
        for (position, (description, identity)) in
            self.profile.principals.iter().zip(&self.identities).enumerate()
        {
            match identity.kind {
                Kind::User => users.push(self.user(description, identity)?),
                Kind::Role => roles.push(self.role(position, description, identity)?),
            }
        }
        let mut groups = Vec::new();
        for group in &self.profile.groups {
            let arn = format!("arn:aws:iam::{}:group/{}", self.profile.account, group.name);
            groups.push(json!({
                "Path": "/",
                "GroupName": group.name,
                "GroupId": Mint::new(self.seed, &arn).account_id("AGPA", &self.profile.account, 17),
                "Arn": arn,
                "CreateDate": zoned(&group.created),
                "GroupPolicyList": inline(&group.inline),
                "AttachedManagedPolicies": self.attached(&group.name, &group.attached)?,
            }));
        }
        let policies: Vec<_> = self.profile.policies.iter().map(|policy| self.policy(policy)).collect();
        Ok(json!({
            "UserDetailList": users,
            "GroupDetailList": groups,
            "RoleDetailList": roles,
            "Policies": policies,
        }))
    }

    /// What `aws cloudtrail get-event-selectors` prints for the trail.
    #[must_use]
    pub fn event_selectors(&self) -> Value {
        let mut selectors = vec![json!({
            "Name": "Management events",
            "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
        })];
        for data in &self.profile.trail.data {
            let mut fields = vec![
                json!({"Field": "eventCategory", "Equals": ["Data"]}),
                json!({"Field": "resources.type", "Equals": [data.resource_type]}),
            ];
            if !data.prefixes.is_empty() {
                fields.push(json!({"Field": "resources.ARN", "StartsWith": data.prefixes}));
            }
            selectors.push(json!({"Name": data.name, "FieldSelectors": fields}));
        }
        let trail = &self.profile.trail.name;
        json!({
            "TrailARN": format!("arn:aws:cloudtrail:{}:{}:trail/{trail}", self.profile.region, self.profile.account),
            "AdvancedEventSelectors": selectors,
        })
    }

    fn user(&self, description: &PrincipalDescription, identity: &Identity) -> Result<Value, Error> {
        let mut user = Map::new();
        user.insert("Path".into(), description.path.clone().into());
        user.insert("UserName".into(), description.name.clone().into());
        user.insert("UserId".into(), identity.id.clone().into());
        user.insert("Arn".into(), identity.arn.clone().into());
        user.insert("CreateDate".into(), zoned(&description.created).into());
        if !description.inline.is_empty() {
            user.insert("UserPolicyList".into(), inline(&description.inline));
        }
        user.insert("GroupList".into(), description.groups.clone().into());
        user.insert(
            "AttachedManagedPolicies".into(),
            self.attached(&description.name, &description.attached)?,
        );
        if let Some(boundary) = &description.boundary {
            user.insert("PermissionsBoundary".into(), self.boundary(&description.name, boundary)?);
        }
        user.insert("Tags".into(), tags(&description.tags));
        Ok(Value::Object(user))
    }

    fn role(
        &self,
        position: usize,
        description: &PrincipalDescription,
        identity: &Identity,
    ) -> Result<Value, Error> {
        let mut role = Map::new();
        role.insert("Path".into(), description.path.clone().into());
        role.insert("RoleName".into(), description.name.clone().into());
        role.insert("RoleId".into(), identity.id.clone().into());
        role.insert("Arn".into(), identity.arn.clone().into());
        role.insert("CreateDate".into(), zoned(&description.created).into());
        role.insert("AssumeRolePolicyDocument".into(), description.trust.clone());
        role.insert("InstanceProfileList".into(), self.instance_profiles(description, identity));
        role.insert("RolePolicyList".into(), inline(&description.inline));
        role.insert(
            "AttachedManagedPolicies".into(),
            self.attached(&description.name, &description.attached)?,
        );
        if let Some(boundary) = &description.boundary {
            role.insert("PermissionsBoundary".into(), self.boundary(&description.name, boundary)?);
        }
        role.insert("Tags".into(), tags(&description.tags));
        let truth = self.truth.principals.get(position);
        let last = truth.and_then(|truth| Some((truth.last_used.as_ref()?, truth.last_region.as_ref()?)));
        role.insert(
            "RoleLastUsed".into(),
            match last {
                Some((date, region)) => {
                    json!({"LastUsedDate": date.replace('Z', "+00:00"), "Region": region})
                }
                None => json!({}),
            },
        );
        Ok(Value::Object(role))
    }

    /// A role for instances has an instance profile of its name.
    fn instance_profiles(&self, description: &PrincipalDescription, identity: &Identity) -> Value {
        if !matches!(description.session, Some(SessionDescription::Instance { .. })) {
            return json!([]);
        }
        let account = &self.profile.account;
        let arn = format!("arn:aws:iam::{account}:instance-profile{}", identity.path_name);
        let created = zoned(&description.created);
        json!([{
            "Path": description.path,
            "InstanceProfileName": description.name,
            "InstanceProfileId": Mint::new(self.seed, &arn).account_id("AIPA", account, 17),
            "Arn": arn,
            "CreateDate": created,
            "Roles": [{
                "Path": description.path,
                "RoleName": description.name,
                "RoleId": identity.id,
                "Arn": identity.arn,
                "CreateDate": created,
                "AssumeRolePolicyDocument": description.trust,
            }],
        }])
    }

    fn policy(&self, policy: &PolicyDescription) -> Value {
        let arn = self.policy_arn(policy);
        let used = |names: &[String]| names.iter().filter(|name| **name == policy.name).count();
        let principals = &self.profile.principals;
        let attachments = principals.iter().map(|principal| used(&principal.attached)).sum::<usize>()
            + self.profile.groups.iter().map(|group| used(&group.attached)).sum::<usize>();
        let boundaries =
            principals.iter().filter(|principal| principal.boundary.as_deref() == Some(&policy.name)).count();
        let newest = policy.versions.len();
        let created = moment::parse(&policy.created).unwrap_or(0);
        // The versions came a hundred days apart; the default one is listed first.
        let date = |version: usize| {
            moment::format(
                created + i64::try_from(version - 1).unwrap_or(0) * 100 * moment::DAY,
                "%Y-%m-%dT09:12:44+00:00",
            )
        };
        let versions: Vec<_> = policy
            .versions
            .iter()
            .enumerate()
            .rev()
            .map(|(position, document)| {
                json!({
                    "Document": document,
                    "VersionId": format!("v{}", position + 1),
                    "IsDefaultVersion": position + 1 == newest,
                    "CreateDate": date(position + 1),
                })
            })
            .collect();
        json!({
            "PolicyName": policy.name,
            "PolicyId": Mint::new(self.seed, &arn).account_id("ANPA", &self.profile.account, 17),
            "Arn": arn,
            "Path": policy.path,
            "DefaultVersionId": format!("v{newest}"),
            "AttachmentCount": attachments,
            "PermissionsBoundaryUsageCount": boundaries,
            "IsAttachable": true,
            "CreateDate": date(1),
            "UpdateDate": date(newest.max(1)),
            "PolicyVersionList": versions,
        })
    }

    fn policy_arn(&self, policy: &PolicyDescription) -> String {
        let owner = if policy.provider_managed { "aws" } else { &self.profile.account };
        format!("arn:aws:iam::{owner}:policy{}{}", policy.path, policy.name)
    }

    fn arn_of(&self, owner: &str, name: &str) -> Result<String, Error> {
        let policy = self.profile.policies.iter().find(|policy| policy.name == name);
        let policy = policy.ok_or_else(|| Error::Name { owner: owner.to_owned(), name: name.to_owned() })?;
        Ok(self.policy_arn(policy))
    }

    fn attached(&self, owner: &str, names: &[String]) -> Result<Value, Error> {
        let attached =
            names.iter().map(|name| Ok(json!({"PolicyName": name, "PolicyArn": self.arn_of(owner, name)?})));
        Ok(Value::Array(attached.collect::<Result<_, Error>>()?))
    }

    fn boundary(&self, owner: &str, name: &str) -> Result<Value, Error> {
        Ok(json!({
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": self.arn_of(owner, name)?,
        }))
    }
}

fn inline(policies: &Map<String, Value>) -> Value {
    policies.iter().map(|(name, document)| json!({"PolicyName": name, "PolicyDocument": document})).collect()
}

fn tags(tags: &Map<String, Value>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn zoned(day: &str) -> String {
    moment::format(moment::parse(day).unwrap_or(0), "%Y-%m-%dT%H:%M:%S+00:00")
}

#[cfg(test)]
mod tests;
