//! The landing sample in a bucket.

use super::{BUILD, Bench, DAYS, FEEDS, assert_as_expected, files};
use crate::services::SeaweedFs;

#[test]
fn a_bucket_gives_what_the_folder_gives_and_once() {
    let weed = SeaweedFs::shared();
    let of_day = |feed: &'static str, day: &'static str| {
        files(feed, day).into_iter().map(move |(name, bytes)| (format!("slice/{feed}/dt={day}/{name}"), bytes))
    };
    let objects: Vec<_> = FEEDS.iter().flat_map(|feed| DAYS.iter().flat_map(|day| of_day(feed, day))).collect();
    let count = objects.len();
    weed.put("landing", objects);
    let mut bench = Bench::new("s3");
    bench.landing = Some("s3://landing/slice".to_owned());
    bench.environment = vec![
        ("AWS_ENDPOINT_URL", weed.endpoint.clone()),
        ("AWS_ACCESS_KEY_ID", weed.access_key.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", weed.secret_key.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ];
    bench.run(&BUILD).ok();
    assert_eq!(bench.files_loaded(), count);
    assert_as_expected(&bench);

    let before = bench.everything();
    bench.run(&["load"]).ok();
    assert_eq!(bench.files_loaded(), 0);
    assert!(bench.everything() == before, "a second load changed rows");

    bench.environment.retain(|(name, _)| !name.starts_with("AWS_SECRET"));
    let refused = bench.run(&["load"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("AWS_SECRET_ACCESS_KEY"), "{}", refused.err);
}
