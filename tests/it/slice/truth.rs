//! The marts against numbers that no SQL computed (`tests/projects/brightcart/truth`).

use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde_json::Value;

use super::{Bench, repository, undisturbed};

/// Each file of the truth, and the query that must give it.
const QUERIES: [(&str, &str); 7] = [
    (
        "landing_files",
        "select regexp_extract(_file, 'landing/(.*)$', 1) as file, count(*) as rows from \
         (select _file from BRIGHTCART.RAW_GOOGLE_ADS.search_stream union all select _file from BRIGHTCART.RAW_SHOPIFY.orders) \
         group by 1",
    ),
    (
        "spend_daily",
        "select report_date, account_id, campaign_id, currency_code, sum(impressions) as impressions, sum(clicks) as clicks, \
         sum(spend) as spend, sum(spend_reporting) as spend_reporting, sum(conversions) as conversions, \
         sum(conversion_value) as conversion_value \
         from BRIGHTCART.ANALYTICS_marts.fct_ad_spend group by 1, 2, 3, 4",
    ),
    (
        "campaigns",
        "select campaign_id, campaign_name, upper(campaign_status) as status from BRIGHTCART.ANALYTICS_marts.dim_campaign",
    ),
    (
        "orders_daily",
        "with orders as (select order_date, count(*) as orders, sum(gross_amount) as gross_amount, \
           sum(discount_amount) as discount_amount, sum(included_tax_amount) as included_tax_amount, sum(sales_amount) as sales \
           from BRIGHTCART.ANALYTICS_marts.fct_orders where not is_cancelled group by 1), \
         refunds as (select refund_date, sum(refund_amount) as refund_amount \
           from BRIGHTCART.ANALYTICS_marts.fct_refunds group by 1) \
         select order_date, orders, gross_amount, discount_amount, included_tax_amount, coalesce(refund_amount, 0) as refund_amount, \
           sales - coalesce(refund_amount, 0) as net_revenue \
         from orders left join refunds on refund_date = order_date",
    ),
    (
        "refunds_daily",
        "select refund_date, count(*) as refunds, sum(refund_amount) as refund_amount, sum(paid_back_amount) as paid_back_amount \
         from BRIGHTCART.ANALYTICS_marts.fct_refunds group by 1",
    ),
    ("channel_daily", "select * from BRIGHTCART.ANALYTICS_marts.mart_channel_daily"),
    ("customers", "select customer_id, email, orders, net_revenue from BRIGHTCART.ANALYTICS_marts.dim_customer"),
];

/// Header and rows of a file of the truth.
pub(super) fn truth(name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let path = repository("tests/projects/brightcart/truth").join(format!("{name}.csv"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let owned = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = owned(reader.headers().unwrap());
    let rows = reader.records().map(|record| owned(&record.unwrap())).collect();
    (header, rows)
}

/// Numbers in one spelling: `1.50` and `1.5` are the same amount, and no digit may be lost.
fn exact(cell: &str) -> String {
    BigDecimal::from_str(cell).map_or_else(|_| cell.to_owned(), |number| number.normalized().to_plain_string())
}

/// Rows that can be compared: exact and in an order that does not depend on how amounts are spelled.
pub(super) fn comparable(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| exact(cell)).collect()).collect();
    rows.sort();
    rows
}

/// Fails where the bench's tables are not the truth.
#[track_caller]
fn check(bench: &Bench) {
    for (name, query) in QUERIES {
        let (header, rows) = truth(name);
        assert!(!rows.is_empty(), "{name}");
        let found = bench.query(query);
        assert_eq!(found.columns, header, "{name}");
        assert_eq!(comparable(&found.rows), comparable(&rows), "{name}");
    }
}

#[test]
fn marts_hold_the_numbers_that_were_known_before() {
    check(&undisturbed());
}

/// A model's rows as `show` prints them, with the columns in this order.
pub(super) fn shown(bench: &Bench, model: &str, columns: &[String]) -> Vec<Vec<String>> {
    let query = format!("select * from {{{{ ref('{model}') }}}}");
    let ran = bench.run(&["show", "--quiet", "--inline", &query, "--output", "json", "--limit", "-1"]).ok();
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |row: &Value| columns.iter().map(|name| text(&row[name.to_uppercase()])).collect();
    shown["show"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn show_prints_every_row_exactly() {
    let (header, rows) = truth("channel_daily");
    let found = shown(&undisturbed(), "mart_channel_daily", &header);
    assert_eq!(comparable(&found), comparable(&rows));
}

#[test]
fn a_number_is_compared_by_its_value_and_to_its_last_digit() {
    assert_eq!(exact("1.50"), exact("1.5"));
    assert_eq!(exact("0.000000"), exact("0"));
    assert_ne!(exact("9007199254740993"), exact("9007199254740992"));
    assert_ne!(exact("0.0000001"), exact("0"));
    assert_eq!(exact("l'été"), "l'été");
}
