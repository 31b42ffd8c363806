#!/usr/bin/env python3
"""The landing sample of the reference project, and the truth about it.

    python3 project/landing/generate.py           writes project/landing/*/ and tests/projects/brightcart/truth/*.csv
    python3 project/landing/generate.py --check   writes nothing; exit code 1 when the committed files say something else

One ground truth (accounts, campaigns, ads and what they cost each day; customers, orders, refunds) is drawn from a fixed seed.
Two things are made of it, and neither reads the other: the files that the sources' APIs would have delivered, and the numbers
that a correct warehouse must arrive at. Python's standard library only; the same bytes on every run (gzip without time and name).

Irregularities, each at least once: a late file that lowers the cost of a past day; a file delivered twice under two names; orders
delivered again when they change, and one stale version delivered after the newer one; campaigns renamed and removed; names with
` > `, quotes and letters outside ASCII; Performance Max rows without ad group and ad; metrics left out when they are zero; ids
above 2^53; two accounts with their own currency and time zone; orders near midnight, so that the shop's day is not the UTC day; days with spend and no order;
guests, point of sale, test orders, cancelled orders, gift cards (one refunded), prices with and without tax, three presentment
currencies (one without decimals); failed and split refund transactions; two refunds of one order.
"""
import csv
import gzip
import io
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal as D
from pathlib import Path

LANDING = Path(__file__).resolve().parent
PROJECT = LANDING.parent
TRUTH = PROJECT.parent / "tests" / "projects" / "brightcart" / "truth"

DAYS = [date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3)]
BACK = [date(2026, 8, 30), date(2026, 8, 31)]  # the first pull of the younger account reaches back to these
SHOP_TZ = timezone(timedelta(hours=-4))  # America/New_York in September
CENT, MICRO = D("0.01"), D("0.000001")
PULL = "{:%Y%m%d}T235000Z"  # every stream is pulled once a day, ten minutes before midnight UTC
DEVICES = ["DESKTOP", "MOBILE", "TABLET"]


def rounded(x, to):
    return x.quantize(to, rounding=ROUND_HALF_UP)


# ---- ground truth: Google Ads -------------------------------------------------------------------------------------------------


@dataclass
class Account:
    id: str
    name: str
    currency: str
    time_zone: str


@dataclass
class Campaign:
    account: Account
    id: str
    kind: str
    names: dict  # from this day on -> the name; the first key is the first day
    statuses: dict
    ad_groups: list = field(default_factory=list)  # [(id, name, [ad ids])]; none in Performance Max

    def at(self, history, day):
        return [v for since, v in history.items() if since <= day][-1]


@dataclass
class AdDay:
    """What one ad (or one Performance Max campaign) did on one day and device, as first reported."""

    campaign: Campaign
    ad_group: tuple | None
    ad: str | None
    day: date
    device: str
    impressions: int
    clicks: int
    cost_micros: int
    conversions: D
    value: D
    views: int
    final: "AdDay | None" = None  # what the platform says later, when it takes something back

    def settled(self):
        return self.final or self


def make_ads(rng):
    us = Account("7788990011", "BrightCart US", "USD", "America/New_York")
    eu = Account("1234567890", "BrightCart Europe", "EUR", "Europe/Lisbon")
    first = BACK[0]
    campaigns = [
        Campaign(us, "9007199254740993", "SEARCH", {first: "Brand > Exact", DAYS[2]: "Brand > Exact (\"core\" terms)"}, {first: "ENABLED"}),
        Campaign(us, "9007199254740995", "SEARCH", {first: "Shoes & Bags — 20% off, l'été"}, {first: "ENABLED", DAYS[2]: "PAUSED"}),
        Campaign(us, "21004400771", "DISPLAY", {first: "Prospecting \\ \"lookalike\" > cold"}, {first: "ENABLED", DAYS[1]: "REMOVED"}),
        Campaign(eu, "55", "SEARCH", {first: "Marca - Coração 🛍"}, {first: "ENABLED"}),
        Campaign(eu, "9223372036854775807", "PERFORMANCE_MAX", {first: "PMax | すべての商品"}, {first: "ENABLED"}),
    ]
    next_group, next_ad = 9007199254741001, 700100
    for c in campaigns:
        if c.kind == "PERFORMANCE_MAX":
            continue
        for name in (["exact", "phrase > broad"] if c.kind == "SEARCH" else ["in-market"]):
            ads = [str(next_ad + i * 7) for i in range(4)]
            c.ad_groups.append((str(next_group), name, ads))
            next_group, next_ad = next_group + 2, next_ad + 100
    rows = []
    for day in BACK + DAYS:
        for c in (c for c in campaigns if day in DAYS or c.account is eu):
            places = [(g, a) for g in c.ad_groups for a in g[2]] or [(None, None)]
            for group, ad in places:
                for device in DEVICES:
                    if c.kind == "DISPLAY" and day > DAYS[1]:
                        continue  # removed: it no longer serves
                    if ad and rng.random() < 0.12:
                        continue  # nothing happened, so the report has no row
                    impressions = rng.randint(20, 2400)
                    clicks = min(impressions, int(impressions * rng.uniform(0.0, 0.09)))
                    cost = clicks * rng.randint(50_000, 520_000) + rng.randint(0, 9) * (clicks > 0)
                    conversions = rounded(D(clicks) * D(str(round(rng.uniform(0, 0.06), 4))), CENT)
                    value = rounded(conversions * D(rng.randint(3000, 12000)) / 100, CENT)
                    rows.append(AdDay(c, group, ad, day, device, impressions, clicks, cost, conversions, value, rng.randint(0, 5)))
    # Invalid clicks of the first day are taken back: the whole day of the account is delivered again, some rows lower.
    for r in rows:
        if r.day == DAYS[0] and r.campaign.account is us:
            refunded = min(r.clicks, rng.randint(1, 6)) if rng.random() < 0.4 else 0
            cost = r.cost_micros - (r.cost_micros * refunded // r.clicks if refunded else 0)
            r.final = AdDay(r.campaign, r.ad_group, r.ad, r.day, r.device, r.impressions, r.clicks - refunded, cost,
                            r.conversions, r.value, r.views)
    return campaigns, rows


# ---- ground truth: the shop ---------------------------------------------------------------------------------------------------


@dataclass
class Customer:
    id: int
    first_name: str
    emails: dict  # from this moment on -> the address
    european: bool


@dataclass
class Line:
    id: int
    sku: str
    title: str
    price: D
    quantity: int
    gift_card: bool
    discount: D = D(0)
    tax: D = D(0)

    def gross(self):
        return self.price * self.quantity

    def paid(self):
        return self.gross() - self.discount


@dataclass
class Refund:
    id: int
    at: datetime
    lines: list  # [(Line, quantity, subtotal, tax)]
    transactions: list  # [(id, kind, amount, status)]


@dataclass
class Order:
    id: int
    number: int
    at: datetime
    created: datetime
    customer: Customer | None
    email: str | None
    channel: str
    visit: dict  # landing_site, referring_site, source_name
    presentment: str
    rate: D  # presentment units of one unit of the shop's currency
    tax_included: bool
    lines: list
    code: str | None
    shipping: D
    tip: D | None  # None: the key is there and empty
    test: bool = False
    cancelled: datetime | None = None
    refunds: list = field(default_factory=list)

    def revenue_lines(self):
        return [l for l in self.lines if not l.gift_card]

    def gross(self):
        return sum((l.gross() for l in self.revenue_lines()), D(0))

    def discount(self):
        return sum((l.discount for l in self.revenue_lines()), D(0))

    def tax(self):
        return sum((l.tax for l in self.lines), D(0))

    def included_tax(self):
        return self.tax() if self.tax_included else D(0)

    def sales(self):
        """What the shop earned with the order when it was placed: no tax, no shipping, no tip, no gift cards."""
        return self.gross() - self.discount() - self.included_tax()

    def total(self):
        goods = sum((l.paid() for l in self.lines), D(0))
        return goods + self.shipping + (self.tip or D(0)) + (D(0) if self.tax_included else self.tax())

    def returned(self, refund):
        """What a refund takes away from sales; what is paid back for gift cards never was revenue."""
        return sum((s - (t if self.tax_included else D(0)) for l, _, s, t in refund.lines if not l.gift_card), D(0))

    def counts(self):
        return not self.test and self.cancelled is None

    def moments(self):
        """Every time at which the order changed: it is delivered again after each."""
        return sorted({self.created, *(r.at for r in self.refunds), *([self.cancelled] if self.cancelled else [])})


PRODUCTS = [("SKU-101", "Linen shirt", "59.00"), ("SKU-102", "Canvas tote", "24.50"), ("SKU-103", "Wool beanie", "19.90"),
            ("SKU-104", "Trail runner \"Zephyr\"", "129.00"), ("SKU-105", "Rain jacket", "149.99"), ("SKU-106", "Socks > 3 pairs", "14.95"),
            ("SKU-107", "Café mug", "12.00"), ("SKU-108", "Desk lamp", "74.25"), ("SKU-109", "Notebook, A5", "9.99")]
GIFT_CARD = ("GIFT-50", "Gift card", "50.00")
NAMES = ["Ana", "Bruno", "Chloë", "Dmitri", "Eve", "Fátima", "George", "Hélène", "Ines", "João", "Kōji", "Lena", "Mia", "Noor", "O'Neil",
         "Paula", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Vera", "Wanda", "Xavier", "Yuki", "Zoë"]

VISITS = {
    "google_ads": [
        {"landing_site": "/?gclid={click}", "referring_site": "https://www.google.com/"},
        {"landing_site": "/collections/shoes?utm_source=google&utm_medium=cpc&utm_campaign=Brand%20%3E%20Exact&gclid={click}", "referring_site": "https://google.com"},
        {"landing_site": "/?utm_source=Google&utm_medium=CPC&utm_campaign=shoes", "referring_site": None},
        {"landing_site": "/?utm_source=newsletter&utm_medium=email&gclid={click}#top", "referring_site": None},
    ],
    "paid_social": [{"landing_site": "/products/tote?utm_source=facebook&utm_medium=paid_social&utm_campaign=sept&fbclid={click}", "referring_site": "https://l.facebook.com/"}],
    "email": [{"landing_site": "/?utm_medium=email&utm_source=klaviyo&utm_campaign=welcome", "referring_site": None}],
    "organic_search": [{"landing_site": "/", "referring_site": "https://www.google.com/"}, {"landing_site": "/blogs/news?gclid=", "referring_site": "https://duckduckgo.com/"}],
    "referral": [{"landing_site": "/products/lamp", "referring_site": "https://review.example/best-lamps?q=google.com"}],
    "other": [{"landing_site": "/?utm_source=podcast&utm_medium=audio", "referring_site": None}],
    "direct": [{"landing_site": "/", "referring_site": None}, {"landing_site": None, "referring_site": None}],
    "pos": [{"landing_site": None, "referring_site": None}],
}
SHARES = [("google_ads", 30), ("paid_social", 12), ("email", 14), ("organic_search", 12), ("referral", 5), ("other", 4), ("direct", 15), ("pos", 8)]


class Shop:
    def __init__(self, rng):
        self.rng = rng
        self.ids = {"order": 5900000000000, "line": 9007199254740993, "refund": 880000001, "transaction": 990000001}
        self.customers = [self.customer(i) for i in range(70)]
        self.orders = []
        # The sample begins at midnight UTC, which is eight in the evening in the shop.
        moments = [datetime(2026, 9, 1, 0, 0, 5, tzinfo=timezone.utc) + timedelta(seconds=rng.randint(0, 3 * 86400 - 1200)) for _ in range(180)]
        for n, at in enumerate(sorted(moments)):
            self.orders.append(self.order(n, at.astimezone(SHOP_TZ)))
        self.special_cases()
        for o in self.orders:
            if not o.test and not o.cancelled and not o.refunds and rng.random() < 0.13:
                self.refund(o, o.at + timedelta(minutes=rng.randint(30, 60 * 40)))

    def next(self, kind, step=1):
        self.ids[kind] += step
        return self.ids[kind] - step

    def customer(self, i):
        name = NAMES[i % len(NAMES)]
        address = f"{name.lower().replace(chr(39), '')}.{i}@{'example.pt' if i % 3 == 0 else 'example.com'}"
        emails = {datetime(2026, 1, 1, tzinfo=timezone.utc): address}
        if i == 4:  # moves to another address during the sample
            emails[datetime(2026, 9, 2, 12, tzinfo=timezone.utc)] = "eve+new@example.org"
        return Customer(9007199254740993 + i * 2 if i < 5 else 3589760876641 + i * 37, name, emails, i % 3 == 0)

    def order(self, n, at):
        rng = self.rng
        channel = rng.choices([c for c, _ in SHARES], [w for _, w in SHARES])[0]
        customer = None if channel == "pos" or rng.random() < 0.1 else rng.choice(self.customers)
        european = customer.european if customer else False
        presentment, rate = (rng.choice([("EUR", D("0.8590")), ("GBP", D("0.7421"))]) if european and rng.random() < 0.6 else
                             ("JPY", D("147.31")) if rng.random() < 0.04 else ("USD", D(1)))
        lines = []
        for sku, title, price in rng.sample(PRODUCTS, rng.choice([1, 1, 2, 2, 3])):
            lines.append(Line(self.next("line"), sku, title, D(price), rng.choice([1, 1, 1, 2, 3]), False))
        if rng.random() < 0.05:
            sku, title, price = GIFT_CARD
            lines.append(Line(self.next("line"), sku, title, D(price), 1, True))
        code = rng.choice(["WELCOME10", "ÉTÉ 10%"]) if rng.random() < 0.25 else None
        goods = [l for l in lines if not l.gift_card]
        if code:
            whole = rounded(sum((l.gross() for l in goods), D(0)) / 10, CENT)
            for l in goods[:-1]:
                l.discount = rounded(l.gross() / 10, CENT)
            goods[-1].discount = whole - sum((l.discount for l in goods[:-1]), D(0))
        for l in goods:
            l.tax = rounded(l.paid() * 20 / 120, CENT) if european else rounded(l.paid() * D("0.08875"), CENT)
        visit = dict(rng.choice(VISITS[channel]), source_name="pos" if channel == "pos" else "web")
        if visit["landing_site"]:
            visit["landing_site"] = visit["landing_site"].format(click="Cj0K" + "".join(rng.choices("AbCdEf0123-_", k=10)))
        email = None if channel == "pos" else f"guest{n}@example.net"
        return Order(self.next("order", 1024), 1001 + n, at, at, customer, email, channel, visit, presentment, rate, european, lines, code,
                     D(0) if channel == "pos" else rng.choice([D("0.00"), D("4.90"), D("9.90")]), None if n % 11 == 5 else D(0))

    def refund(self, order, at, lines=None):
        rng = self.rng
        taken = []
        for l in lines or [rng.choice(order.lines)]:
            q = rng.randint(1, l.quantity)
            taken.append((l, q, rounded(l.paid() * q / l.quantity, CENT), rounded(l.tax * q / l.quantity, CENT)))
        amount = sum((s + (D(0) if order.tax_included else t) for _, _, s, t in taken), D(0))
        order.refunds.append(Refund(self.next("refund"), at, taken, [(self.next("transaction"), "refund", amount, "success")]))
        return order.refunds[-1]

    def special_cases(self):
        """What chance may not bring: one of each, on orders that are not special otherwise."""
        plain = [o for o in self.orders if len(o.lines) == 2 and not any(l.gift_card for l in o.lines)]
        on = lambda day, k: [o for o in plain if o.at.date() == day][k]
        hour = timedelta(hours=1)
        for o in (on(DAYS[0], 0), on(DAYS[1], 0), on(DAYS[2], 0)):
            o.test = True
        early = on(DAYS[0], 1)  # cancelled later, its money returned
        early.cancelled = early.at + 26 * hour
        self.refund(early, early.cancelled, early.lines)
        void = on(DAYS[1], 1)  # cancelled before anything was paid
        void.cancelled = void.at + hour
        both = on(DAYS[0], 2)  # both lines in one refund, the first transaction failed, the money in two parts
        r = self.refund(both, both.at + 20 * hour, both.lines)
        _, kind, amount, _ = r.transactions[0]
        r.transactions = [(self.next("transaction"), kind, amount, "failure"),
                          (self.next("transaction"), kind, D("5.00"), "success"), (self.next("transaction"), kind, amount - D("5.00"), "success")]
        twice = on(DAYS[0], 3)  # one line today, the other tomorrow
        self.refund(twice, twice.at + hour, twice.lines[:1])
        self.refund(twice, twice.at + 27 * hour, twice.lines[1:])
        card = next(o for o in self.orders if any(l.gift_card for l in o.lines) and o.at.date() == DAYS[1])
        self.refund(card, card.at + 3 * hour, [l for l in card.lines if l.gift_card])
        late = on(DAYS[1], 2)  # begun as a draft on the day before
        late.created = late.at - 20 * hour
        domestic = [o for o in self.orders if o.customer and not o.tax_included]
        for day in (DAYS[0], DAYS[2]):  # buys before and after the change of address
            next(o for o in domestic if o.at.date() == day).customer = self.customers[4]
        tipped = next(o for o in self.orders if o.channel == "pos")
        tipped.tip = D("3.50")


# ---- what the APIs deliver ----------------------------------------------------------------------------------------------------


def search_stream_row(r, known, as_of):
    """One result of `googleAds:searchStream`. int64 and micros are strings, doubles are numbers, zero may be left out."""
    c, a, v = r.campaign, r.campaign.account, known
    out = {
        "customer": {"resourceName": f"customers/{a.id}", "id": a.id, "descriptiveName": a.name, "currencyCode": a.currency, "timeZone": a.time_zone},
        "campaign": {"resourceName": f"customers/{a.id}/campaigns/{c.id}", "id": c.id, "name": c.at(c.names, as_of), "status": c.at(c.statuses, as_of),
                     "advertisingChannelType": c.kind},
    }
    if r.ad_group:
        out["adGroup"] = {"resourceName": f"customers/{a.id}/adGroups/{r.ad_group[0]}", "id": r.ad_group[0], "name": r.ad_group[1]}
        out["adGroupAd"] = {"resourceName": f"customers/{a.id}/adGroupAds/{r.ad_group[0]}~{r.ad}", "ad": {"id": r.ad}}
    metrics = {"impressions": str(v.impressions), "clicks": str(v.clicks), "costMicros": str(v.cost_micros), "conversions": float(v.conversions),
               "conversionsValue": float(v.value), "allConversions": float(v.conversions + v.views), "viewThroughConversions": str(v.views)}
    out["metrics"] = {k: x for k, x in metrics.items() if x not in ("0", 0.0) or k in ("impressions", "clicks")}
    out["segments"] = {"date": r.day.isoformat(), "device": r.device}
    return out


def search_stream(results, run):
    size = 24
    return [{"results": results[i:i + size], "fieldMask": "customer.id,campaign.id,adGroup.id,adGroupAd.ad.id,metrics.costMicros,segments.date",
             "requestId": f"{run}-{i // size}"} for i in range(0, len(results), size)]


def google_ads_files(rows):
    files = {}
    accounts = list({id(r.campaign.account): r.campaign.account for r in rows}.values())
    for day in DAYS:
        for part, a in enumerate(accounts):
            run = PULL.format(day)
            days = BACK + DAYS[:1] if day == DAYS[0] else [day]
            found = [search_stream_row(r, r, day) for r in rows if r.day in days and r.campaign.account is a]
            files[f"google_ads/search_stream/dt={day}/{run}-{part:02}.jsonl.gz"] = search_stream(found, run)
    # The same content under another name: a pull whose answer was thought lost and that was made again.
    twice = f"google_ads/search_stream/dt={DAYS[1]}/{PULL.format(DAYS[1])}-00.jsonl.gz"
    files[twice.replace("T235000Z", "T235500Z")] = files[twice]
    # The correction of the first day arrives at noon of the third.
    run = f"{DAYS[2]:%Y%m%d}T120000Z"
    changed = [search_stream_row(r, r.final, DAYS[2]) for r in rows if r.final]
    files[f"google_ads/search_stream/dt={DAYS[2]}/{run}-00.jsonl.gz"] = search_stream(changed, run)
    return files


def local(t):
    return None if t is None else t.astimezone(SHOP_TZ).isoformat()


def money(x):
    return f"{x:.2f}"


def money_set(o, x):
    digits = D(1) if o.presentment == "JPY" else CENT
    return {"shop_money": {"amount": money(x), "currency_code": "USD"},
            "presentment_money": {"amount": str(rounded(x * o.rate, digits)), "currency_code": o.presentment}}


def status_of(o, refunds, cancelled):
    back = sum((a for r in refunds for _, k, a, s in r.transactions if s == "success"), D(0))
    if cancelled and not refunds:
        return "voided"
    return "paid" if back == 0 else "refunded" if back >= o.total() - o.shipping - (o.tip or 0) else "partially_refunded"


def order_payload(o, as_of):
    refunds = [r for r in o.refunds if r.at <= as_of]
    cancelled = o.cancelled if o.cancelled and o.cancelled <= as_of else None
    updated = [m for m in o.moments() if m <= as_of][-1]
    who = o.customer
    email = [e for since, e in who.emails.items() if since <= as_of][-1] if who else o.email
    discount = sum((l.discount for l in o.lines), D(0))
    subtotal = sum((l.paid() for l in o.lines), D(0))
    back = sum((a for r in refunds for _, _, a, s in r.transactions if s == "success"), D(0))
    return {
        "id": o.id, "admin_graphql_api_id": f"gid://shopify/Order/{o.id}", "name": f"#{o.number}", "order_number": o.number, "email": email, "phone": None,
        "created_at": local(o.created), "processed_at": local(o.at), "updated_at": local(updated), "cancelled_at": local(cancelled), "closed_at": None,
        "test": o.test, "currency": "USD", "presentment_currency": o.presentment, "taxes_included": o.tax_included, "subtotal_price": money(subtotal),
        "total_discounts": money(discount), "total_tax": money(o.tax()), "total_tip_received": "" if o.tip is None else money(o.tip),
        "total_price": money(o.total()), "current_total_price": money(D(0) if cancelled else o.total() - back), "total_price_set": money_set(o, o.total()),
        "total_shipping_price_set": money_set(o, o.shipping), "financial_status": status_of(o, refunds, cancelled), "fulfillment_status": None,
        **o.visit, "browser_ip": "203.0.113.9" if o.visit["source_name"] == "web" else None,
        "note_attributes": [{"name": "ga_client_id", "value": f"{o.number}000445.1788000000"}] if o.visit["source_name"] == "web" else [],
        "buyer_accepts_marketing": o.number % 2 == 0,
        "customer": {"id": who.id, "email": email, "first_name": who.first_name, "state": "enabled", "updated_at": local(updated)} if who else None,
        "line_items": [{
            "id": l.id, "product_id": 8000000 + sum(map(ord, l.sku)), "sku": l.sku, "title": l.title, "quantity": l.quantity, "price": money(l.price),
            "total_discount": "0.00", "gift_card": l.gift_card,
            "discount_allocations": [{"amount": money(l.discount), "discount_application_index": 0}] if l.discount else [],
            "tax_lines": [{"title": "VAT" if o.tax_included else "NY Sales Tax", "price": money(l.tax)}] if l.tax else []} for l in o.lines],
        "discount_codes": [{"code": o.code, "amount": money(discount), "type": "percentage"}] if o.code else [],
        "shipping_lines": [{"title": "Standard", "price": money(o.shipping)}] if o.shipping else [],
        "refunds": [{
            "id": r.id, "order_id": o.id, "created_at": local(r.at), "processed_at": local(r.at), "note": None,
            "refund_line_items": [{"id": r.id * 100 + i, "line_item_id": l.id, "quantity": q, "subtotal": float(s), "total_tax": float(t)}
                                  for i, (l, q, s, t) in enumerate(r.lines)],
            "transactions": [{"id": i, "kind": k, "amount": money(a), "status": s} for i, k, a, s in r.transactions],
            "order_adjustments": []} for r in refunds],
    }


def shopify_files(orders):
    files, previous = {}, datetime(2026, 1, 1, tzinfo=timezone.utc)
    for day in DAYS:
        pulled = datetime(day.year, day.month, day.day, 23, 50, tzinfo=timezone.utc)
        lines = [order_payload(o, pulled) for o in orders if any(previous < m <= pulled for m in o.moments())]
        files[f"shopify/orders/dt={day}/{PULL.format(day)}-00.jsonl.gz"] = lines
        previous = pulled
    # A queue delivers an old version of an order after the pull that had the newer one.
    stale = next(o for o in orders if len(o.refunds) == 2)
    files[f"shopify/orders/dt={DAYS[2]}/{DAYS[2]:%Y%m%d}T235900Z-00.jsonl.gz"] = [order_payload(stale, stale.created)]
    return files, previous


# ---- what a correct warehouse says ----------------------------------------------------------------------------------------------


def read_rates():
    with open(PROJECT / "seeds" / "exchange_rates.csv", encoding="utf-8", newline="") as f:
        return {(r["rate_date"], r["currency_code"]): D(r["rate_to_reporting"]) for r in csv.DictReader(f)}


def spend_truth(rows):
    """(day, campaign, ad group, ad) -> totals, in the account's currency and in the reporting currency."""
    rates, ads = read_rates(), {}
    for r in (r.settled() for r in rows):
        t = ads.setdefault((r.day, r.campaign.id, r.ad_group and r.ad_group[0], r.ad), {"campaign": r.campaign, "n": [0, 0, 0, D(0), D(0)]})
        t["n"] = [a + b for a, b in zip(t["n"], (r.impressions, r.clicks, r.cost_micros, r.conversions, r.value))]
    for (day, *_), t in ads.items():
        t["spend"] = D(t["n"][2]) * MICRO
        t["reporting"] = rounded(t["spend"] * rates[(day.isoformat(), t["campaign"].account.currency)], MICRO)
    return ads


def spend_daily(ads):
    out = {}
    for (day, campaign, _, _), t in ads.items():
        key = (day.isoformat(), t["campaign"].account.id, campaign, t["campaign"].account.currency)
        n = (*t["n"][:2], t["spend"], t["reporting"], t["n"][3], t["n"][4])
        out[key] = [a + b for a, b in zip(out.get(key, [0, 0, D(0), D(0), D(0), D(0)]), n)]
    return [(*k, v[0], v[1], f"{v[2]:.6f}", f"{v[3]:.6f}", money(v[4]), money(v[5])) for k, v in sorted(out.items())]


def shop_daily(orders, until):
    """(day, channel) -> orders, gross, discount, included tax, refunds; refunds belong to the day on which they were made."""
    out = {}
    for o in (o for o in orders if o.counts()):
        key = (o.at.astimezone(SHOP_TZ).date(), o.channel)
        n = (1, o.gross(), o.discount(), o.included_tax(), D(0))
        out[key] = [a + b for a, b in zip(out.get(key, [0] + [D(0)] * 4), n)]
        for r in (r for r in o.refunds if r.at <= until):
            key = (r.at.astimezone(SHOP_TZ).date(), o.channel)
            out.setdefault(key, [0] + [D(0)] * 4)[4] += o.returned(r)
    return out


def refunds_daily(orders, until):
    """Day of the refund -> how many of orders that are no tests, what they take from sales, what was paid back."""
    out = {}
    for o in (o for o in orders if not o.test):
        for r in (r for r in o.refunds if r.at <= until):
            paid = sum((a for _, _, a, s in r.transactions if s == "success"), D(0))
            n = (1, o.returned(r) if o.counts() else D(0), paid)
            key = r.at.astimezone(SHOP_TZ).date().isoformat()
            out[key] = [a + b for a, b in zip(out.get(key, [0, D(0), D(0)]), n)]
    return [(d, n[0], money(n[1]), money(n[2])) for d, n in sorted(out.items())]


def orders_daily(shop):
    out = {}
    for (day, _), n in shop.items():
        out[day] = [a + b for a, b in zip(out.get(day, [0] + [D(0)] * 4), n)]
    return [(d.isoformat(), n[0], *map(money, n[1:]), money(n[1] - n[2] - n[3] - n[4])) for d, n in sorted(out.items())]


def channel_daily(ads, shop):
    spend = {}
    for (day, *_), t in ads.items():
        key = (day, "google_ads")
        spend[key] = [a + b for a, b in zip(spend.get(key, [0, 0, D(0)]), (t["n"][0], t["n"][1], t["reporting"]))]
    out = []
    for day, channel in sorted({*spend, *shop}):
        s, n = spend.get((day, channel), [0, 0, D(0)]), shop.get((day, channel), [0] + [D(0)] * 4)
        net = n[1] - n[2] - n[3] - n[4]
        roas = rounded(net / s[2], D("0.0001")) if s[2] else ""
        out.append((day.isoformat(), channel, s[0], s[1], f"{s[2]:.6f}", n[0], money(n[1] - n[2] - n[3]), money(n[4]), money(net), roas))
    return out


def customers_truth(orders, until):
    out = {}
    for o in (o for o in orders if o.customer and not o.test and o.created <= until):
        out.setdefault(o.customer.id, []).append(o)
    rows = []
    for cid, all_of in sorted(out.items()):
        seen = max(m for o in all_of for m in o.moments() if m <= until)  # the latest payload that carries the customer
        # A payload is written when it is pulled: it shows the address of that moment.
        pull = next(p for p in (datetime(d.year, d.month, d.day, 23, 50, tzinfo=timezone.utc) for d in DAYS) if p >= seen)
        email = [e for since, e in all_of[0].customer.emails.items() if since <= pull][-1]
        counted = [o for o in all_of if o.counts()]
        net = sum((o.sales() - sum((o.returned(r) for r in o.refunds if r.at <= until), D(0)) for o in counted), D(0))
        rows.append((cid, email, len(counted), money(net)))
    return rows


# ---- files ------------------------------------------------------------------------------------------------------------------


def as_gzip(lines):
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=9, mtime=0) as f:
        f.write(text.encode("utf-8"))
    return out.getvalue()


def as_csv(header, rows):
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n")
    w.writerow(header.split())
    w.writerows(rows)
    return out.getvalue().encode("utf-8")


def everything():
    """Path -> content, of every file that this program makes."""
    campaigns, ad_days = make_ads(random.Random(20260901))
    orders = Shop(random.Random(20260902)).orders
    landing = google_ads_files(ad_days)
    shopify, until = shopify_files(orders)
    landing.update(shopify)
    ads, shop = spend_truth(ad_days), shop_daily(orders, until)
    last_seen = {c.id: max(DAYS[2] if r.final else r.day for r in ad_days if r.campaign is c) for c in campaigns}
    truth = {
        "landing_files": as_csv("file rows", [(f, len(lines)) for f, lines in sorted(landing.items())]),
        "spend_daily": as_csv("report_date account_id campaign_id currency_code impressions clicks spend spend_reporting conversions conversion_value",
                              spend_daily(ads)),
        "campaigns": as_csv("campaign_id campaign_name status", [(c.id, c.at(c.names, last_seen[c.id]), c.at(c.statuses, last_seen[c.id])) for c in campaigns]),
        "orders_daily": as_csv("order_date orders gross_amount discount_amount included_tax_amount refund_amount net_revenue", orders_daily(shop)),
        "refunds_daily": as_csv("refund_date refunds refund_amount paid_back_amount", refunds_daily(orders, until)),
        "channel_daily": as_csv("report_date channel impressions clicks spend orders sales refunds net_revenue roas", channel_daily(ads, shop)),
        "customers": as_csv("customer_id email orders net_revenue", customers_truth(orders, until)),
    }
    files = {LANDING / f: as_gzip(lines) for f, lines in landing.items()}
    files.update({TRUTH / f"{name}.csv": text for name, text in truth.items()})
    return files


def check(files):
    """Compares contents, not gzip's bytes: those may differ from one build of zlib to the next."""
    read = lambda p, b: gzip.decompress(b) if p.suffix == ".gz" else b
    wrong = [p for p, b in files.items() if not p.exists() or read(p, p.read_bytes()) != read(p, b)]
    wrong += [p for p in (*LANDING.rglob("*.gz"), *TRUTH.glob("*.csv")) if p not in files]
    for p in wrong:
        print(f"differs: {p.relative_to(PROJECT.parent)}")
    return 1 if wrong else 0


def main():
    files = everything()
    if "--check" in sys.argv[1:]:
        sys.exit(check(files))
    for p, b in files.items():
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_bytes(b)
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes")


if __name__ == "__main__":
    main()
