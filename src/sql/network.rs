//! URLs and addresses taken apart, as `PARSE_URL` and `PARSE_IP` do.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

/// The parts of a URL as a JSON object, or why it is none.
pub fn parse_url(url: &str) -> Result<String, &'static str> {
    let (scheme, rest) = url.split_once(':').ok_or("scheme not specified")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(letters) {
        return Err("scheme not specified");
    }
    let (rest, fragment) = cut(rest, '#');
    let (rest, query) = cut(rest, '?');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = cut(rest, '/');
            (Some(authority), path)
        }
        None => (None, Some(rest.strip_prefix('/').unwrap_or(rest))),
    };
    let (host, port) = match authority.map(|authority| (authority, authority.rsplit_once(':'))) {
        Some((_, Some((host, port)))) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (Some(host), Some(port))
        }
        Some((authority, _)) => (Some(authority), None),
        None => (None, None),
    };
    let query = query.filter(|query| !query.is_empty());
    let parameters = query.map(|query| {
        let pairs = query.split('&').map(|pair| match cut(pair, '=') {
            (name, Some(value)) => (name.to_owned(), Value::from(value)),
            (name, None) => (name.to_owned(), Value::Null),
        });
        let mut sorted: Vec<(String, Value)> = pairs.collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        Value::Object(sorted.into_iter().collect::<Map<_, _>>())
    });
    let parts = json!({
        "fragment": fragment,
        "host": host.filter(|host| !host.is_empty()),
        "parameters": parameters,
        "path": path,
        "port": port,
        "query": query,
        "scheme": scheme.to_lowercase(),
    });
    Ok(parts.to_string())
}

/// A text before and behind the first of a character.
fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// An address, with or without the length of its network's prefix, as a JSON object; or why it is none.
pub fn parse_ip(text: &str, kind: &str) -> Result<String, String> {
    let kind = kind.to_lowercase();
    if kind != "inet" && kind != "cidr" {
        return Err(format!("`{kind}` is no type of addresses: it is INET or CIDR"));
    }
    let invalid = || format!("invalid {} address `{text}`", kind.to_uppercase());
    let (host, length) = cut(text, '/');
    let address: IpAddr = host.parse().map_err(|_| invalid())?;
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let length: Option<u32> = length.map(|length| length.parse().map_err(|_| invalid())).transpose()?;
    if length.is_some_and(|length| length > width) {
        return Err(invalid());
    }
    // The bits of the address behind the network's.
    let behind = |length: u32| if width == length { 0 } else { u128::MAX >> (128 - (width - length)) };
    let (start, end) = (length.map(|l| bits & !behind(l)), length.map(|l| bits | behind(l)));
    let mut parts = Map::new();
    let mut add = |name: &str, value: Value| parts.insert(name.to_owned(), value);
    add("family", json!(if width == 32 { 4 } else { 6 }));
    if width == 128 {
        let hex = |bits: u128| json!(format!("{bits:032X}"));
        add("hex_ipv6", hex(bits));
        if let (Some(start), Some(end)) = (start, end) {
            add("hex_ipv6_range_end", hex(end));
            add("hex_ipv6_range_start", hex(start));
        }
    }
    add("host", json!(host));
    let word = |at: u32| u32::try_from(bits >> (96 - 32 * at) & u128::from(u32::MAX)).unwrap_or_default();
    let fields = if width == 32 { [word(3), 0, 0, 0] } else { [word(0), word(1), word(2), word(3)] };
    add("ip_fields", json!(fields));
    add("ip_type", json!(kind));
    if width == 32 {
        let number = |bits: u128| json!(u32::try_from(bits).unwrap_or_default());
        add("ipv4", number(bits));
        if let (Some(start), Some(end)) = (start, end) {
            add("ipv4_range_end", number(end));
            add("ipv4_range_start", number(start));
        }
    }
    if let Some(length) = length {
        add("netmask_prefix_length", json!(length));
    }
    add("snowflake$type", json!("ip_address"));
    Ok(Value::Object(parts).to_string())
}

#[cfg(test)]
mod tests {
    use super::{parse_ip, parse_url};

    #[test]
    fn hosts_keep_who_asks_and_lose_the_port() {
        let parts = parse_url("HTTP://u:p@H.int:4345/A.PHP?b=1&a#f").unwrap();
        let wanted = r#"{"fragment":"f","host":"u:p@H.int","parameters":{"a":null,"b":"1"},"path":"A.PHP","port":"4345","query":"b=1&a","scheme":"http"}"#;
        assert_eq!(parts, wanted);
        assert!(parse_url("https://a.b").unwrap().contains(r#""path":null"#));
        assert_eq!(parse_url("a.b/c"), Err("scheme not specified"));
    }

    #[test]
    fn networks_have_a_start_and_an_end() {
        assert!(parse_ip("10.0.0.7/32", "inet").unwrap().contains(r#""ipv4_range_end":167772167"#));
        assert!(parse_ip("10.0.0.7/0", "cidr").unwrap().contains(r#""ipv4_range_end":4294967295"#));
        assert!(parse_ip("::1", "INET").unwrap().contains(r#""ip_fields":[0,0,0,1]"#));
        assert!(parse_ip("10.0.0.7/33", "inet").is_err() && parse_ip("10.0.0", "inet").is_err());
    }
}
