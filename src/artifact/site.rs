//! The documentation site: one HTML page that holds its styles, its script and the project's data, and
//! needs nothing else. It opens from disk, without a network.
//!
//! The script is the files of `site/` in order, as one function scope; they are written as ES modules, so
//! that each names what it uses. A content security policy with the hashes of exactly this style and this
//! script forbids everything else: no request leaves the page, and no text in the data can become code.

mod column;
mod payload;

use base64::Engine as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("site/page.html");
const STYLE: &str = include_str!("site/style.css");

/// Every script file, before those that use it when they run and not only when they are called.
const SCRIPTS: &[&str] = &[
    include_str!("site/dom.js"),
    include_str!("site/theme.js"),
    include_str!("site/data.js"),
    include_str!("site/router.js"),
    include_str!("site/markdown_inline.js"),
    include_str!("site/highlight.js"),
    include_str!("site/markdown.js"),
    include_str!("site/selection.js"),
    include_str!("site/search.js"),
    include_str!("site/search_box.js"),
    include_str!("site/sidebar.js"),
    include_str!("site/layout_order.js"),
    include_str!("site/layout.js"),
    include_str!("site/graph_draw.js"),
    include_str!("site/graph_view.js"),
    include_str!("site/lineage_page.js"),
    include_str!("site/unit_test.js"),
    include_str!("site/columns.js"),
    include_str!("site/facts.js"),
    include_str!("site/node_page.js"),
    include_str!("site/overview_page.js"),
    include_str!("site/list_page.js"),
    include_str!("site/main.js"),
];

/// The whole page, for a manifest in the shape of dbt's `manifest.json` v12 and, when the warehouse was
/// asked, a catalog in that of `catalog.json` v1. Nodes, sources and macros with `docs: {show: false}` are
/// not in it at all; what reads them is linked to what they read.
///
/// Parts that are missing or of another shape are left out: the page shows what is there.
pub fn page(manifest: &Value, catalog: Option<&Value>, title: &str) -> String {
    let script = script();
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(&script)
    );
    let data = escape_data(&payload::payload(manifest, catalog).to_string());
    fill(&[
        ("policy", &policy),
        ("title", &escape_markup(title)),
        ("style", STYLE),
        ("script", &script),
        ("data", &data),
    ])
}

/// The script files as one scope: imports are dropped, and `export` before a declaration.
fn script() -> String {
    let mut text = String::from("(() => {\n\"use strict\";\n");
    for file in SCRIPTS {
        for line in file.lines().filter(|line| !line.starts_with("import ")) {
            text.push_str(line.strip_prefix("export ").unwrap_or(line));
            text.push('\n');
        }
    }
    text.push_str("})();\n");
    text
}

/// A source expression of a content security policy.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
}

/// The template with its `{{name}}`s replaced; what replaces them is not looked at again.
fn fill(values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("the template closes every placeholder");
        let value = values.iter().find(|(key, _)| *key == name).expect("the template names only known values");
        out.push_str(before);
        out.push_str(value.1);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// JSON that cannot end, or begin, an element: `<` occurs only inside its strings, where it may be escaped.
fn escape_data(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn escape_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{page, script};

    fn manifest() -> Value {
        let model = |name: &str, parents: Value, show: bool| {
            json!({
                "unique_id": format!("model.shop.{name}"), "resource_type": "model", "name": name,
                "package_name": "shop", "original_file_path": format!("models/{name}.sql"),
                "description": "<b>x</b></script><script>alert(1)</script><!--", "raw_code": "select 1",
                "docs": { "show": show }, "config": { "materialized": "view", "grants": {} },
                "columns": { "id": { "name": "id", "description": "the key", "data_type": null,
                    "meta": { "masking_policy": "mask_id" } } },
                "depends_on": { "nodes": parents, "macros": [] }
            })
        };
        json!({
            "metadata": { "project_name": "shop", "adapter_type": "duckdb" },
            "nodes": {
                "model.shop.a": model("a", json!([]), true),
                "model.shop.b": model("b", json!(["model.shop.a"]), false),
                "model.shop.c": model("c", json!(["model.shop.b"]), true),
            },
            "docs": { "doc.dbt.__overview__": { "name": "__overview__", "package_name": "dbt", "block_contents": "theirs" } }
        })
    }

    /// What the page embeds, read back as a browser would.
    fn data(html: &str) -> Value {
        let start = html.find("id=\"data\">").unwrap() + "id=\"data\">".len();
        let end = start + html[start..].find("</script").unwrap();
        serde_json::from_str(&html[start..end]).unwrap()
    }

    #[test]
    fn the_page_refers_to_nothing_outside_itself() {
        let html = page(&manifest(), None, "Shop");
        assert!(!html.contains("{{title}}") && !html.contains("{{data}}"));
        let outside = html.replace("https?:", "");
        assert!(!outside.contains("http://") && !outside.contains("https://"), "an address on the web");
        for reference in [" src=", "@import", "url(", "<iframe", "<object", "import("] {
            assert!(!html.contains(reference), "{reference}");
        }
        let links: Vec<_> = html.split("<link ").skip(1).collect();
        assert!(links.iter().all(|link| link.contains("href=\"data:,\"")), "{links:?}");
    }

    #[test]
    fn data_and_title_cannot_become_markup() {
        let html = page(&manifest(), None, "</title><script>alert(2)</script>");
        assert_eq!(html.matches("</script").count(), 2, "the script and the data end once each");
        assert!(!html.contains("<script>alert") && !html.contains("<!--"));
        let node = &data(&html)["nodes"][0];
        assert_eq!(node["description"], "<b>x</b></script><script>alert(1)</script><!--");
    }

    #[test]
    fn hidden_nodes_are_absent_and_their_readers_linked_past_them() {
        let data = data(&page(&manifest(), None, "Shop"));
        let ids: Vec<_> = data["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
        assert_eq!(ids, ["model.shop.a", "model.shop.c"]);
        assert_eq!(data["nodes"][1]["parents"], json!(["model.shop.a"]));
        assert_eq!(data["overview"], Value::Null, "the built-in overview is not the project's");
    }

    #[test]
    fn columns_come_from_declarations_and_catalog() {
        let catalog = json!({ "nodes": { "model.shop.a": { "metadata": { "type": "VIEW" }, "columns": {
            "EXTRA": { "name": "EXTRA", "type": "DATE", "index": 2 },
            "ID": { "name": "ID", "type": "INTEGER", "index": 1 } } } } });
        let data = data(&page(&manifest(), Some(&catalog), "Shop"));
        let expected = json!([
            { "name": "id", "type": "INTEGER", "description": "the key", "policy": "mask_id" },
            { "name": "EXTRA", "type": "DATE" }
        ]);
        assert_eq!(data["nodes"][0]["columns"], expected);
    }

    #[test]
    fn a_manifest_of_another_shape_makes_an_empty_page() {
        for odd in [json!(null), json!([1]), json!({ "nodes": [1, "x"], "sources": { "s": 3 }, "docs": "no" })] {
            assert_eq!(data(&page(&odd, Some(&odd), "Odd"))["nodes"], json!([]));
        }
    }

    #[test]
    fn script_files_share_one_scope_without_clashes() {
        let script = script();
        let mut seen = BTreeSet::new();
        for line in script.lines() {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
            let line = line.strip_prefix("async ").unwrap_or(line);
            let Some((word, rest)) = line.split_once(' ') else { continue };
            if ["function", "const", "let", "class"].contains(&word) {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(seen.insert(name.clone()), "`{name}` is declared twice");
            }
        }
        assert!(seen.len() > 100, "declarations were found");
    }
}
