//! Versions and ranges of them, as dbt understands them (`dbt_common.semver`).

use std::cmp::Ordering;

/// `1.2.3-rc.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    /// What stands behind the numbers; a version with it comes before the one without.
    pub prerelease: Option<String>,
}

/// On which side of a version others may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matcher {
    Exact,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A version with a side: `>=1.2.3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    matcher: Matcher,
    /// The version.
    pub version: Version,
}

/// What several bounds leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Range {
    start: Option<Bound>,
    end: Option<Bound>,
}

impl Bound {
    /// Reads `>=1.2.3`; without a sign the version itself is meant.
    pub fn parse(text: &str) -> Option<Self> {
        let signs = [
            (">=", Matcher::GreaterOrEqual),
            ("<=", Matcher::LessOrEqual),
            (">", Matcher::Greater),
            ("<", Matcher::Less),
            ("=", Matcher::Exact),
        ];
        let found = signs.iter().find_map(|(sign, matcher)| Some((*matcher, text.strip_prefix(sign)?)));
        let (matcher, rest) = found.unwrap_or((Matcher::Exact, text));
        Some(Self { matcher, version: Version::parse(rest)? })
    }

    fn is_exact(&self) -> bool {
        self.matcher == Matcher::Exact
    }

    /// Which comes first, where bounds of one version are told apart by their signs.
    fn compare(&self, other: &Self) -> Ordering {
        let by_number = self.version.numbers.cmp(&other.version.numbers);
        if by_number != Ordering::Equal {
            return by_number;
        }
        match (&self.version.prerelease, &other.version.prerelease) {
            // `<2.0.0` does not let `2.0.0-rc.1` in.
            (None, Some(_)) if self.matcher == Matcher::Less => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (Some(a), Some(b)) if prereleases(a, b) != Ordering::Equal => return prereleases(a, b),
            _ => {}
        }
        let (lower, upper) = (Self::is_lower, Self::is_upper);
        match (self.matcher, other.matcher) {
            (Matcher::GreaterOrEqual, Matcher::LessOrEqual) | (Matcher::LessOrEqual, Matcher::GreaterOrEqual) => {
                Ordering::Equal
            }
            (Matcher::Less, Matcher::LessOrEqual) | (Matcher::GreaterOrEqual, Matcher::Greater) => Ordering::Less,
            (Matcher::LessOrEqual, Matcher::Less) | (Matcher::Greater, Matcher::GreaterOrEqual) => Ordering::Greater,
            _ if upper(self) && lower(other) => Ordering::Less,
            _ if lower(self) && upper(other) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }

    fn is_lower(&self) -> bool {
        matches!(self.matcher, Matcher::Greater | Matcher::GreaterOrEqual)
    }

    fn is_upper(&self) -> bool {
        matches!(self.matcher, Matcher::Less | Matcher::LessOrEqual)
    }

    fn range(self) -> Range {
        match self.matcher {
            Matcher::Exact => Range { start: Some(self.clone()), end: Some(self) },
            Matcher::Greater | Matcher::GreaterOrEqual => Range { start: Some(self), end: None },
            Matcher::Less | Matcher::LessOrEqual => Range { start: None, end: Some(self) },
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = match self.matcher {
            Matcher::Exact => "",
            Matcher::Greater => ">",
            Matcher::GreaterOrEqual => ">=",
            Matcher::Less => "<",
            Matcher::LessOrEqual => "<=",
        };
        write!(f, "{sign}{}", self.version)
    }
}

impl Version {
    /// Reads `1.2.3`, with what may stand behind: `-rc.1`, `rc1`, `+build`.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        if build.is_some_and(|build| !build.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))) {
            return None;
        }
        let mut rest = text;
        let mut numbers = [0; 3];
        for (index, number) in numbers.iter_mut().enumerate() {
            if index > 0 {
                rest = rest.strip_prefix('.')?;
            }
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let digits = &rest[..length];
            if digits.len() > 1 && digits.starts_with('0') {
                return None;
            }
            *number = digits.parse().ok()?;
            rest = &rest[length..];
        }
        let prerelease = rest.strip_prefix('-').unwrap_or(rest);
        let is_word = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !(part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit()))
        };
        if rest.is_empty() {
            return Some(Self { numbers, prerelease: None });
        }
        prerelease.split('.').all(is_word).then(|| Self { numbers, prerelease: Some(prerelease.to_owned()) })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        self.prerelease.iter().try_for_each(|tag| write!(f, "-{tag}"))
    }
}

/// The order of what stands behind the numbers: numbers before words; of two where one begins the other, the shorter.
fn prereleases(a: &str, b: &str) -> Ordering {
    let parts = a.split('.').zip(b.split('.')).map(|(a, b)| match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    });
    parts.into_iter().find(|order| *order != Ordering::Equal).unwrap_or_else(|| a.len().cmp(&b.len()))
}

impl Range {
    /// What all bounds together leave; none if nothing.
    pub(super) fn of(bounds: &[Bound]) -> Option<Self> {
        let Some((last, rest)) = bounds.split_last() else { return Some(Self::default()) };
        rest.iter().try_fold(last.clone().range(), |range, bound| range.reduce(bound.clone().range()))
    }

    fn reduce(self, other: Self) -> Option<Self> {
        let exact = |bound: &Option<Bound>| bound.as_ref().is_some_and(Bound::is_exact);
        let (start, end) = if exact(&self.start) && exact(&other.start) {
            let (a, b) = (self.start?, other.start?);
            if a.compare(&b) != Ordering::Equal {
                return None;
            }
            (Some(a.clone()), Some(a))
        } else {
            (tighter(self.start, other.start, Ordering::Less)?, tighter(self.end, other.end, Ordering::Greater)?)
        };
        match (&start, &end) {
            (Some(start), Some(end)) if start.compare(end) == Ordering::Greater => None,
            _ => Some(Self { start, end }),
        }
    }

    /// Whether the version lies in it.
    pub(super) fn holds(&self, version: &Version) -> bool {
        let exact = Bound { matcher: Matcher::Exact, version: version.clone() };
        let bounds: Vec<Bound> = [Some(exact), self.start.clone(), self.end.clone()].into_iter().flatten().collect();
        Self::of(&bounds).is_some()
    }
}

/// What bounds say of a version.
pub(in crate::project) enum Fit {
    /// It is within them.
    Fits,
    /// It is not.
    Outside,
    /// Nothing is within them.
    Impossible,
    /// This one is no bound.
    Unreadable(String),
}

/// What bounds such as `>=1.8.0` say of a version.
pub(in crate::project) fn fit(bounds: &[&str], version: &str) -> Fit {
    let mut read = Vec::with_capacity(bounds.len());
    for text in bounds {
        match Bound::parse(text) {
            Some(bound) => read.push(bound),
            None => return Fit::Unreadable((*text).to_owned()),
        }
    }
    let Some(version) = Version::parse(version) else { return Fit::Unreadable(version.to_owned()) };
    match Range::of(&read) {
        None => Fit::Impossible,
        Some(range) if range.holds(&version) => Fit::Fits,
        Some(_) => Fit::Outside,
    }
}

/// Of two bounds of one side the one that leaves less: of starts (`Less`) the later, of ends (`Greater`) the earlier. None if
/// one is a version that the other leaves out.
#[expect(clippy::option_option, reason = "no answer, and the answer that there is no bound, are two things")]
fn tighter(a: Option<Bound>, b: Option<Bound>, looser: Ordering) -> Option<Option<Bound>> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (one, other) => return Some(one.or(other)),
    };
    if !a.is_exact() && !b.is_exact() {
        return Some(Some(if a.compare(&b) == looser { b } else { a }));
    }
    let (exact, bound) = if a.is_exact() { (a, b) } else { (b, a) };
    let order = bound.compare(&exact);
    let includes = matches!(bound.matcher, Matcher::GreaterOrEqual | Matcher::LessOrEqual);
    (order == looser || (order == Ordering::Equal && includes)).then_some(Some(exact))
}

/// The versions in order, the earliest first; what is no version is left out, and so are prereleases unless they are wanted.
pub(super) fn sorted(versions: impl IntoIterator<Item = String>, prereleases: bool) -> Vec<(Version, String)> {
    let read = versions.into_iter().filter_map(|text| Some((Version::parse(&text)?, text)));
    let mut kept: Vec<(Version, String)> =
        read.filter(|(version, _)| prereleases || version.prerelease.is_none()).collect();
    let bound = |version: &Version| Bound { matcher: Matcher::Exact, version: version.clone() };
    kept.sort_by(|(a, _), (b, _)| bound(a).compare(&bound(b)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(bounds: &[&str]) -> Option<Range> {
        Range::of(&bounds.iter().map(|text| Bound::parse(text).expect("a bound")).collect::<Vec<_>>())
    }

    fn holds(bounds: &[&str], version: &str) -> bool {
        range(bounds).is_some_and(|range| range.holds(&Version::parse(version).expect("a version")))
    }

    #[test]
    fn bounds_leave_what_lies_between_them() {
        assert!(holds(&[">=1.0.0", "<2.0.0"], "1.9.9"));
        assert!(!holds(&[">=1.0.0", "<2.0.0"], "2.0.0"));
        assert!(!holds(&[">1.0.0"], "1.0.0"));
        assert!(holds(&["<=1.0.0"], "1.0.0"));
        assert!(holds(&["1.2.3"], "1.2.3"));
        assert!(!holds(&["1.2.3"], "1.2.4"));
        assert!(holds(&[], "0.0.1"));
    }

    #[test]
    fn bounds_that_exclude_each_other_leave_nothing() {
        assert_eq!(range(&["1.0.0", "1.0.1"]), None);
        assert_eq!(range(&[">=2.0.0", "<1.0.0"]), None);
        assert_eq!(range(&[">1.0.0", "<1.0.0"]), None);
        assert!(range(&[">=1.0.0", "<=1.0.0"]).is_some());
        assert_eq!(range(&["<1.0.0", "1.0.0"]), None);
    }

    #[test]
    fn prereleases_come_before_their_release_and_in_their_own_order() {
        assert!(!holds(&["<2.0.0"], "2.0.0-rc.1"));
        assert!(holds(&[">=1.0.0-rc.1"], "1.0.0"));
        let all = ["1.0.0", "1.0.0-rc.10", "1.0.0-rc.2", "1.0.0-alpha", "0.9.0"].map(str::to_owned);
        let order: Vec<String> = sorted(all, true).into_iter().map(|(_, text)| text).collect();
        assert_eq!(order, ["0.9.0", "1.0.0-alpha", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0"]);
        assert_eq!(Version::parse("1.0.0rc1").and_then(|v| v.prerelease).as_deref(), Some("rc1"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["1.0", "01.0.0", "1.0.0-", "v1.0.0", "1.0.0 ", ">= 1.0.0", ""] {
            assert_eq!(Bound::parse(text), None, "{text}");
        }
    }
}
