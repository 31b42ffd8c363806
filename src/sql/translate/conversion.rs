//! The conversion functions: `TO_DATE`, `TO_TIMESTAMP`, `TO_CHAR`, `TO_NUMBER`, and their `TRY_` forms.

use sqlparser::ast::Expr;

use super::call::Call;
use super::cast::Failing;
use super::format::{printed, reading};
use super::typed::Typed;
use super::{Step, Translator, literal};
use crate::sql::data_type::Family;
use crate::sql::function::{Form, Returns};
use crate::sql::problem::SqlProblem;
use crate::sql::{DataType, NumberFormat};

impl Translator<'_> {
    pub(super) fn conversion(&mut self, name: &str, call: &Call<'_>, form: &Form) -> Step<Typed> {
        let (kind, failing) = match name.strip_prefix("try_") {
            Some(kind) => (kind, Failing::Null),
            None => (name, Failing::Error),
        };
        match kind {
            "to_char" => self.to_char(call),
            "to_number" => self.to_number(call, failing),
            "to_double" => self.read_number(call, DataType::Float, failing),
            "to_boolean" => self.cast_argument(call, DataType::Boolean, failing),
            "to_time" if call.args.len() == 1 => self.cast_argument(call, DataType::Time, failing),
            "to_array" => self.to_array(call),
            "to_binary" => self.to_binary(call, failing),
            _ => {
                let to = match form.returns {
                    Returns::Type(ty) => ty,
                    _ => DataType::TimestampNtz,
                };
                self.to_moment(call, to, failing)
            }
        }
    }

    /// `TO_DATE` and `TO_TIMESTAMP…`, with a format, a scale, or neither.
    fn to_moment(&mut self, call: &Call<'_>, to: DataType, failing: Failing) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let Some(second) = call.args.get(1) else {
            return value.convert(to, failing).ok_or_else(|| super::cast::cannot(value.ty, to, &call.range));
        };
        if matches!(value.ty.family(), Family::Number | Family::Float)
            || super::special::small_integer(second).is_some()
        {
            return self.scaled_epoch(&value, second, call, to);
        }
        let written = self.literal_argument(call, second)?;
        if written.eq_ignore_ascii_case("auto") {
            return value.convert(to, failing).ok_or_else(|| super::cast::cannot(value.ty, to, &call.range));
        }
        let format = reading(&written);
        let formats: Vec<String> = format.formats.iter().map(|format| literal(format)).collect();
        let formats = format!("[{}]", formats.join(", "));
        // The engine reads offsets in digits alone.
        let text =
            if format.zoned { format!("regexp_replace(trim({}), '[Zz]$', '+00')", value.text()) } else { value.text() };
        let sql = match failing {
            Failing::Error => format!("sf_strptime({text}, {formats}, {})", literal(&written)),
            Failing::Null => format!("try_strptime({text}, {formats})"),
        };
        let sql = if format.short_year { format!("sf_century({sql})") } else { sql };
        // With an offset in the text the engine reads an instant.
        let read = match format.zoned {
            true if to == DataType::TimestampLtz => return Ok(Typed::new(sql, to)),
            true if !format.formats[0].ends_with("%z") => {
                return Err(call.refused("with a time zone before the end of the format"));
            }
            true => Typed::new(format!("sf_tz_read({sql}, {})", value.text()), DataType::TimestampTz),
            false => Typed::new(format!("CAST({sql} AS TIMESTAMP)"), DataType::TimestampNtz),
        };
        self.convert(&read, to, &call.range)
    }

    /// A number of units of 10 to the -scale seconds since 1970.
    fn scaled_epoch(&mut self, value: &Typed, scale: &Expr, call: &Call<'_>, to: DataType) -> Step<Typed> {
        let scale = super::special::small_integer(scale).filter(|scale| (0..=9).contains(scale));
        let Some(scale) = scale else { return Err(call.refused("with a computed scale")) };
        let value = self.numeric(value.clone(), &call.range)?.sql;
        let micros = if scale <= 6 {
            format!("CAST({value} AS DECIMAL(38,6)) * 1{}", "0".repeat((6 - scale).unsigned_abs() as usize))
        } else {
            format!("CAST({value} AS HUGEINT) // 1{}", "0".repeat((scale - 6).unsigned_abs() as usize))
        };
        let stamp = Typed::new(format!("make_timestamp(CAST({micros} AS BIGINT))"), DataType::TimestampNtz);
        self.convert(&stamp, to, &call.range)
    }

    fn to_char(&mut self, call: &Call<'_>) -> Step<Typed> {
        let value = self.expression(call.args[0])?;
        let Some(format) = call.args.get(1) else {
            return Ok(Typed::new(value.text(), DataType::TEXT));
        };
        let written = self.literal_argument(call, format)?;
        let sql = match value.ty.family() {
            Family::Number | Family::Float => self.number_by(&value, &written, format)?,
            Family::Zoned => printed(&written, &value.clock(), Some(&value.east())),
            Family::Time => printed(&written, &format!("(DATE '1970-01-01' + {})", value.sql), None),
            Family::Date | Family::Timestamp | Family::Text => {
                printed(&written, &self.datetime(value, &call.range)?.sql, None)
            }
            Family::Binary => match written.to_ascii_uppercase().as_str() {
                "HEX" => format!("hex({})", value.sql),
                "BASE64" => format!("to_base64({})", value.sql),
                "UTF-8" | "UTF8" => format!("decode({})", value.sql),
                _ => return Err(call.refused("with this format")),
            },
            _ => return Err(call.refused(&format!("of {} with a format", value.ty))),
        };
        Ok(Typed::new(sql, DataType::TEXT))
    }

    /// A number as a model writes it.
    fn number_by(&self, value: &Typed, written: &str, place: &Expr) -> Step<String> {
        if let Some(element) = self.number_format(written, place)?.unprintable() {
            let message = format!("printing by `{element}` in the format `{written}`");
            return Err(SqlProblem::unsupported(message, self.range_of(place)));
        }
        Ok(format!("sf_number_by(CAST({} AS VARCHAR), {})", value.shown(), literal(written)))
    }

    fn number_format(&self, written: &str, place: &Expr) -> Step<NumberFormat> {
        NumberFormat::parse(written).map_err(|what| {
            let message = format!("`{what}` in the format `{written}`");
            SqlProblem::unsupported(message, self.range_of(place))
        })
    }

    /// `TO_NUMBER(x [, format] [, precision [, scale]])`; without digits it is `NUMBER(38,0)`.
    fn to_number(&mut self, call: &Call<'_>, failing: Failing) -> Step<Typed> {
        let formatted = call.args.get(1).filter(|format| super::special::small_integer(format).is_none());
        let mut digits = Vec::new();
        for expr in &call.args[1 + usize::from(formatted.is_some())..] {
            match super::special::small_integer(expr).and_then(|digits| u32::try_from(digits).ok()) {
                Some(value) => digits.push(value),
                None => return Err(call.refused("with computed digits")),
            }
        }
        let to = match digits.as_slice() {
            [] => DataType::INTEGER,
            [precision] => DataType::number(*precision, 0),
            [precision, scale, ..] => DataType::number(*precision, *scale),
        };
        self.read_number(call, to, failing)
    }

    /// The first argument as a number, read by the model in the second if that is a text.
    fn read_number(&mut self, call: &Call<'_>, to: DataType, failing: Failing) -> Step<Typed> {
        let format = call.args.get(1).filter(|format| super::special::small_integer(format).is_none());
        let Some(format) = format else { return self.cast_argument(call, to, failing) };
        let written = self.literal_argument(call, format)?;
        if written.eq_ignore_ascii_case("auto") {
            return self.cast_argument(call, to, failing);
        }
        self.number_format(&written, format)?;
        let text = self.expression(call.args[0])?.text();
        let function = match failing {
            Failing::Error => "sf_number_of",
            Failing::Null => "sf_try_number_of",
        };
        let read = Typed::new(format!("{function}({text}, {})", literal(&written)), DataType::TEXT);
        read.convert(to, failing).ok_or_else(|| super::cast::cannot(read.ty, to, &call.range))
    }

    fn to_binary(&mut self, call: &Call<'_>, failing: Failing) -> Step<Typed> {
        let text = self.expression(call.args[0])?.text();
        let sql = match self.literal_argument(call, call.args[1])?.to_ascii_uppercase().as_str() {
            "HEX" if failing == Failing::Null => format!("unhex(sf_if_hex({text}))"),
            "BASE64" if failing == Failing::Null => format!("from_base64(sf_if_base64({text}))"),
            "HEX" => format!("sf_unhex({text})"),
            "UTF-8" | "UTF8" => format!("encode({text})"),
            "BASE64" => format!("from_base64({text})"),
            _ => return Err(call.refused("with this format")),
        };
        Ok(Typed::new(sql, DataType::Binary))
    }
}
