//! What is known of the reference project's columns before it runs: the columns and types it then has, and hand-checked edges.

use std::collections::BTreeMap;

use merganser::sql::DataType;
use serde_json::Value;

use super::{Bench, undisturbed};

fn records(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let ran = bench.run(arguments).ok();
    ran.out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// The inputs of one column as `kind node.column:path`, of all kinds or of one.
fn inputs(bench: &Bench, column: &str, up: bool, kind: Option<&str>) -> Vec<String> {
    let mut arguments = vec!["lineage", column, "--output", "json"];
    arguments.extend(up.then_some("--up"));
    let found = records(bench, &arguments);
    let [record] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(record["complete"], true, "{record}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let input = |input: &Value| {
        let node = text(&input["node"]).splitn(3, '.').nth(2).unwrap_or_default().to_owned();
        let path = input["path"].as_str().map_or_else(String::new, |path| format!(":{path}"));
        format!("{} {node}.{}{path}", text(&input["kind"]), text(&input["column"]))
    };
    let all = record["inputs"].as_array().expect("inputs").iter();
    all.map(input).filter(|line| kind.is_none_or(|kind| line.starts_with(kind))).collect()
}

#[test]
fn inferred_columns_and_types_are_those_the_relations_get() {
    let bench = undisturbed();
    let rows = bench.query(
        "select lower(table_name), column_name, data_type from information_schema.columns
         where upper(table_catalog) = 'BRIGHTCART' and upper(table_schema) like 'ANALYTICS%' order by table_name, ordinal_position",
    );
    let mut there: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows.rows {
        let [table, column, data_type]: [String; 3] = row.try_into().expect("three cells");
        // The engine numbers the elements of FLATTEN in 64 bits.
        let data_type = data_type.replace("BIGINT", "DECIMAL(38,0)");
        there.entry(table).or_default().push((column, data_type));
    }
    let found = records(
        &bench,
        &["show", "--schema", "--select", "resource_type:model", "resource_type:seed", "--output", "json"],
    );
    assert!(found.len() > 10, "{found:?}");
    let mut compared = 0;
    for record in found {
        let node = record["node"].as_str().expect("a node").rsplit('.').next().expect("a name");
        let column = |column: &Value| {
            let data_type = column["type"].as_str().expect("a type");
            let stored = DataType::parse(data_type).unwrap_or_else(|| panic!("{node}: {column}")).duckdb();
            (
                column["name"].as_str().expect("a name").to_owned(),
                stored.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"),
            )
        };
        let columns: Vec<(String, String)> = record["schema"].as_array().expect("columns").iter().map(column).collect();
        let upper = |columns: &[(String, String)]| -> Vec<(String, String)> {
            columns.iter().map(|(name, data_type)| (name.to_uppercase(), data_type.clone())).collect()
        };
        // An ephemeral model has no relation.
        let Some(known) = there.get(node) else { continue };
        assert_eq!(upper(&columns), upper(known), "{node}");
        compared += 1;
    }
    assert!(compared > 12, "only {compared} relations were compared");
}

#[test]
fn edges_of_the_marts_are_those_checked_by_hand() {
    let bench = undisturbed();
    assert_eq!(
        inputs(&bench, "stg_google_ads__ad_performance.campaign_name", false, Some("transformed")),
        ["transformed google_ads.search_stream.PAYLOAD:results[*].campaign.name"]
    );
    assert_eq!(
        inputs(&bench, "dim_customer.email", false, None),
        [
            "indirect fct_orders.CUSTOMER_ID",
            "indirect stg_shopify__orders.CUSTOMER_ID",
            "copied stg_shopify__orders.EMAIL",
            "indirect stg_shopify__orders.IS_TEST",
            "indirect stg_shopify__orders.ORDER_ID",
            "indirect stg_shopify__orders.UPDATED_AT",
        ]
    );
    assert_eq!(
        inputs(&bench, "dim_customer.email", true, Some("transformed")),
        ["transformed shopify.orders.PAYLOAD:customer.email"]
    );
    assert_eq!(
        inputs(&bench, "dim_customer.net_revenue", false, Some("aggregated")),
        ["aggregated fct_orders.NET_REVENUE"]
    );
    assert_eq!(
        inputs(&bench, "mart_channel_daily.spend", true, Some("aggregated")),
        [
            "aggregated exchange_rates.RATE_TO_REPORTING",
            "aggregated google_ads.search_stream.PAYLOAD:results[*].metrics.costMicros",
        ]
    );
    assert_eq!(
        inputs(&bench, "fct_refunds.refund_amount", false, Some("transformed")),
        ["transformed fct_orders.IS_CANCELLED", "transformed int_shopify__refund_revenue.REFUND_AMOUNT"]
    );
    let down = records(&bench, &["lineage", "shopify.orders.payload", "--down", "--output", "json"]);
    let reaches = |node: &str, column: &str| {
        let is = |record: &&Value| {
            record["node"].as_str().is_some_and(|id| id.ends_with(node)) && record["column"] == column
        };
        down.iter().any(|record| is(&record))
    };
    assert!(reaches(".dim_customer", "EMAIL") && reaches(".mart_channel_daily", "ROAS"));
    assert!(!reaches(".stg_google_ads__ad_performance", "SPEND"));
}
