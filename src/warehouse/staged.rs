//! The stages of Snowflake on `DuckDB`: what the databases keep of them, and their files, which lie in folders and object stores.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::Outcome;
use super::duckdb::literal;
use super::local::{LocalSession, locked};
use super::stores::{Copies, is_object};
use crate::source::{find_files, md5, read_bytes};
use crate::sql::{FileFormat, Stage, StagedFile, Stages, path_key};

impl Stages for LocalSession {
    fn stage(&self, path: &[String]) -> Option<Stage> {
        let rows = self.kept_rows("STAGES", "URL, OPTIONS", ("PATH", path));
        let [url, options] = rows.first()?.as_slice() else { return None };
        Some(Stage { url: url.clone(), format: FileFormat::parse(options)? })
    }

    fn file_format(&self, path: &[String]) -> Option<FileFormat> {
        let rows = self.kept_rows("FILE_FORMATS", "OPTIONS", ("PATH", path));
        FileFormat::parse(rows.first()?.first()?)
    }

    fn folder(&self, url: &str) -> Result<String, String> {
        if is_object(url) {
            return self.shared.reach.stores().map(|_| url.to_owned());
        }
        let refused = || {
            format!(
                "`{url}` is not reached by the embedded engine, which reads stages in folders and in S3: `file://…`, `s3://…`"
            )
        };
        let below = url.strip_prefix("file://").ok_or_else(refused)?;
        Ok(self.project_folder().join(below).display().to_string())
    }

    fn files(&self, url: &str, start: &str) -> Result<Vec<StagedFile>, String> {
        if is_object(url) {
            return self.objects(url, start);
        }
        let folder = PathBuf::from(self.folder(url)?);
        let mut files = Vec::new();
        for found in find_files(&folder, &[""]).map_err(|error| error.to_string())? {
            if !found.below.starts_with(start) {
                continue;
            }
            let bytes = read_bytes(&found.location).map_err(|error| error.to_string())?;
            let modified = found.location.metadata().and_then(|file| file.modified()).map(DateTime::<Utc>::from);
            let modified = modified.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
            files.push(StagedFile {
                location: found.location.display().to_string(),
                below: found.below,
                size: bytes.len() as u64,
                key: md5(&bytes),
                modified,
            });
        }
        Ok(files)
    }

    fn on_disk(&self, file: &StagedFile) -> Result<String, String> {
        if !is_object(&file.location) {
            return Ok(file.location.clone());
        }
        let mut copies = locked(&self.shared.copies);
        let folder = match copies.as_ref() {
            Some(folder) => folder,
            None => copies.insert(Copies::new()?),
        };
        let name = md5(format!("{} {}", file.location, file.key));
        let copy = folder.copy(&name, || self.shared.reach.read(&file.location, &file.key))?;
        Ok(copy.display().to_string())
    }

    fn loaded(&self, table: &[String]) -> Vec<(String, String)> {
        let rows = self.kept_rows("LOADED_FILES", "FILE, CONTENT_KEY", ("RELATION", table));
        rows.into_iter().filter_map(|row| <[String; 2]>::try_from(row).ok().map(|[file, key]| (file, key))).collect()
    }

    fn required(&self, table: &[String]) -> Vec<String> {
        let [database, schema, name] = table else { return Vec::new() };
        let sql = format!(
            "SELECT column_name FROM duckdb_columns() WHERE NOT is_nullable AND upper(database_name) = upper({}) \
             AND upper(schema_name) = upper({}) AND upper(table_name) = upper({})",
            literal(database),
            literal(schema),
            literal(name)
        );
        self.texts(&sql).into_iter().flatten().collect()
    }
}

impl LocalSession {
    /// The objects below an URL whose path starts so, by path.
    fn objects(&self, url: &str, start: &str) -> Result<Vec<StagedFile>, String> {
        let folder = start.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let listed = self.shared.reach.stores()?.list(&format!("{}/{folder}", url.trim_end_matches('/')))?;
        let files = listed.into_iter().map(|object| StagedFile {
            below: format!("{folder}{}", object.below),
            location: object.url,
            size: object.size,
            key: object.key,
            modified: object.modified,
        });
        Ok(files.filter(|file| file.below.starts_with(start)).collect())
    }

    /// Takes note of files that are removed once what was read from them is kept.
    pub(super) fn note_purged(&mut self, files: &Outcome) {
        self.purged.extend(files.table.rows.iter().filter_map(|row| Some(row.first()?.to_string())));
    }

    /// Removes the files of which note was taken. As on Snowflake, one that cannot be removed is no error.
    pub(super) fn purge(&mut self) {
        for file in self.purged.drain(..) {
            let _ = self.shared.reach.remove(&file);
        }
    }

    /// What a database keeps under a path.
    fn kept_rows(&self, table: &str, columns: &str, (column, path): (&str, &[String])) -> Vec<Vec<String>> {
        let Some(database) = path.first() else { return Vec::new() };
        self.attach(database);
        let table = format!("{}.\"MERGANSER\".\"{table}\"", super::duckdb::quoted(database));
        let own = literal(&path_key(path));
        self.texts(&format!("SELECT {columns} FROM {table} WHERE {column} = {own}"))
    }
}
