//! Dialects and the names of relations.

/// The SQL a statement is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Snowflake's SQL: unquoted names fold to upper case.
    Snowflake,
    /// `DuckDB`'s SQL: names keep their case and are compared without it.
    DuckDb,
}

impl Dialect {
    /// The adapter's name as dbt writes it: `target.type`, the prefix of dispatched macros.
    pub fn adapter(self) -> &'static str {
        match self {
            Self::Snowflake => "snowflake",
            Self::DuckDb => "duckdb",
        }
    }

    /// Whether the adapter knows relations of this type.
    pub fn has(self, kind: RelationKind) -> bool {
        match kind {
            RelationKind::MaterializedView => self == Self::DuckDb,
            RelationKind::DynamicTable => self == Self::Snowflake,
            _ => true,
        }
    }

    /// Which parts of a relation's name the adapter quotes unless told otherwise (dbt's default quote policy).
    pub fn default_quoting(self) -> Quoting {
        let all = self != Self::Snowflake;
        Quoting { database: all, schema: all, identifier: all }
    }
}

/// Which parts of a relation's name are written in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quoting {
    /// Quote the database.
    pub database: bool,
    /// Quote the schema.
    pub schema: bool,
    /// Quote the identifier.
    pub identifier: bool,
}

/// What a relation is in the warehouse; dbt's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationKind {
    /// A table.
    Table,
    /// A view.
    View,
    /// A common table expression: an ephemeral model.
    Cte,
    /// A materialized view.
    MaterializedView,
    /// A Snowflake dynamic table.
    DynamicTable,
    /// A table whose data lie elsewhere.
    External,
    /// A user-defined function.
    Function,
}

impl RelationKind {
    /// dbt's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Cte => "cte",
            Self::MaterializedView => "materialized_view",
            Self::DynamicTable => "dynamic_table",
            Self::External => "external",
            Self::Function => "function",
        }
    }

    /// The kind for dbt's word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Table, Self::View, Self::Cte, Self::MaterializedView, Self::DynamicTable, Self::External, Self::Function]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The name of a relation as it is written in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The database (`DuckDB`: the catalog).
    pub database: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The relation's own name.
    pub identifier: String,
    /// Which parts are quoted when it is written.
    pub quoting: Quoting,
}

impl Relation {
    /// The relation in full, quoted as its quoting says, as `database.schema.identifier`.
    pub fn render(&self) -> String {
        let parts = [
            (self.database.as_deref(), self.quoting.database),
            (self.schema.as_deref(), self.quoting.schema),
            (Some(self.identifier.as_str()), self.quoting.identifier),
        ];
        let written = parts.into_iter().filter_map(|(part, quoted)| {
            part.filter(|p| !p.is_empty()).map(|p| if quoted { format!("\"{p}\"") } else { p.to_owned() })
        });
        written.collect::<Vec<_>>().join(".")
    }
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render())
    }
}
