//! What Snowflake answers, read once: the facts the client drops, and the fields it insists on filled in.

use serde_json::{Map, Value, json};

use crate::warehouse::WarehouseError;

/// The types the client knows by name; others it would refuse the whole answer for.
const KNOWN_TYPES: [&str; 16] = [
    "fixed",
    "real",
    "text",
    "date",
    "variant",
    "timestamp_ltz",
    "timestamp_ntz",
    "timestamp_tz",
    "object",
    "binary",
    "time",
    "boolean",
    "array",
    "vector",
    "map",
    "decfloat",
];

/// Which part of the protocol a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Logging in and renewing.
    Session,
    /// A statement or its result.
    Query,
    /// Anything else of the protocol: abort, heartbeat, monitoring.
    Other,
    /// A part of a large result, from the cloud's storage.
    Storage,
}

impl Endpoint {
    /// The endpoint of a path on the account's host.
    pub(super) fn of(path: &str) -> Self {
        if path.ends_with("/login-request") || path.ends_with("/token-request") {
            Self::Session
        } else if path.ends_with("/query-request") || (path.starts_with("/queries/") && path.ends_with("/result")) {
            Self::Query
        } else {
            Self::Other
        }
    }
}

/// The last thing Snowflake said in a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    /// Why it failed, if it did.
    pub error: Option<WarehouseError>,
    /// The statement's id.
    pub query_id: Option<String>,
    /// The session's time zone.
    pub time_zone: Option<String>,
}

impl Reply {
    /// Takes in the answer to a request, and fills in what the client needs to accept it.
    pub(super) fn read(&mut self, endpoint: Endpoint, status: u16, body: &mut Value) {
        let Some(body) = body.as_object_mut() else { return };
        let success = body.get("success").and_then(Value::as_bool).unwrap_or(false);
        let data = body.get("data").cloned().unwrap_or(Value::Null);
        if let Some(id) = data["queryId"].as_str() {
            self.query_id = Some(id.to_owned());
        }
        if let Some(zone) = time_zone(&data["parameters"]) {
            self.time_zone = Some(zone);
        }
        let failed = !success && !is_running(body);
        self.error = failed.then(|| self.failure(body, &data, status));
        fill(endpoint, success, body);
    }

    /// The error an answer tells of.
    fn failure(&self, body: &Map<String, Value>, data: &Value, status: u16) -> WarehouseError {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let code = body.get("code").and_then(text).or_else(|| text(&data["errorCode"]));
        let message = body.get("message").and_then(text).unwrap_or_else(|| format!("HTTP status {status}"));
        let number = |name: &str| data[name].as_u64().and_then(|n| usize::try_from(n).ok());
        let told = number("line").filter(|line| *line > 0).zip(number("pos"));
        let position = position(&message).or_else(|| told.map(|(line, pos)| (line, pos + 1)));
        let retryable = matches!(code.as_deref(), Some("000625" | "390120" | "390504"));
        let error = WarehouseError {
            help: advice(code.as_deref()).map(str::to_owned),
            message,
            sql_state: text(&data["sqlState"]),
            position,
            query_id: text(&data["queryId"]),
            retryable,
            code,
        };
        WarehouseError { query_id: error.query_id.clone().or_else(|| self.query_id.clone()), ..error }
    }
}

/// What to do about the errors people meet first.
fn advice(code: Option<&str>) -> Option<&'static str> {
    Some(match code? {
        "390100" => "check `user`, `password` and `account` in the profile",
        "390144" => "check that the user's RSA_PUBLIC_KEY belongs to the private key in the profile",
        "390189" | "390186" => "grant the role to the user, or name another `role` in the profile",
        "390201" => "check `database`, `schema` and `warehouse` in the profile and what the role may use",
        "000606" => "name a `warehouse` in the profile that the role may use",
        "390104" | "390111" | "390114" => "the session has ended on Snowflake's side; run again",
        _ => return None,
    })
}

/// Whether the answer says that the statement still runs.
fn is_running(body: &Map<String, Value>) -> bool {
    matches!(body.get("code").and_then(Value::as_str), Some("333333" | "333334"))
}

/// `... error line 3 at position 14 ...`: Snowflake counts lines from 1 and positions from 0.
pub(super) fn position(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("error line ")?;
    let (line, rest) = rest.split_once(" at position ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((line.parse().ok()?, rest[..digits].parse::<usize>().ok()? + 1))
}

/// The time zone among a session's parameters.
fn time_zone(parameters: &Value) -> Option<String> {
    let parameter = parameters.as_array()?.iter().find(|parameter| parameter["name"] == "TIMEZONE")?;
    parameter["value"].as_str().map(str::to_owned)
}

/// Fills in fields without which the client refuses an answer; what is there stays.
fn fill(endpoint: Endpoint, success: bool, body: &mut Map<String, Value>) {
    let code = body.get("code").cloned().unwrap_or(Value::Null);
    let data = body.entry("data").or_insert(Value::Null);
    match (endpoint, success) {
        (Endpoint::Session, true) => {
            let token = data["token"].clone();
            defaults(
                data,
                json!({
                    "sessionId": 0, "masterToken": token, "serverVersion": "", "parameters": [], "sessionInfo": {},
                    "validityInSeconds": 3600, "masterValidityInSeconds": 14_400,
                }),
            );
            if let Some(info) = data.get_mut("sessionInfo") {
                defaults(info, json!({ "roleName": "" }));
            }
        }
        (Endpoint::Session, false) => {
            *data = json!({ "errorCode": code });
        }
        (Endpoint::Query, true) if data.get("rowtype").is_some() => {
            let total = data.get("total").cloned().unwrap_or(json!(0));
            defaults(
                data,
                json!({
                    "total": total, "returned": total, "queryId": "", "finalRoleName": "", "version": 1,
                    "parameters": [], "statementTypeId": 0,
                }),
            );
            data["rowtype"].as_array_mut().into_iter().flatten().for_each(known_type);
        }
        (Endpoint::Query, false) if !code_is_running(&code) => {
            if !data.is_object() {
                *data = json!({});
            }
            let code = if code.is_string() { code } else { json!("") };
            defaults(data, json!({ "age": 0, "errorCode": code }));
        }
        _ => {}
    }
}

fn code_is_running(code: &Value) -> bool {
    matches!(code.as_str(), Some("333333" | "333334"))
}

/// Gives an object the members it lacks, or has as null.
fn defaults(object: &mut Value, members: Value) {
    let (Some(object), Value::Object(members)) = (object.as_object_mut(), members) else { return };
    for (name, value) in members {
        let slot = object.entry(name).or_insert(Value::Null);
        if slot.is_null() {
            *slot = value;
        }
    }
}

/// Calls a column's type text, with its name beside it, when the client does not know the type.
fn known_type(column: &mut Value) {
    let name = column["type"].as_str().unwrap_or_default().to_owned();
    if !KNOWN_TYPES.contains(&name.as_str()) {
        column["extTypeName"] = json!(name.to_uppercase());
        column["type"] = json!("text");
    }
    defaults(column, json!({ "nullable": true }));
    column.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten().for_each(known_type);
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Reply, position};
    use serde_json::json;

    #[test]
    fn a_place_is_read_out_of_the_message() {
        let message = "SQL compilation error: error line 3 at position 14\ninvalid identifier 'X'";
        assert_eq!(position(message), Some((3, 15)));
        assert_eq!(position("SQL compilation error:\nsyntax error line 1 at position 0 unexpected 'x'."), Some((1, 1)));
        assert_eq!(position("no place"), None);
    }

    #[test]
    fn an_error_keeps_what_the_client_drops() {
        let mut body = json!({
            "success": false, "code": "001003", "message": "SQL compilation error",
            "data": { "sqlState": "42000", "line": 2, "pos": 4, "queryId": "01b" }
        });
        let mut reply = Reply::default();
        reply.read(Endpoint::Query, 200, &mut body);
        let error = reply.error.unwrap();
        assert_eq!((error.code.as_deref(), error.sql_state.as_deref()), (Some("001003"), Some("42000")));
        assert_eq!((error.position, error.query_id.as_deref()), (Some((2, 5)), Some("01b")));
        assert_eq!((&body["data"]["age"], &body["data"]["errorCode"]), (&json!(0), &json!("001003")));
    }

    #[test]
    fn a_type_the_client_does_not_know_is_read_as_text() {
        let mut body = json!({
            "success": true,
            "data": { "rowtype": [{ "name": "I", "type": "interval_day_time" }], "total": 1, "rowset": [["1"]] }
        });
        Reply::default().read(Endpoint::Query, 200, &mut body);
        let column = &body["data"]["rowtype"][0];
        assert_eq!(
            (column["type"].as_str(), column["extTypeName"].as_str()),
            (Some("text"), Some("INTERVAL_DAY_TIME"))
        );
        assert_eq!(body["data"]["returned"], json!(1));
    }
}
