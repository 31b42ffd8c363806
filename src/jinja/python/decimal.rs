//! Python's `decimal.Decimal` under the default context: 28 digits, rounding half to even.

use std::cmp::Ordering;
use std::sync::Arc;

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};
use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::argument::{bind, required};
use super::error::{no_method, overflow_error, zero_division};
use super::method::bound;

const PRECISION: u64 = 28;

/// A finite decimal that remembers its trailing zeros.
#[derive(Clone, Debug)]
pub(super) struct Decimal(pub(super) BigDecimal);

/// A decimal as a value.
pub(crate) fn decimal(value: BigDecimal) -> Value {
    Value::from_object(Decimal(value))
}

const METHODS: [&str; 8] =
    ["as_integer_ratio", "as_tuple", "copy_abs", "is_finite", "is_nan", "is_zero", "normalize", "quantize"];

impl Decimal {
    /// The value if it has no fraction and fits.
    pub(super) fn integral(&self) -> Option<i128> {
        if self.0.is_integer() { self.0.to_i128() } else { None }
    }

    /// The integer part, if it fits.
    pub(super) fn truncated(&self) -> Option<i128> {
        self.0.with_scale_round(0, RoundingMode::Down).to_i128()
    }

    pub(super) fn to_float(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The value of a float, exactly.
    pub(super) fn from_float(x: f64) -> Option<Decimal> {
        BigDecimal::try_from(x).ok().map(Decimal)
    }

    /// `self` rounded to this many digits after the point.
    pub(super) fn rounded(&self, places: i64) -> Decimal {
        Decimal(self.0.with_scale_round(places, RoundingMode::HalfEven))
    }

    fn fit(value: BigDecimal) -> Decimal {
        if value.digits() <= PRECISION {
            return Decimal(value);
        }
        let (_, scale) = value.as_bigint_and_exponent();
        let excess = i64::try_from(value.digits() - PRECISION).unwrap_or_default();
        let rounded = value.with_scale_round(scale - excess, RoundingMode::HalfEven);
        // Rounding up may have made one digit more.
        if rounded.digits() > PRECISION {
            return Decimal::fit(rounded);
        }
        Decimal(rounded)
    }

    /// The digits of both at the finer of the two scales: the crate's own arithmetic drops zeros.
    fn aligned(&self, other: &Decimal) -> (BigInt, BigInt, i64) {
        let scale = self.0.fractional_digit_count().max(other.0.fractional_digit_count());
        let digits = |value: &BigDecimal| value.with_scale(scale).into_bigint_and_exponent().0;
        (digits(&self.0), digits(&other.0), scale)
    }

    pub(super) fn add(&self, other: &Decimal) -> Decimal {
        let (a, b, scale) = self.aligned(other);
        Decimal::fit(BigDecimal::new(a + b, scale))
    }

    pub(super) fn sub(&self, other: &Decimal) -> Decimal {
        let (a, b, scale) = self.aligned(other);
        Decimal::fit(BigDecimal::new(a - b, scale))
    }

    pub(super) fn mul(&self, other: &Decimal) -> Decimal {
        let (a, scale_a) = self.0.as_bigint_and_exponent();
        let (b, scale_b) = other.0.as_bigint_and_exponent();
        Decimal::fit(BigDecimal::new(a * b, scale_a + scale_b))
    }

    pub(super) fn neg(&self) -> Decimal {
        Decimal::fit(-self.0.clone())
    }

    pub(super) fn abs(&self) -> Decimal {
        Decimal::fit(self.0.abs())
    }

    /// Division: 28 digits, or exact with the fewest digits that keep the ideal exponent.
    pub(super) fn div(&self, other: &Decimal) -> Result<Decimal, Error> {
        if other.0.is_zero() {
            return Err(zero_division("division by zero"));
        }
        let (a, scale_a) = self.0.as_bigint_and_exponent();
        let (b, scale_b) = other.0.as_bigint_and_exponent();
        let ideal = scale_a - scale_b;
        if a.is_zero() {
            return Ok(Decimal(BigDecimal::new(BigInt::from(0), ideal)));
        }
        let length = |n: &BigInt| n.magnitude().to_str_radix(10).len();
        let shift = (length(&b) + 30).saturating_sub(length(&a));
        let shift = u32::try_from(shift).unwrap_or(u32::MAX);
        let scaled = a * BigInt::from(10).pow(shift);
        let (quotient, rest) = (&scaled / &b, &scaled % &b);
        let scale = ideal + i64::from(shift);
        if rest.is_zero() {
            return Ok(Decimal::fit(shortened(quotient, scale, ideal)));
        }
        // A sticky digit keeps an inexact half from looking like a tie.
        let positive = (scaled.sign() == Sign::Minus) == (b.sign() == Sign::Minus);
        let sticky = quotient * 10 + BigInt::from(if positive { 1 } else { -1 });
        Ok(Decimal::fit(BigDecimal::new(sticky, scale + 1)))
    }

    /// The integer quotient, towards zero.
    pub(super) fn floordiv(&self, other: &Decimal) -> Result<Decimal, Error> {
        if other.0.is_zero() {
            return Err(zero_division("division by zero"));
        }
        let (a, b, _) = self.aligned(other);
        Ok(Decimal(BigDecimal::new(a / b, 0)))
    }

    /// The remainder, with the sign of the dividend.
    pub(super) fn rem(&self, other: &Decimal) -> Result<Decimal, Error> {
        let quotient = self.floordiv(other)?;
        Ok(self.sub(&quotient.mul(other)))
    }

    /// An integer power.
    pub(super) fn pow(&self, exponent: i128) -> Result<Decimal, Error> {
        let too_large = || overflow_error("decimal power is too large");
        let times = u32::try_from(exponent.unsigned_abs()).map_err(|_| too_large())?;
        if times > 100_000 {
            return Err(too_large());
        }
        let mut result = Decimal(BigDecimal::from(1));
        for _ in 0..times {
            result = result.mul(self);
        }
        if exponent < 0 { Decimal(BigDecimal::from(1)).div(&result) } else { Ok(result) }
    }

    pub(super) fn cmp(&self, other: &Decimal) -> Ordering {
        self.0.cmp(&other.0)
    }

    /// Sign, digits and exponent.
    fn parts(&self) -> Value {
        let (digits, scale) = self.0.as_bigint_and_exponent();
        let sign = i64::from(digits.sign() == Sign::Minus);
        let digits = digits.magnitude().to_str_radix(10);
        let digits: Vec<Value> = digits.bytes().map(|digit| Value::from(digit - b'0')).collect();
        Value::from((sign, Value::from(minijinja::value::Tuple::from(digits)), -scale))
    }

    fn ratio(&self) -> Result<Value, Error> {
        let too_large = || overflow_error("the integers do not fit into 128 bits");
        let (digits, scale) = self.0.as_bigint_and_exponent();
        let digits = digits.to_i128().ok_or_else(too_large)?;
        let power = u32::try_from(scale.unsigned_abs()).ok().and_then(|n| 10i128.checked_pow(n));
        let power = power.ok_or_else(too_large)?;
        if scale <= 0 {
            let whole = digits.checked_mul(power).ok_or_else(too_large)?;
            return Ok(Value::from((whole, 1)));
        }
        let (mut a, mut b) = (digits.unsigned_abs(), power.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = i128::try_from(a.max(1)).map_err(|_| too_large())?;
        Ok(Value::from((digits / divisor, power / divisor)))
    }

    fn normalized(&self) -> Decimal {
        if self.0.is_zero() {
            return Decimal(BigDecimal::from(0));
        }
        Decimal(self.0.normalized())
    }
}

/// The quotient without the zeros that division appended beyond the ideal exponent.
fn shortened(mut digits: BigInt, mut scale: i64, ideal: i64) -> BigDecimal {
    let ten = BigInt::from(10);
    while scale > ideal && (&digits % &ten).is_zero() {
        digits /= &ten;
        scale -= 1;
    }
    BigDecimal::new(digits, scale)
}

/// Python's text: plain digits unless the exponent is positive or the number is tiny.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (digits, scale) = self.0.as_bigint_and_exponent();
        let sign = if digits.sign() == Sign::Minus { "-" } else { "" };
        let digits = digits.magnitude().to_str_radix(10);
        let exponent = -scale;
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let adjusted = exponent + length - 1;
        if exponent > 0 || adjusted < -6 {
            let (head, tail) = digits.split_at(1);
            let point = if tail.is_empty() { "" } else { "." };
            return write!(f, "{sign}{head}{point}{tail}E{adjusted:+}");
        }
        if exponent == 0 {
            return write!(f, "{sign}{digits}");
        }
        let places = usize::try_from(scale).unwrap_or_default();
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl Object for Decimal {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "real" => Some(Value::from_dyn_object(self.clone())),
            "imag" => Some(decimal(BigDecimal::from(0))),
            _ => METHODS.contains(&key).then(|| bound(Value::from_dyn_object(self.clone()), key)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_zero()
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Decimal>().map(|other| self.0.cmp(&other.0))
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "normalize" => Ok(Value::from_object(self.normalized())),
            "copy_abs" => Ok(Value::from_object(Decimal(self.0.abs()))),
            "is_zero" => Ok(Value::from(self.0.is_zero())),
            "is_nan" => Ok(Value::from(false)),
            "is_finite" => Ok(Value::from(true)),
            "quantize" => {
                let [exponent, _rounding] = bind("quantize", ["exp", "rounding"], 1, args)?;
                let scale = super::conversion::exponent(&required(exponent))?;
                Ok(Value::from_object(self.rounded(scale)))
            }
            "as_tuple" => Ok(self.parts()),
            "as_integer_ratio" => self.ratio(),
            _ => Err(no_method("decimal.Decimal", method)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
