//! Roles that have other roles: what was granted to whom, kept in the main database.
//!
//! A grant is its own transaction, as on Snowflake, and holds for every session from its next statement on. Roles are there when they are
//! named: none needs to be created.

use std::collections::{BTreeMap, BTreeSet};

use super::duckdb::{DuckDb, literal, quoted};
use super::{Cell, Session, WarehouseError};
use crate::sql::{RoleChange, RoleHolder};

/// Roles that Snowflake grants to roles by itself: the role, and who has it.
const OF_THE_SYSTEM: [(&str, &str); 3] =
    [("SECURITYADMIN", "ACCOUNTADMIN"), ("SYSADMIN", "ACCOUNTADMIN"), ("USERADMIN", "SECURITYADMIN")];

/// The role that every role has.
const PUBLIC: &str = "PUBLIC";

/// Who has which roles.
#[derive(Debug, Default)]
pub(super) struct Roles {
    held: BTreeMap<RoleHolder, BTreeSet<String>>,
    /// How often something changed.
    pub(super) version: u64,
}

fn table(database: &str) -> String {
    format!("{}.\"MERGANSER\".\"ROLE_GRANTS\"", quoted(database))
}

impl Roles {
    /// The roles as the database keeps them.
    pub(super) fn open(duckdb: &DuckDb) -> Result<Self, WarehouseError> {
        let database = &duckdb.options().database;
        let mut session = duckdb.connect()?;
        session.execute(&format!(
            "CREATE TABLE IF NOT EXISTS {} (ROLE VARCHAR, KIND VARCHAR, HOLDER VARCHAR)",
            table(database)
        ))?;
        let mut roles = Self { version: 1, ..Self::default() };
        for (role, holder) in OF_THE_SYSTEM {
            roles.add(role, RoleHolder::Role(holder.to_owned()));
        }
        let rows = session.execute(&format!("SELECT ROLE, KIND, HOLDER FROM {}", table(database)))?.table.rows;
        for row in rows {
            let [Cell::Text(role), Cell::Text(kind), Cell::Text(holder)] = row.as_slice() else { continue };
            roles.add(role, holder_of(kind, holder));
        }
        Ok(roles)
    }

    fn add(&mut self, role: &str, holder: RoleHolder) {
        self.held.entry(holder).or_default().insert(role.to_owned());
    }

    /// The role, and what it has through other roles.
    pub(super) fn of_role(&self, role: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([role.to_owned(), PUBLIC.to_owned()]);
        let mut coming = vec![role.to_owned()];
        while let Some(next) = coming.pop() {
            for role in self.held.get(&RoleHolder::Role(next)).into_iter().flatten() {
                if found.insert(role.clone()) {
                    coming.push(role.clone());
                }
            }
        }
        found
    }

    /// The roles that were granted to a user, and what these have.
    pub(super) fn of_user(&self, user: &str) -> BTreeSet<String> {
        let granted = self.held.get(&RoleHolder::User(user.to_owned())).into_iter().flatten();
        granted.flat_map(|role| self.of_role(role)).collect()
    }

    /// Carries out a grant or its end, in the database and here.
    pub(super) fn change(&mut self, duckdb: &DuckDb, change: &RoleChange) -> Result<(), WarehouseError> {
        let table = table(&duckdb.options().database);
        let statement = match change {
            RoleChange::Grant(role, holder) => {
                if let RoleHolder::Role(name) = holder
                    && (name == role || self.of_role(role).contains(name))
                {
                    let message = format!("role `{role}` cannot be granted to role `{name}`, which it has");
                    return Err(WarehouseError::new(message).help("roles cannot have each other"));
                }
                let (kind, name) = words(holder);
                format!("INSERT INTO {table} VALUES ({}, '{kind}', {})", literal(role), literal(name))
            }
            RoleChange::Revoke(role, holder) => {
                let (kind, name) = words(holder);
                let (role, name) = (literal(role), literal(name));
                format!("DELETE FROM {table} WHERE ROLE = {role} AND KIND = '{kind}' AND HOLDER = {name}")
            }
            RoleChange::Drop(role) => {
                let role = literal(role);
                format!("DELETE FROM {table} WHERE ROLE = {role} OR (KIND = 'ROLE' AND HOLDER = {role})")
            }
        };
        duckdb.connect()?.execute(&statement)?;
        match change.clone() {
            RoleChange::Grant(role, holder) => self.add(&role, holder),
            RoleChange::Revoke(role, holder) => {
                self.held.get_mut(&holder).map(|held| held.remove(&role));
            }
            RoleChange::Drop(role) => {
                self.held.remove(&RoleHolder::Role(role.clone()));
                for held in self.held.values_mut() {
                    held.remove(&role);
                }
            }
        }
        self.version += 1;
        Ok(())
    }
}

fn words(holder: &RoleHolder) -> (&'static str, &str) {
    match holder {
        RoleHolder::Role(name) => ("ROLE", name),
        RoleHolder::User(name) => ("USER", name),
    }
}

fn holder_of(kind: &str, name: &str) -> RoleHolder {
    if kind == "USER" { RoleHolder::User(name.to_owned()) } else { RoleHolder::Role(name.to_owned()) }
}
