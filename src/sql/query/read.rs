//! Queries of the parser's tree as queries of the small one.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlparser::ast::{
    self, ConnectByKind, ExcludeSelectItem, GroupByExpr, GroupByWithModifier, LimitClause, NamedWindowExpr,
    OrderByKind, RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetQuantifier, Spanned,
    Statement, TopQuantity,
};

use sqlparser::tokenizer::Token;

use super::label;
use super::{Body, Cte, Distinct, Expr, Group, Item, Name, Query, Select, SetArm, SetChain, SetOperator, Star, Window};
use crate::sql::Dialect;
use crate::sql::item::{Items, order_by_all};
use crate::sql::outer_join::written_out;
use crate::sql::parse::{statements, statements_in_known_forms};
use crate::sql::problem::SqlProblem;
use crate::sql::text::{Lexeme, Text};

/// Reads a text that is one query. `None` is a text that parses and is something else: nothing, several statements, or one
/// that is no query.
pub fn read_query(sql: &str, dialect: Dialect) -> Result<Option<Query>, SqlProblem> {
    let text = Text::new(sql, dialect)?;
    let statements = match statements(&text, dialect) {
        Err(problem) if dialect == Dialect::Snowflake => match statements_in_known_forms(&text) {
            Some(statements) => statements,
            None if has_own_form(&text) => return Ok(None),
            None => return Err(problem),
        },
        read => read?,
    };
    let [Statement::Query(query)] = statements.as_slice() else { return Ok(None) };
    Ok(Some(Reader { text: &text, dialect }.query(query)))
}

/// Whether a text has a form of Snowflake's that the parser does not know, so that what it says of the text is no finding.
fn has_own_form(text: &Text<'_>) -> bool {
    // `{*}`, `{**o}`, `{t.*}`, `x::array(int)`, `nth_value(x, 2) from first`, `{- a -}` of a pattern, `prior x` among items, `a ->> b`,
    // `model!predict(…)`, `identifier('f')(x)`, a sample of a table function.
    const FORMS: [&[&str]; 16] = [
        &["{", "*"],
        &["{", "", ".", "*"],
        &["*", "*"],
        &["ARRAY", "("],
        &["OBJECT", "("],
        &["MAP", "("],
        &["FROM", "FIRST"],
        &["FROM", "LAST"],
        &["{", "-"],
        &["PRIOR"],
        &["RESAMPLE", "("],
        &["->>"],
        &["", "!", ""],
        &["IDENTIFIER", "(", "", ")", "("],
        &[")", "TABLESAMPLE"],
        &["SEMANTIC_VIEW", "("],
    ];
    let word = |lexeme: &Lexeme| match &lexeme.token.token {
        Token::Word(word) if word.quote_style.is_some() => "\"\"".to_owned(),
        token => token.to_string().to_ascii_uppercase(),
    };
    let words: Vec<String> = text.lexemes.iter().map(word).collect();
    let is = |form: &&[&str], at: usize| {
        let here = words.get(at..at + form.len());
        here.is_some_and(|here| here.iter().zip(*form).all(|(word, wanted)| wanted.is_empty() || word == wanted))
    };
    (0..words.len()).any(|at| FORMS.iter().any(|form| is(form, at)))
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&*self.text, (self.key != self.text).then_some(&*self.key)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, key) = <(String, Option<String>)>::deserialize(deserializer)?;
        let text: Arc<str> = text.into();
        Ok(Self { key: key.map_or_else(|| text.clone(), Into::into), text })
    }
}

impl Name {
    /// A name as it is written in a statement.
    pub fn written(value: &str, quoted: bool, dialect: Dialect) -> Self {
        match (dialect, quoted) {
            (Dialect::Snowflake, false) => Self::exact(&value.to_uppercase()),
            (Dialect::Snowflake, true) => Self::exact(&value.replace("\"\"", "\"")),
            (Dialect::DuckDb, _) => Self::found(&value.replace("\"\"", "\""), dialect),
        }
    }

    /// A name as the catalog has it.
    pub fn found(text: &str, dialect: Dialect) -> Self {
        let text: Arc<str> = text.into();
        let key = match dialect {
            Dialect::DuckDb if text.chars().any(char::is_uppercase) => text.to_lowercase().into(),
            _ => text.clone(),
        };
        Self { text, key }
    }

    fn exact(text: &str) -> Self {
        let text: Arc<str> = text.into();
        Self { key: text.clone(), text }
    }
}

/// Reads the statements of one text.
pub(super) struct Reader<'t> {
    pub(super) text: &'t Text<'t>,
    pub(super) dialect: Dialect,
}

impl Reader<'_> {
    /// A query.
    pub(super) fn query(&self, query: &ast::Query) -> Query {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables).map(|cte| Cte {
            name: self.name(&cte.alias.name),
            span: self.at(&cte.alias.name),
            columns: self.column_names(&cte.alias),
            query: self.query(&cte.query),
        });
        let ctes = ctes.collect();
        let mut body = self.body(&query.body);
        if !query.pipe_operators.is_empty() {
            body = Body::Opaque("pipe operators are not analysed".to_owned());
        }
        let order_all = query.order_by.as_ref().is_some_and(|order| order_by_all(order).is_some());
        let (order, order_spans) = match query.order_by.as_ref().map(|order| &order.kind) {
            Some(OrderByKind::Expressions(keys)) if !order_all => {
                (self.keys(keys), self.spans(keys.iter().map(|key| &key.expr)))
            }
            _ => (Vec::new(), Vec::new()),
        };
        let mut limits = Vec::new();
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                let offset = offset.iter().map(|offset| &offset.value);
                limits.extend(self.exprs(limit.iter().chain(offset).chain(limit_by)));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                limits.extend(self.exprs([offset, limit]));
            }
        }
        limits.extend(query.fetch.iter().filter_map(|fetch| fetch.quantity.as_ref()).map(|rows| self.expr(rows)));
        Query { ctes, body, order, order_spans, order_all, limits }
    }

    fn body(&self, body: &SetExpr) -> Body {
        match body {
            SetExpr::Select(select) => Body::Select(Box::new(self.select(select))),
            SetExpr::Query(query) => Body::Query(Box::new(self.query(query))),
            SetExpr::Values(values) => {
                let place = |row: &ast::Parens<Vec<ast::Expr>>| {
                    let [start, end] =
                        [&row.opening_token, &row.closing_token].map(|token| self.text.range(token.0.span));
                    start.start..end.end
                };
                let rows = values.rows.iter().map(|row| self.exprs(&row.content)).collect();
                Body::Values(rows, values.rows.iter().map(place).collect())
            }
            SetExpr::SetOperation { .. } => self.set_chain(body),
            SetExpr::Table(table) => {
                let parts = table.schema_name.iter().chain(&table.table_name);
                let name = parts.map(|part| Name::written(part, false, self.dialect)).collect();
                let mut select = empty_select();
                select.from.push(super::From::Table { name, alias: None, span: 0..0 });
                select.items.push(Item::Star(self.plain_star(Vec::new())));
                Body::Select(Box::new(select))
            }
            _ => Body::Opaque("a statement inside a query is not analysed".to_owned()),
        }
    }

    /// A chain of set operations; the left spine is walked in a loop.
    fn set_chain(&self, body: &SetExpr) -> Body {
        let mut rest = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation { op, set_quantifier, left, right } = first {
            rest.push(SetArm {
                operator: match op {
                    ast::SetOperator::Union => SetOperator::Union,
                    ast::SetOperator::Except | ast::SetOperator::Minus => SetOperator::Except,
                    ast::SetOperator::Intersect => SetOperator::Intersect,
                },
                all: matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName),
                by_name: matches!(
                    set_quantifier,
                    SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
                ),
                body: self.body(right),
                span: first_word(self, right),
            });
            first = left;
        }
        rest.reverse();
        Body::Set(Box::new(SetChain { first: self.body(first), rest }))
    }

    fn select(&self, select: &ast::Select) -> Select {
        let written_out = written_out(select).ok().flatten();
        let select = written_out.as_deref().unwrap_or(select);
        let opaque = [
            (select.into.is_some(), "SELECT INTO is not analysed"),
            (!select.lateral_views.is_empty(), "LATERAL VIEW is not analysed"),
            (select.exclude.is_some(), "EXCLUDE behind the items is not analysed"),
            (select.value_table_mode.is_some(), "SELECT AS is not analysed"),
        ];
        let opaque = opaque.iter().find(|(is, _)| *is).map(|(_, what)| (*what).to_owned());
        let mut filters: Vec<Expr> = self.exprs(select.prewhere.iter().chain(&select.selection));
        let filter_spans = self.spans(select.prewhere.iter().chain(&select.selection));
        let links = select.connect_by.iter().flat_map(|clause| match clause {
            ConnectByKind::ConnectBy { relationships, .. } => relationships.as_slice(),
            ConnectByKind::StartWith { condition, .. } => std::slice::from_ref(&**condition),
        });
        let hierarchy = self.exprs(links);
        filters.extend(self.exprs(select.cluster_by.iter().chain(&select.distribute_by)));
        filters.extend(self.keys(&select.sort_by));
        if let Some(TopQuantity::Expr(rows)) = select.top.as_ref().and_then(|top| top.quantity.as_ref()) {
            filters.push(self.expr(rows));
        }
        let labels = Items::of(self.text, select);
        let mut items: Vec<Item> =
            select.projection.iter().enumerate().flat_map(|(at, item)| self.item(item, &labels, at)).collect();
        if items.is_empty() {
            items.push(Item::Star(self.plain_star(Vec::new())));
        }
        Select {
            distinct: match &select.distinct {
                None | Some(ast::Distinct::All) => Distinct::No,
                Some(ast::Distinct::Distinct) => Distinct::Rows,
                Some(ast::Distinct::On(keys)) => Distinct::On(self.exprs(keys)),
            },
            items,
            from: select.from.iter().map(|from| self.joined(from)).collect(),
            filters,
            filter_spans,
            hierarchy,
            group: self.group(&select.group_by),
            group_spans: match &select.group_by {
                GroupByExpr::Expressions(keys, _) => self.spans(keys),
                GroupByExpr::All(_) => Vec::new(),
            },
            having: select.having.as_ref().map(|having| self.expr(having)),
            qualify: select.qualify.as_ref().map(|qualify| self.expr(qualify)),
            qualify_span: select.qualify.as_ref().map_or(0..0, |qualify| self.text.range(qualify.span())),
            windows: select.named_window.iter().map(|named| self.named_window(named)).collect(),
            opaque,
            span: self.text.range(select.select_token.0.span),
        }
    }

    /// The bytes of expressions.
    fn spans<'e>(&self, written: impl IntoIterator<Item = &'e ast::Expr>) -> Vec<std::ops::Range<usize>> {
        written.into_iter().map(|one| self.text.range(one.span())).collect()
    }

    fn named_window(&self, named: &ast::NamedWindowDefinition) -> (Name, Window) {
        let window = match &named.1 {
            NamedWindowExpr::WindowSpec(spec) => self.window(spec),
            NamedWindowExpr::NamedWindow(other) => self.window_called(other),
        };
        (self.name(&named.0), window)
    }

    fn group(&self, group: &GroupByExpr) -> Group {
        let (keys, modifiers) = match group {
            GroupByExpr::All(modifiers) if modifiers.is_empty() => return Group::All,
            GroupByExpr::All(modifiers) => (&[][..], modifiers),
            GroupByExpr::Expressions(keys, modifiers) => (keys.as_slice(), modifiers),
        };
        let is_set =
            |key: &ast::Expr| matches!(key, ast::Expr::GroupingSets(_) | ast::Expr::Cube(_) | ast::Expr::Rollup(_));
        let has_sets = !modifiers.is_empty() || keys.iter().any(is_set);
        let mut keys = self.exprs(keys);
        keys.extend(modifiers.iter().filter_map(|modifier| match modifier {
            GroupByWithModifier::GroupingSets(sets) => Some(self.expr(sets)),
            _ => None,
        }));
        match (keys.is_empty(), has_sets) {
            (true, _) => Group::None,
            (false, true) => Group::Sets(keys),
            (false, false) => Group::Keys(keys),
        }
    }

    fn item(&self, item: &SelectItem, labels: &Items, at: usize) -> Vec<Item> {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let (name, span) = label::name(self, labels, expr, at);
                vec![Item::Value { expr: self.expr(expr), name, is_alias: false, span }]
            }
            SelectItem::ExprWithAlias { expr, alias } => vec![Item::Value {
                expr: self.expr(expr),
                name: self.name(alias),
                is_alias: true,
                span: self.at(alias),
            }],
            SelectItem::ExprWithAliases { expr, aliases } => aliases
                .iter()
                .map(|alias| Item::Value {
                    expr: self.opaque("several aliases for one expression are not analysed", expr),
                    name: self.name(alias),
                    is_alias: true,
                    span: self.at(alias),
                })
                .collect(),
            SelectItem::Wildcard(options) => vec![Item::Star(self.star(Vec::new(), options))],
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                let mut star = self.star(self.names(name), options);
                star.span = self.text.range(name.span());
                vec![Item::Star(star)]
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), options) => {
                let of = Some(self.expr(expr));
                vec![Item::Star(Star { of, ..self.star(Vec::new(), options) })]
            }
        }
    }

    /// `*` without modifiers.
    pub(super) fn plain_star(&self, qualifier: Vec<Name>) -> Star {
        Star {
            qualifier,
            of: None,
            exclude: Vec::new(),
            rename: Vec::new(),
            replace: Vec::new(),
            ilike: None,
            opaque: None,
            span: 0..0,
        }
    }

    /// `*` with its modifiers.
    pub(super) fn star(&self, qualifier: Vec<Name>, options: &ast::WildcardAdditionalOptions) -> Star {
        let mut star = self.plain_star(qualifier);
        star.span = self.text.range(options.wildcard_token.0.span);
        let excluded: Vec<&ast::ObjectName> = match &options.opt_exclude {
            None => Vec::new(),
            Some(ExcludeSelectItem::Single(name)) => vec![name],
            Some(ExcludeSelectItem::Multiple(names)) => names.iter().collect(),
        };
        star.exclude = excluded.into_iter().map(|name| (self.names(name), self.text.range(name.span()))).collect();
        if let Some(except) = &options.opt_except {
            let idents = std::iter::once(&except.first_element).chain(&except.additional_elements);
            star.exclude.extend(idents.map(|ident| (vec![self.name(ident)], self.at(ident))));
        }
        let renamed = match &options.opt_rename {
            None => &[][..],
            Some(RenameSelectItem::Single(one)) => std::slice::from_ref(one),
            Some(RenameSelectItem::Multiple(many)) => many.as_slice(),
        };
        let rename = |one: &ast::IdentWithAlias| (self.name(&one.ident), self.name(&one.alias), self.at(&one.ident));
        star.rename = renamed.iter().map(rename).collect();
        let replaced = options.opt_replace.iter().flat_map(|replace| &replace.items);
        star.replace = replaced
            .map(|one| (self.expr(&one.expr), self.name(&one.column_name), self.at(&one.column_name)))
            .collect();
        star.ilike = options.opt_ilike.as_ref().map(|ilike| ilike.pattern.replace("''", "'"));
        star.opaque = options.opt_alias.is_some().then(|| "an alias of `*` is not analysed".to_owned());
        star
    }
}

/// The first bytes of a query's text, as far as the parser tells them.
fn first_word(reader: &Reader<'_>, body: &SetExpr) -> std::ops::Range<usize> {
    match body {
        SetExpr::Select(select) => reader.text.range(select.select_token.0.span),
        SetExpr::Query(query) => first_word(reader, &query.body),
        SetExpr::SetOperation { right, .. } => first_word(reader, right),
        _ => 0..0,
    }
}

fn empty_select() -> Select {
    Select {
        distinct: Distinct::No,
        items: Vec::new(),
        from: Vec::new(),
        filters: Vec::new(),
        filter_spans: Vec::new(),
        hierarchy: Vec::new(),
        group: Group::None,
        group_spans: Vec::new(),
        having: None,
        qualify: None,
        qualify_span: 0..0,
        windows: Vec::new(),
        opaque: None,
        span: 0..0,
    }
}
