//! Reading JSON as Python's `json.loads` does: integers stay exact, `NaN` and `Infinity` are numbers.

use minijinja::Value;

use super::list::list;

/// The deepest nesting that is read.
const DEEPEST: usize = 900;

/// The value of a JSON text; none if it is not JSON.
pub(super) fn loads(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0, open: 0 };
    let value = reader.value()?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eat(&mut self, token: &str) -> Option<()> {
        self.rest().starts_with(token).then(|| self.at += token.len())
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        let words = [
            ("null", Value::from(())),
            ("true", Value::from(true)),
            ("false", Value::from(false)),
            ("NaN", Value::from(f64::NAN)),
            ("Infinity", Value::from(f64::INFINITY)),
            ("-Infinity", Value::from(f64::NEG_INFINITY)),
        ];
        for (word, value) in words {
            if self.eat(word).is_some() {
                return Some(value);
            }
        }
        match self.rest().chars().next()? {
            '"' => self.string().map(Value::from),
            '[' => self.nested(Reader::array),
            '{' => self.nested(Reader::object),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.at += 1;
        self.open += 1;
        let value = if self.open > DEEPEST { None } else { read(self) };
        self.open -= 1;
        value
    }

    fn array(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        self.space();
        if self.eat("]").is_some() {
            return Some(list(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.eat("]").is_some() {
                return Some(list(items));
            }
            self.eat(",")?;
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut pairs = Vec::new();
        self.space();
        if self.eat("}").is_some() {
            return super::dict::dict(pairs).ok();
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.eat(":")?;
            pairs.push((Value::from(key), self.value()?));
            self.space();
            if self.eat("}").is_some() {
                return super::dict::dict(pairs).ok();
            }
            self.eat(",")?;
        }
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        _ = self.eat("-");
        let leading_zero = self.rest().starts_with('0');
        let whole = self.at;
        self.digits()?;
        if leading_zero {
            self.at = whole + 1;
        }
        let mut integer = true;
        if self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1;
            self.digits()?;
            integer = false;
        }
        let before = self.at;
        if self.eat("e").or_else(|| self.eat("E")).is_some() {
            _ = self.eat("+").or_else(|| self.eat("-"));
            match self.digits() {
                Some(()) => integer = false,
                None => self.at = before,
            }
        }
        let text = &self.text[start..self.at];
        let exact = if integer { text.parse::<i128>().ok() } else { None };
        exact.map(Value::from).or_else(|| text.parse::<f64>().ok().map(Value::from))
    }

    fn string(&mut self) -> Option<String> {
        self.eat("\"")?;
        let mut out = String::new();
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(out),
                '\\' => out.push(self.escape()?),
                c if c < ' ' => return None,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(match c {
            '"' | '\\' | '/' => c,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\x08',
            'f' => '\x0c',
            'u' => {
                let first = self.unit()?;
                let after = self.at;
                if (0xd800..0xdc00).contains(&first) && self.eat("\\u").is_some() {
                    let second = self.unit().filter(|unit| (0xdc00..0xe000).contains(unit));
                    match second {
                        Some(second) => {
                            return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
                        }
                        None => self.at = after,
                    }
                }
                // A lone surrogate is no character.
                char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(unit)
    }
}
