//! The sample day by day, as it lands: every state on the way, and at the end the rows of one build of everything.

use std::collections::BTreeSet;

use super::{BUILD, Bench, DAYS, FEEDS, assert_as_expected, files};

#[test]
fn three_daily_builds_give_what_one_build_gives() {
    let bench = Bench::without_files("days");
    let mut spend: Vec<Vec<Vec<String>>> = Vec::new();
    let mut orders: Vec<Vec<Vec<String>>> = Vec::new();
    for day in DAYS {
        let landed = bench.land(day);
        // The project's own tests know what a missed correction looks like.
        let build: &[&str] = if Some(&day) == DAYS.last() { &["build"] } else { &BUILD };
        bench.run(build).ok();
        assert_eq!(bench.files_loaded(), landed, "{day}");
        let daily = "select report_date, sum(spend) from BRIGHTCART.ANALYTICS_marts.fct_ad_spend group by 1 order by 1";
        spend.push(bench.query(daily).rows);
        orders.push(
            bench.query("select order_id, refund_amount from BRIGHTCART.ANALYTICS_marts.fct_orders order by 1").rows,
        );
    }
    // What makes the sample worth it: a later file changes what was built before.
    let corrected = spend[1].iter().filter(|day| !spend[2].contains(day)).count();
    assert!(corrected > 0, "no day's spend was corrected: {spend:?}");
    let refunded = orders[0].iter().filter(|order| !orders[2].contains(order)).count();
    assert!(refunded > 0, "no order was delivered again with a refund");
    assert_as_expected(&bench);

    let before = bench.everything();
    bench.run(&BUILD).ok();
    assert_eq!(bench.files_loaded(), 0);
    assert!(bench.everything() == before, "a build without new files changed rows");

    bench.run(&[&BUILD[..], &["--full-refresh"]].concat()).ok();
    assert_eq!(bench.files_loaded(), 0);
    assert_as_expected(&bench);
}

#[test]
fn the_sample_holds_a_file_that_was_delivered_twice() {
    let mut seen = BTreeSet::new();
    let mut twice = |bytes: Vec<u8>| !seen.insert(unzipped(&bytes));
    let all = FEEDS.iter().flat_map(|feed| DAYS.iter().flat_map(|day| files(feed, day)));
    assert_eq!(all.map(|(_, bytes)| twice(bytes)).filter(|twice| *twice).count(), 1);
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut out).unwrap();
    out
}
