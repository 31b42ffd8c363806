//! Regular expressions: Snowflake's argument orders and parameters on the engine's functions.

use super::call::Call;
use super::typed::Typed;
use super::{Step, Translator};
use crate::sql::DataType;

/// Position, occurrence, parameters and group of a call, as far as they are written.
struct Matching {
    subject: String,
    pattern: String,
    position: String,
    occurrence: Option<String>,
    group: String,
}

impl Translator<'_> {
    pub(super) fn regexp(&mut self, name: &str, call: &Call<'_>) -> Step<Typed> {
        let text = |sql: String| Ok(Typed::new(sql, DataType::TEXT));
        let int = |sql: String| Ok(Typed::loose(sql, DataType::INTEGER));
        match name {
            "regexp_like" => {
                let m = self.matching(call, [9, 9, 2, 9])?;
                let sql = format!("regexp_full_match({}, {})", m.subject, m.pattern);
                Ok(Typed::new(sql, DataType::Boolean))
            }
            "regexp_substr" => {
                let m = self.matching(call, [2, 3, 4, 5])?;
                let occurrence = m.occurrence.as_deref().unwrap_or("1");
                text(format!(
                    "sf_regexp_substr({}, {}, {}, {occurrence}, {})",
                    m.subject, m.pattern, m.position, m.group
                ))
            }
            "regexp_substr_all" => {
                let m = self.matching(call, [2, 3, 4, 5])?;
                let from = format!("substr({}, {})", m.subject, m.position);
                let all = format!("regexp_extract_all({from}, {}, {})", m.pattern, m.group);
                let all = match &m.occurrence {
                    Some(first) => format!("CASE WHEN {first} IS NOT NULL THEN {all}[greatest({first}, 1):] END"),
                    None => all,
                };
                Ok(Typed::new(format!("to_json({all})"), DataType::Array))
            }
            "regexp_count" => {
                let m = self.matching(call, [2, 9, 3, 9])?;
                int(format!("sf_regexp_count({}, {}, {})", m.subject, m.pattern, m.position))
            }
            "regexp_replace" => self.regexp_replace(call),
            _ => self.regexp_instr(call),
        }
    }

    fn regexp_replace(&mut self, call: &Call<'_>) -> Step<Typed> {
        let m = self.matching(call, [3, 4, 5, 9])?;
        let by = match call.args.get(2) {
            Some(by) => self.expression(by)?.text(),
            None => "''".to_owned(),
        };
        let options = match m.occurrence.as_deref().map(super::position::plain).as_deref() {
            None | Some("0") => ", 'g'",
            Some("1") => "",
            Some(occurrence) => {
                let sql = format!("sf_replace_one({}, {}, {by}, {}, {occurrence})", m.subject, m.pattern, m.position);
                return Ok(Typed::new(sql, DataType::TEXT));
            }
        };
        let sql = if m.position == "1" {
            format!("regexp_replace({}, {}, {by}{options})", m.subject, m.pattern)
        } else {
            let (subject, from) = (&m.subject, &m.position);
            let rest = format!("regexp_replace(substr({subject}, {from}), {}, {by}{options})", m.pattern);
            format!("(left({subject}, greatest({from} - 1, 0)) || {rest})")
        };
        Ok(Typed::new(sql, DataType::TEXT))
    }

    fn regexp_instr(&mut self, call: &Call<'_>) -> Step<Typed> {
        let m = self.matching(call, [2, 3, 5, 6])?;
        let at_end = match call.args.get(4) {
            Some(option) => self.integer(option)?,
            None => "0".to_owned(),
        };
        let occurrence = m.occurrence.as_deref().unwrap_or("1");
        let sql = format!(
            "sf_match_place({}, {}, {}, {occurrence}, {}, {at_end})",
            m.subject, m.pattern, m.position, m.group
        );
        Ok(Typed::loose(sql, DataType::INTEGER))
    }

    /// Reads the arguments at the given indices: position, occurrence, parameters, group.
    fn matching(&mut self, call: &Call<'_>, [position, occurrence, parameters, group]: [usize; 4]) -> Step<Matching> {
        let subject = self.expression(call.args[0])?.text();
        let mut pattern = self.expression(call.args[1])?.text();
        let flags = match call.args.get(parameters) {
            Some(flags) => self.literal_argument(call, flags)?,
            None => String::new(),
        };
        if let Some(unknown) = flags.chars().find(|flag| !"cimse".contains(*flag)) {
            return Err(call.refused(&format!("with the parameter `{unknown}`")));
        }
        // The last of `c` and `i` wins.
        let insensitive = flags.rfind('i') > flags.rfind('c');
        let engine: String = [('i', insensitive), ('m', flags.contains('m')), ('s', flags.contains('s'))]
            .iter()
            .filter_map(|(flag, set)| set.then_some(*flag))
            .collect();
        if !engine.is_empty() {
            pattern = format!("'(?{engine})' || {pattern}");
        }
        let default_group = if flags.contains('e') { "1" } else { "0" };
        let group = match call.args.get(group) {
            Some(group) => self.integer(group)?,
            None => default_group.to_owned(),
        };
        let position = match call.args.get(position) {
            Some(position) => self.integer(position)?,
            None => "1".to_owned(),
        };
        let position = if super::position::plain(&position) == "1" { "1".to_owned() } else { position };
        let occurrence = call.args.get(occurrence).map(|at| self.integer(at)).transpose()?;
        Ok(Matching { subject, pattern, position, occurrence, group })
    }
}
