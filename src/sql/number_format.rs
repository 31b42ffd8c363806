//! Snowflake's models for numbers (`999,999.00`, `TM9`): printing a number by one, and reading one by it.
//!
//! A model is fixed, with a place for each digit, or text-minimal. Numbers come and go as text, as the engine casts them.

use std::str::FromStr;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, Signed, Zero};

/// A model as it is written: one, or several for reading, with `|` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    models: Vec<Model>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Model {
    pieces: Vec<Piece>,
    dollar: bool,
    blank_zero: bool,
    percent: bool,
    compact: bool,
}

/// A part of a model, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// `S`: always a sign.
    Sign,
    /// `MI`: a minus, or the place for it.
    Minus,
    Fixed(Fixed),
    Minimal(Notation),
}

/// The places of a fixed number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Fixed {
    /// The places before the point; true where a zero is written.
    whole: Vec<bool>,
    /// The group separators: how many places are to their right.
    groups: Vec<usize>,
    /// The places behind the point.
    fraction: Vec<bool>,
    point: bool,
    /// Hexadecimal, with capital letters or without.
    hex: Option<bool>,
    exponent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// `TM9`
    Positional,
    /// `TME`, and whether its letter is a capital.
    Scientific(bool),
    /// `TM`: the shorter one.
    Shorter(bool),
}

impl NumberFormat {
    /// Reads a model; the error is what in it has no meaning, or none here.
    pub fn parse(text: &str) -> Result<Self, String> {
        let models = text.split('|').map(model).collect::<Result<_, _>>()?;
        Ok(Self { models })
    }

    /// What in the model can be read by, but not be printed by.
    pub fn unprintable(&self) -> Option<&'static str> {
        let exponent = |piece: &Piece| matches!(piece, Piece::Fixed(fixed) if fixed.exponent);
        match self.models.as_slice() {
            [one] => one.pieces.iter().any(exponent).then_some("EE"),
            _ => Some("|"),
        }
    }

    /// The number, written by the model.
    pub fn print(&self, number: &str) -> String {
        self.models.first().map(|model| model.print(number)).unwrap_or_default()
    }

    /// The number that a text is, if it follows the model.
    pub fn read(&self, text: &str) -> Option<String> {
        self.models.iter().find_map(|model| model.read(text.trim()))
    }
}

/// Elements of models, longest first.
const ELEMENTS: [&str; 20] = [
    "EEEEEEE", "EEEEEE", "EEEEE", "EEEE", "EEE", "TM9", "TME", "TM", "MI", "FM", "EE", "S", "B", "D", "G", "X", "0",
    "9", "$", "%",
];

fn model(text: &str) -> Result<Model, String> {
    let mut model = Model::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix('"') {
            let end = inside.find('"').ok_or_else(|| rest.to_owned())?;
            model.pieces.push(Piece::Literal(inside[..end].to_owned()));
            rest = &inside[end + 1..];
            continue;
        }
        let starts = |element: &&&str| rest.get(..element.len()).is_some_and(|r| r.eq_ignore_ascii_case(element));
        if let Some(element) = ELEMENTS.iter().find(starts) {
            model.element(element, &rest[..element.len()])?;
            rest = &rest[element.len()..];
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match (first, model.pieces.last_mut()) {
            ('.', Some(Piece::Fixed(fixed))) if !fixed.point && fixed.hex.is_none() => fixed.point = true,
            ('.', _) => model.fixed()?.point = true,
            (',', Some(Piece::Fixed(fixed))) if !fixed.point => fixed.groups.push(fixed.whole.len()),
            ('_', _) => {}
            (';' | ':' | '-' | '=' | '/' | '(' | ')' | ' ' | ',', _) => {
                model.pieces.push(Piece::Literal(first.to_string()));
            }
            _ => return Err(first.to_string()),
        }
    }
    let numbers = model.pieces.iter().filter(|piece| matches!(piece, Piece::Fixed(_) | Piece::Minimal(_))).count();
    if numbers != 1 {
        return Err(text.to_owned());
    }
    for piece in &mut model.pieces {
        if let Piece::Fixed(fixed) = piece {
            let places = fixed.whole.len();
            fixed.groups.iter_mut().for_each(|group| *group = places - *group);
        }
    }
    Ok(model)
}

impl Model {
    /// The number that is being read, begun if there is none yet.
    fn fixed(&mut self) -> Result<&mut Fixed, String> {
        if !matches!(self.pieces.last(), Some(Piece::Fixed(_))) {
            if self.pieces.iter().any(|piece| matches!(piece, Piece::Fixed(_))) {
                return Err("a text inside the number".to_owned());
            }
            self.pieces.push(Piece::Fixed(Fixed::default()));
        }
        match self.pieces.last_mut() {
            Some(Piece::Fixed(fixed)) => Ok(fixed),
            _ => Err(String::new()),
        }
    }

    fn element(&mut self, element: &str, written: &str) -> Result<(), String> {
        let capital = written.starts_with(|c: char| c.is_ascii_uppercase());
        match element {
            "0" | "9" => {
                let fixed = self.fixed()?;
                let places = if fixed.point { &mut fixed.fraction } else { &mut fixed.whole };
                places.push(element == "0");
            }
            "X" => {
                let fixed = self.fixed()?;
                fixed.hex = Some(capital);
                fixed.whole.push(false);
            }
            "D" => self.fixed()?.point = true,
            "G" => {
                let fixed = self.fixed()?;
                fixed.groups.push(fixed.whole.len());
            }
            "TM9" => self.pieces.push(Piece::Minimal(Notation::Positional)),
            "TME" => self.pieces.push(Piece::Minimal(Notation::Scientific(capital))),
            "TM" => self.pieces.push(Piece::Minimal(Notation::Shorter(capital))),
            "MI" => self.pieces.push(Piece::Minus),
            "S" => self.pieces.push(Piece::Sign),
            "FM" if self.pieces.is_empty() => self.compact = !self.compact,
            "B" => self.blank_zero = true,
            "$" => self.dollar = true,
            "%" => {
                self.percent = true;
                self.pieces.push(Piece::Literal("%".to_owned()));
            }
            _ if element.starts_with("EE") => self.fixed()?.exponent = true,
            _ => return Err(element.to_owned()),
        }
        Ok(())
    }

    /// Whether a sign stands behind the number or has a place of its own.
    fn places_sign(&self) -> bool {
        let number = self.pieces.iter().position(|piece| matches!(piece, Piece::Fixed(_) | Piece::Minimal(_)));
        self.pieces.iter().enumerate().any(|(at, piece)| match piece {
            Piece::Minus => true,
            Piece::Sign => Some(at) > number,
            _ => false,
        })
    }

    fn print(&self, number: &str) -> String {
        let value = BigDecimal::from_str(number).ok().map(|value| if self.percent { value * 100 } else { value });
        let negative = value.as_ref().map_or(number.starts_with('-'), BigDecimal::is_negative);
        let explicit = self.pieces.iter().any(|piece| matches!(piece, Piece::Sign | Piece::Minus));
        let leading = explicit && !self.places_sign();
        let sign = match (negative, explicit) {
            _ if explicit && !leading => "",
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => " ",
        };
        let dollar = if self.dollar { "$" } else { "" };
        let mut out = String::new();
        let mut passed = false;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Minus => out.push_str(if negative {
                    "-"
                } else if self.compact {
                    ""
                } else {
                    " "
                }),
                Piece::Sign if passed => out.push(if negative { '-' } else { '+' }),
                Piece::Sign => {}
                Piece::Fixed(fixed) => {
                    let sign = if fixed.hex.is_some() && !explicit { "" } else { sign };
                    let digits = fixed.digits(value.as_ref(), explicit, self.blank_zero);
                    let shown = digits.trim_start();
                    let blanks = digits.len() - shown.len();
                    let text = format!("{}{sign}{dollar}{shown}", " ".repeat(blanks));
                    out.push_str(&if self.compact { text.replace(' ', "") } else { text });
                    passed = true;
                }
                Piece::Minimal(notation) => {
                    out.push_str(sign.trim());
                    out.push_str(dollar);
                    out.push_str(
                        &value
                            .as_ref()
                            .map_or_else(|| number.to_owned(), |value| minimal(value, *notation, self.percent)),
                    );
                    passed = true;
                }
            }
        }
        out
    }

    fn read(&self, text: &str) -> Option<String> {
        let mut rest = text;
        let (mut negative, mut number) = (false, None);
        let explicit = self.pieces.iter().any(|piece| matches!(piece, Piece::Sign | Piece::Minus));
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => {
                    rest = rest
                        .get(..literal.len())
                        .filter(|r| r.eq_ignore_ascii_case(literal))
                        .map(|_| &rest[literal.len()..])?;
                }
                Piece::Sign | Piece::Minus => {
                    rest = rest.trim_start();
                    let signed = rest
                        .strip_prefix('-')
                        .map(|rest| (true, rest))
                        .or(rest.strip_prefix('+').map(|rest| (false, rest)));
                    match signed {
                        Some((minus, after)) => (negative, rest) = (minus, after.trim_start()),
                        None if *piece == Piece::Sign => return None,
                        None => {}
                    }
                }
                Piece::Fixed(_) | Piece::Minimal(_) => {
                    if !explicit && let Some(after) = rest.strip_prefix('-') {
                        (negative, rest) = (true, after.trim_start());
                    }
                    if self.dollar {
                        rest = rest.strip_prefix('$')?;
                    }
                    let (found, after) = match piece {
                        Piece::Fixed(fixed) => fixed.read(rest, self.blank_zero)?,
                        Piece::Minimal(notation) => read_minimal(rest, *notation)?,
                        _ => return None,
                    };
                    number = Some(found);
                    rest = after;
                }
            }
        }
        let number = number.filter(|_| rest.trim().is_empty())?;
        let number = if self.percent { number / 100 } else { number };
        Some(if negative { -number } else { number }.to_plain_string())
    }
}

impl Fixed {
    /// The digits with blanks in the places that have none; `#` where they are too many, or the value is no number.
    fn digits(&self, value: Option<&BigDecimal>, signed: bool, blank_zero: bool) -> String {
        let scale = i64::try_from(self.fraction.len()).unwrap_or_default();
        let rounded = value.map(|value| value.with_scale_round(scale, RoundingMode::HalfUp));
        let text = rounded.and_then(|rounded| {
            if self.hex.is_some() { self.hexadecimal(&rounded, signed) } else { Some(rounded.abs().to_plain_string()) }
        });
        let text = text.unwrap_or_else(|| "#".repeat(self.whole.len() + 1));
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let zero = whole == "0" && self.fraction.iter().any(|_| true);
        let written = self.whole.iter().position(|zero| *zero).map_or(0, |first| self.whole.len() - first);
        let whole =
            if (whole == "0" && blank_zero || self.whole.is_empty() && zero) && written == 0 { "" } else { whole };
        if whole.len() > self.whole.len() {
            let mark = |places: usize| "#".repeat(places);
            return self.grouped(&mark(self.whole.len())) + &self.behind_point(&mark(self.fraction.len()));
        }
        let whole = format!("{}{whole}", "0".repeat(written.saturating_sub(whole.len())));
        let padded = format!("{}{whole}", " ".repeat(self.whole.len() - whole.len()));
        let kept = self.fraction.iter().rposition(|zero| *zero).map_or(0, |last| last + 1);
        let shown = fraction.trim_end_matches('0').len().max(kept);
        let fraction = format!("{:<width$}", &fraction[..shown.min(fraction.len())], width = self.fraction.len());
        self.grouped(&padded) + &self.behind_point(&fraction)
    }

    fn behind_point(&self, fraction: &str) -> String {
        if self.point { format!(".{fraction}") } else { String::new() }
    }

    /// The places before the point with their separators; blank before the first digit.
    fn grouped(&self, padded: &str) -> String {
        let mut out = String::new();
        for (at, c) in padded.chars().enumerate() {
            let right = padded.len() - at;
            if self.groups.contains(&right) && at > 0 {
                out.push(if out.ends_with(' ') { ' ' } else { ',' });
            }
            out.push(c);
        }
        out
    }

    /// A whole number in hexadecimal: with its sign apart, or as the two's complement of as many digits.
    fn hexadecimal(&self, value: &BigDecimal, signed: bool) -> Option<String> {
        let (whole, _) = value.with_scale_round(0, RoundingMode::HalfUp).into_bigint_and_exponent();
        let whole = if whole.is_negative() && !signed {
            whole + (BigInt::from(1) << (4 * self.whole.len()))
        } else {
            whole.abs()
        };
        if whole.is_negative() {
            return None;
        }
        let digits = whole.to_str_radix(16);
        Some(if self.hex == Some(true) { digits.to_uppercase() } else { digits })
    }

    /// A number by these places, and what stands behind it.
    fn read<'t>(&self, text: &'t str, may_be_empty: bool) -> Option<(BigDecimal, &'t str)> {
        let digit = |c: char| c.is_ascii_digit() || (self.hex.is_some() && c.is_ascii_hexdigit());
        let end = text.find(|c: char| !digit(c) && c != ',').unwrap_or(text.len());
        let (whole, mut rest) = text.split_at(end);
        let digits: String = whole.chars().filter(|c| *c != ',').collect();
        let right = |at: usize| whole[at..].chars().filter(|c| *c != ',').count();
        let grouped = whole.match_indices(',').all(|(at, _)| at > 0 && self.groups.contains(&right(at)));
        let least = self.whole.iter().position(|zero| *zero).map_or(0, |first| self.whole.len() - first);
        let least = least.max(usize::from(!may_be_empty && !self.whole.is_empty()));
        if !grouped || digits.len() < least || digits.len() > self.whole.len() {
            return None;
        }
        if self.hex.is_some() {
            return Some((BigDecimal::from(BigInt::parse_bytes(digits.as_bytes(), 16)?), rest));
        }
        let mut fraction = "";
        if self.point
            && let Some(after) = rest.strip_prefix('.')
        {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            (fraction, rest) = after.split_at(end);
        }
        let least = self.fraction.iter().rposition(|zero| *zero).map_or(0, |last| last + 1);
        if fraction.len() < least || fraction.len() > self.fraction.len() {
            return None;
        }
        let mut number = format!("0{digits}.{fraction}0");
        if self.exponent {
            let after = rest.strip_prefix(['e', 'E'])?;
            let end = after.find(|c: char| !c.is_ascii_digit() && c != '-' && c != '+').unwrap_or(after.len());
            number = format!("{number}e{}", &after[..end]);
            rest = &after[end..];
        }
        Some((BigDecimal::from_str(&number).ok()?, rest))
    }
}

/// A number without its sign in as little text as its notation allows.
fn minimal(value: &BigDecimal, notation: Notation, cut: bool) -> String {
    let value = value.abs();
    let positional = if cut { value.normalized().to_plain_string() } else { value.to_plain_string() };
    let scientific = |capital: bool| {
        let (digits, scale) = value.normalized().into_bigint_and_exponent();
        let digits = digits.to_string();
        let exponent = if value.is_zero() { 0 } else { i64::try_from(digits.len()).unwrap_or_default() - 1 - scale };
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{first}{point}{rest}{}{exponent}", if capital { 'E' } else { 'e' })
    };
    match notation {
        Notation::Positional => positional,
        Notation::Scientific(capital) => scientific(capital),
        Notation::Shorter(capital) => {
            let other = scientific(capital);
            if other.len() < positional.len() { other } else { positional }
        }
    }
}

/// A number in one of the notations, and what stands behind it.
fn read_minimal(text: &str, notation: Notation) -> Option<(BigDecimal, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let exponent = text[end..].strip_prefix(['e', 'E']).map(|after| {
        let signed = after.strip_prefix(['+', '-']).unwrap_or(after);
        let digits = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
        end + 1 + (after.len() - signed.len()) + digits
    });
    let end = match (notation, exponent) {
        (Notation::Positional, _) | (Notation::Shorter(_), None) => end,
        (_, Some(end)) => end,
        (Notation::Scientific(_), None) => return None,
    };
    Some((BigDecimal::from_str(&text[..end]).ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::NumberFormat;

    #[test]
    fn documented_examples_of_printing() {
        for (model, number, printed) in [
            ("99", "12", " 12"),
            ("99", "-7", " -7"),
            ("S99", "12", "+12"),
            ("S99", "-7", " -7"),
            ("99S", "12", "12+"),
            ("99S", "-7", " 7-"),
            ("MI99", "12", " 12"),
            ("MI99", "-7", "- 7"),
            ("99MI", "12", "12 "),
            ("99MI", "-7", " 7-"),
            ("$99", "12", " $12"),
            ("$99", "-7", " -$7"),
            ("FM99", "12", "12"),
            ("FM99", "-7", "-7"),
            ("\">\"$99.0\"<\"", "-12.391", ">-$12.4<"),
            ("\">\"$99.0\"<\"", "0.000", ">  $0.0<"),
            ("\">\"$99.0\"<\"", "3987.000", "> $##.#<"),
            ("\">\"B9,999.0\"<\"", "-12.391", ">   -12.4<"),
            ("\">\"B9,999.0\"<\"", "0.010", ">      .0<"),
            ("\">\"B9,999.0\"<\"", "3987.000", "> 3,987.0<"),
            ("\">\"TME\"<\"", "-12.391", ">-1.2391E1<"),
            ("TME", "0.000", "0E0"),
            ("TME", "3987.000", "3.987E3"),
            ("TM9", "3987.000", "3987.000"),
            ("0XXX", "-12.391", "FFF4"),
            ("S0XXX", "-12.391", "-000C"),
            ("S0XXX", "3987", "+0F93"),
            ("999,999.999", "1.2", "       1.2  "),
            ("S000,000.000", "1.2", "+000,001.200"),
            ("S999,999.999", "1234.56", "  +1,234.56 "),
            ("999,999.999", "-123456.789", "-123,456.789"),
            ("FM999,999.999", "123.456", "123.456"),
            ("TM9%", "0.25", "25%"),
            ("999.99MI", "-123.45", "123.45-"),
        ] {
            assert_eq!(NumberFormat::parse(model).unwrap().print(number), printed, "{model} of {number}");
        }
    }

    #[test]
    fn documented_examples_of_reading() {
        for (model, text, number) in [
            ("999,999.99", "012,345.67", Some("12345.67")),
            ("999,999.99", "12,345.67", Some("12345.67")),
            ("999,999.99", " 12,345.67", Some("12345.67")),
            ("000,000.00", "012,345.67", Some("12345.67")),
            ("000,000.00", "12,345.67", None),
            ("000,000.00", " 12,345.67", None),
            ("MI999|999MI", "-101", Some("-101")),
            ("MI999|999MI", "102-", Some("-102")),
            ("MI999|999MI", "103", Some("103")),
            ("99.9", "  - 0.1   ", Some("-0.1")),
            ("TM9", "  - 0.1   ", Some("-0.1")),
            ("99.9", "100.1", None),
            ("$99.0", "$12.5", Some("12.5")),
            ("XX", "fF", Some("255")),
            ("9.999EE", "1.5e3", Some("1500")),
            ("9,999", "12,34", None),
        ] {
            let read = NumberFormat::parse(model).unwrap().read(text);
            let read = read.map(|read| {
                bigdecimal::BigDecimal::parse_bytes(read.as_bytes(), 10).unwrap().normalized().to_plain_string()
            });
            assert_eq!(read.as_deref(), number, "{text} by {model}");
        }
        assert!(NumberFormat::parse("99q").is_err() && NumberFormat::parse("abc").is_err());
    }
}
