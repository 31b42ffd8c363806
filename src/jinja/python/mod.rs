//! Stand-in.
use minijinja::*;
use minijinja::value::*;
pub(crate) fn install(_env: &mut Environment<'static>) {}
pub(crate) fn str(value: &Value) -> Result<String, Error> { Ok(value.to_string()) }
pub(crate) fn repr(value: &Value) -> Result<String, Error> { Ok(value.to_string()) }
pub(crate) fn formatter(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> { Ok(out.write_str(&value.to_string())?) }
pub(crate) fn to_json(value: &Value) -> Result<serde_json::Value, Error> { Ok(serde_json::Value::from(value.to_string())) }
pub(crate) fn list(items: Vec<Value>) -> Value { Value::from(items) }
pub(crate) fn tuple(items: Vec<Value>) -> Value { Value::from(Tuple::from(items)) }
pub(crate) fn dict(items: Vec<(Value, Value)>) -> Result<Value, Error> { Ok(Value::from_iter(items)) }
pub(crate) fn missing(_name: &str) -> Value { Value::UNDEFINED }
