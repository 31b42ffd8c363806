//! SHOW: what is there, read from the engine's catalog. Times, sizes and owners are not known here.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::{Made, ResultColumn, ResultShape, Step, Translator, literal};
use crate::sql::DataType;
use crate::sql::problem::SqlProblem;

/// Which names of a listing are wanted.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    limit: Option<String>,
}

/// Parameters of a session with the values that translations assume.
const PARAMETERS: [(&str, &str); 8] = [
    ("AUTOCOMMIT", "true"),
    ("DATE_OUTPUT_FORMAT", "YYYY-MM-DD"),
    ("ERROR_ON_NONDETERMINISTIC_MERGE", "true"),
    ("QUERY_TAG", ""),
    ("QUOTED_IDENTIFIERS_IGNORE_CASE", "false"),
    ("TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_NTZ"),
    ("TIMEZONE", "UTC"),
    ("WEEK_START", "0"),
];

impl Translator<'_> {
    pub(super) fn show(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        cursor.expect("SHOW")?;
        let terse = cursor.takes("TERSE");
        let range = cursor.range();
        let kind = cursor.word();
        cursor.skip();
        match kind.as_str() {
            "OBJECTS" | "TABLES" | "VIEWS" => self.show_relations(cursor, &kind, terse),
            "SCHEMAS" => self.show_schemas(cursor, terse),
            "PARAMETERS" => self.show_parameters(cursor),
            "GRANTS" => {
                self.notes.push("grants are not kept on the embedded engine".to_owned());
                cursor.skip_rest();
                let names =
                    ["created_on", "privilege", "granted_on", "name", "granted_to", "grantee_name", "grant_option"];
                Ok(listing(
                    &names.map(|name| (name, "CAST(NULL AS VARCHAR)", DataType::TEXT)),
                    "(SELECT 1)",
                    "WHERE false",
                ))
            }
            _ => Err(SqlProblem::unsupported(format!("SHOW {kind}"), range)),
        }
    }

    fn show_relations(&mut self, cursor: &mut Cursor<'_>, kind: &str, terse: bool) -> Step<Made> {
        let mut filter = Filter::default();
        filter.read_like(cursor)?;
        let place = self.place(cursor, 2)?;
        filter.read_rest(cursor)?;
        let kinds = match kind {
            "TABLES" => " AND kind = 'TABLE'",
            "VIEWS" => " AND kind = 'VIEW'",
            _ => "",
        };
        let schema = place.get(1).map_or_else(String::new, |schema| format!(" AND schema_name = {}", literal(schema)));
        let null = "CAST(NULL AS VARCHAR)";
        let mut columns =
            vec![("created_on", "CAST(NULL AS TIMESTAMPTZ)", DataType::TimestampLtz), ("name", "name", DataType::TEXT)];
        if terse {
            columns.push(("kind", "kind", DataType::TEXT));
        }
        columns.extend([
            ("database_name", "database_name", DataType::TEXT),
            ("schema_name", "schema_name", DataType::TEXT),
        ]);
        if !terse {
            columns.extend([
                ("kind", "kind", DataType::TEXT),
                ("comment", "coalesce(comment, '')", DataType::TEXT),
                ("cluster_by", "''", DataType::TEXT),
                ("rows", "CAST(row_count AS BIGINT)", DataType::number(38, 0)),
                ("bytes", "CAST(NULL AS BIGINT)", DataType::number(38, 0)),
                ("owner", null, DataType::TEXT),
                ("retention_time", "'1'", DataType::TEXT),
                ("is_dynamic", "'N'", DataType::TEXT),
                ("is_iceberg", "'N'", DataType::TEXT),
            ]);
        }
        let database = literal(place.first().map_or("", String::as_str));
        let rest =
            format!("WHERE upper(database_name) = upper({database}){schema}{kinds}{}", filter.sql("schema_name, name"));
        Ok(listing(&columns, &super::information::relations(), &rest))
    }

    fn show_schemas(&mut self, cursor: &mut Cursor<'_>, terse: bool) -> Step<Made> {
        let mut filter = Filter::default();
        filter.read_like(cursor)?;
        let place = self.place(cursor, 1)?;
        filter.read_rest(cursor)?;
        let null = "CAST(NULL AS VARCHAR)";
        let mut columns =
            vec![("created_on", "CAST(NULL AS TIMESTAMPTZ)", DataType::TimestampLtz), ("name", "name", DataType::TEXT)];
        if terse {
            columns.extend([("kind", null, DataType::TEXT), ("database_name", "database_name", DataType::TEXT)]);
            columns.push(("schema_name", null, DataType::TEXT));
        } else {
            columns.extend([("database_name", "database_name", DataType::TEXT), ("owner", null, DataType::TEXT)]);
        }
        let schemas = "(SELECT database_name, schema_name AS name FROM duckdb_schemas() WHERE NOT internal AND schema_name <> 'MERGANSER')";
        let database = literal(place.first().map_or("", String::as_str));
        let rest = format!("WHERE upper(database_name) = upper({database}){}", filter.sql("name"));
        Ok(listing(&columns, schemas, &rest))
    }

    fn show_parameters(&mut self, cursor: &mut Cursor<'_>) -> Step<Made> {
        let mut filter = Filter::default();
        filter.read_like(cursor)?;
        let range = cursor.range();
        if cursor.takes("IN") && !cursor.takes("SESSION") {
            return Err(SqlProblem::unsupported("SHOW PARAMETERS of other than the session", range));
        }
        cursor.expect_end()?;
        let known = PARAMETERS.iter().map(|(name, value)| (*name, *value));
        let set = self.session.parameters.iter().filter(|(name, _)| !PARAMETERS.iter().any(|(known, _)| known == name));
        let rows: Vec<String> = known
            .chain(set.map(|(name, _)| (name.as_str(), "")))
            .map(|(name, default)| {
                let set = self.session.parameters.get(name);
                let level = if set.is_some() { "SESSION" } else { "" };
                let value = set.map_or(default, String::as_str);
                format!("({}, {}, {}, {})", literal(name), literal(value), literal(default), literal(level))
            })
            .collect();
        let columns =
            [("key", "name"), ("value", "value"), ("default", "standard"), ("level", "level"), ("description", "''")];
        let table = format!("(SELECT * FROM (VALUES {}) AS p (name, value, standard, level))", rows.join(", "));
        let columns = columns.map(|(name, sql)| (name, sql, DataType::TEXT));
        Ok(listing(&columns, &table, &format!("WHERE true{}", filter.sql("name"))))
    }

    /// `IN [SCHEMA | DATABASE] name`, at most so deep: the database, and the schema if one is meant.
    fn place(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Step<Vec<String>> {
        let session = [&self.session.database, &self.session.schema];
        let mut place: Vec<String> = session.into_iter().take(depth).flatten().cloned().collect();
        if cursor.takes("IN") {
            let is_database = cursor.takes("DATABASE");
            let range = cursor.range();
            if cursor.takes("ACCOUNT") {
                return Err(SqlProblem::unsupported("SHOW in the account", range));
            }
            cursor.takes("SCHEMA");
            place = if cursor.at_end() { place } else { cursor.path()? };
            if is_database {
                place.truncate(1);
            } else if depth == 2 {
                place = self.schema_path(place);
            }
        }
        // A database that is a file beside the main one is opened by being asked about.
        place.first().into_iter().for_each(|database| drop(self.columns.governance(database)));
        Ok(place)
    }
}

impl Filter {
    fn read_like(&mut self, cursor: &mut Cursor<'_>) -> Step<()> {
        if cursor.takes("LIKE") {
            self.conditions.push(format!("name ILIKE {}", literal(&cursor.string()?)));
        }
        Ok(())
    }

    fn read_rest(&mut self, cursor: &mut Cursor<'_>) -> Step<()> {
        if cursor.takes("STARTS WITH") {
            self.conditions.push(format!("starts_with(name, {})", literal(&cursor.string()?)));
        }
        if cursor.takes("LIMIT") {
            let rows = cursor.range();
            let count = cursor.expression()?.to_string();
            if !count.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(SqlProblem::unsupported("a computed LIMIT of SHOW", rows));
            }
            self.limit = Some(count);
            if cursor.takes("FROM") {
                self.conditions.push(format!("name > {}", literal(&cursor.string()?)));
            }
        }
        cursor.takes_token(&Token::SemiColon);
        cursor.expect_end()
    }

    fn sql(&self, order: &str) -> String {
        let conditions: String = self.conditions.iter().map(|condition| format!(" AND {condition}")).collect();
        let limit = self.limit.as_ref().map_or_else(String::new, |count| format!(" LIMIT {count}"));
        format!("{conditions} ORDER BY {order}{limit}")
    }
}

/// A query of a listing: its columns with their expressions, what it reads, and the clauses behind.
fn listing(columns: &[(&str, &str, DataType)], from: &str, rest: &str) -> Made {
    let items: Vec<String> = columns.iter().map(|(name, sql, _)| format!("{sql} AS \"{name}\"")).collect();
    let shown = columns.iter().map(|(name, _, ty)| ResultColumn { name: (*name).to_owned(), data_type: *ty }).collect();
    let sql = format!("SELECT {} FROM (SELECT * FROM {from} {rest})", items.join(", "));
    Made {
        statements: vec![sql],
        result: ResultShape::Rows { statement: 0, columns: Some(shown) },
        session: Vec::new(),
    }
}
