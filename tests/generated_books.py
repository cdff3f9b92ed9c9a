"""Invoices that nobody thought of: two months of random customers, contracts, work and credits; a seed repeats them."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from document_matrix import write_rows
from matrix_parties import BUYERS, list_name, price_lists, seller_settings

from billing_engine import BillingEngine, Month, open_database
from billing_engine.billing_run import RunOutcome
from billing_engine.model.credit import Grant
from billing_engine.model.document import LANGUAGES
from billing_engine.model.sla_terms import Setoff

MONTHS = ((Month(2026, 9), date(2026, 10, 2)), (Month(2026, 10), date(2026, 11, 2)))

NAMES = (
    "Ż",
    "Ďábel & Co <b>s.r.o.</b>",
    "Τράπεζα της Ελλάδος",
    "東京サポート株式会社",
    "شركة الدعم",
    "Rocket 🚀 GmbH 👩‍👩‍👧",
    "Њежић и синови „Љубица“",
    'O\'Brien & "Søn" — Straße ñ ł',
    "Żółć\u00ad gęślą\u200b jaźń",
    "\u202eevil\u202c Ltd",
    "e\u0301 decomposed",
)
LONG = ("A" * 90, "Přespříliš žluťoučký kůň úpěl ďábelské ódy " * 3, "Љ" * 40 + " d.o.o.")
"""What takes more than a line."""

WORK = ("support", "support", "support", "development", "change_request_analysis")
OUTCOMES = {"change_request_analysis": ("offer_accepted", "offer_rejected"), "support": ("", "", "", "unfounded")}
LOCAL = {"RS": "RSD", "RS-CYRL": "RSD", "PL": "PLN", "CZ": "CZK"}


class Trade(NamedTuple):
    """A customer, and who sells to it."""

    customer: str
    seller: str
    language: str
    buyer: str
    currency: str


class Generated(NamedTuple):
    """An issued document, and the books that it is in."""

    number: str
    billing: BillingEngine
    is_credit_note: bool

    def pdf(self):
        """Render it, an invoice as it was issued."""
        desk = self.billing.documents
        return (
            desk.credit_note_pdf(self.number) if self.is_credit_note else desk.invoice_pdf(self.number, original=True)
        )

    def xml(self, format_):
        """Write its e-invoice."""
        return self.billing.documents.invoice_xml(self.number, format_)


def generate(folder: Path, count: int, seed: int = 6) -> Iterator[Generated]:
    """Issue about so many documents; the same seed gives the same."""
    chance = random.Random(seed)  # noqa: S311 - what is wanted is that it can be repeated
    sellers = [(seller, home) for seller in ("RS", "CZ", "PL", "RS-CYRL") for home in (False, True)] + [("DE", False)]
    for seller, home in sellers:
        place = folder / f"{seller}{'-home' if home else ''}"
        place.mkdir(parents=True)
        # Some months come to nothing, and some invoices are credited as well.
        yield from _seller(place, seller, chance, home=home, customers=count // (2 * len(sellers)) + 1)


def _seller(place, seller, chance, *, home, customers):
    trades = [_trade(chance, seller, number, home=home) for number in range(customers)]
    settings = seller_settings(place / "billing.toml", seller, home=home, second=chance.choice(["", "en"]))
    lists = price_lists(place / "lists", [(one.language, seller[:2], one.currency) for one in trades])
    billing = BillingEngine(open_database(f"sqlite:///{place / 'billing.db'}"), lists, settings)
    billing.upgrade_schema()
    contracts = [contract for one in trades for contract in _contracts(chance, one)]
    _take(billing, place / "master", customers=[_customer(chance, one) for one in trades], contracts=contracts)
    for month, day in MONTHS:
        rows = {"time_entries": [], "expenses": []}
        for contract in contracts:
            rows["time_entries"] += _entries(chance, contract, month)
        for one in trades:
            rows["expenses"] += _expenses(chance, one, month)
        _take(billing, place / str(month), **rows)
        for one in trades:
            _grant(billing, chance, one, month)
        for plan in billing.issue(month, day):
            if plan.outcome is RunOutcome.ISSUED:
                yield Generated(plan.invoice_number, billing, is_credit_note=False)
                yield from _credited(billing, chance, plan.invoice_number)
            else:
                assert plan.outcome is RunOutcome.NOTHING_TO_BILL, plan.reason


def _trade(chance, seller, number, *, home):
    buyer = chance.choice([seller, seller, *BUYERS])
    currency = LOCAL.get(seller, "EUR") if not home and chance.random() < 0.5 else "EUR"
    return Trade(f"C{number}", seller, chance.choice(LANGUAGES), buyer, currency)


def _customer(chance, one):
    who = BUYERS[one.buyer]
    has_id = chance.random() < 0.8
    return {
        "customer": one.customer,
        "name": chance.choice([who.name, who.name, *NAMES]).strip()[:200],
        "country": one.buyer[:2],
        "currency": one.currency,
        "language": one.language,
        "vat_id": who.vat_id if has_id else "",
        "address": chance.choice(["", who.street, f"{who.street}\n2. Stock, Aufgang B\n{who.postal_code} {who.city}"]),
        "postal_code": who.postal_code,
        "city": chance.choice([who.city, who.city, ""]),
        "email": chance.choice(["accounts@buyer.example", ""]),
        "buyer_reference": chance.choice(["", "PO/2026-7 & Co", "04011000-12345-34"]),
        "tax": chance.choice(
            ["", "", "", "", "", "standard", "zero", "exempt", *(["reverse_charge"] if has_id else [])]
        ),
    }


def _contracts(chance, one):
    return [
        {
            "contract": f"{one.customer}-K{number}",
            "customer": one.customer,
            "price_list": list_name(one.language, one.seller[:2], one.currency),
            "package": chance.choice(["premium", "premium", "hourly"]),
            "starts_on": chance.choice(["2026-01-01", "2026-09-01", "2026-09-17"]),
            "monthly_fee": chance.choice(["", "0", f"{chance.randrange(1, 99999)}.{chance.randrange(100):02d}"]),
            "included_hours": chance.choice(["", "0", "2.5", "40"]),
            "hourly_rate": chance.choice(["", f"{chance.randrange(1, 300)}.{chance.randrange(100):02d}"]),
            "development_rate": f"{chance.randrange(20, 300)}.{chance.randrange(100):02d}",
            "quantity": chance.choice([1, 1, 3, 17]),
            "unit": chance.choice(["", "server"]),
            "fee_interval": chance.choice(["", "month", "quarter", "year"]),
            "fee_timing": chance.choice(["", "arrears", "advance"]),
        }
        for number in range(chance.choice([1, 1, 1, 2, 4]))
    ]


def _entries(chance, contract, month):
    count = chance.choice([0, 1, 3, 8, 8, 15, 60])
    first = datetime.combine(month.first_day, datetime.min.time())
    rows = []
    for number in range(count):
        activity = chance.choice(WORK)
        # Of this month, or of the one before, whose invoice is out already.
        start = first + timedelta(seconds=chance.randrange(-5 * 86400, 27 * 86400))
        start = max(start, datetime.fromisoformat(contract["starts_on"]))
        start = start.replace(hour=chance.randrange(4, 22))
        exact = chance.random() < 0.3
        end = start + timedelta(seconds=chance.randrange(20, 5000) if exact else 60 * chance.randrange(1, 200))
        rows.append(
            {
                "entry": f"{contract['contract']}-{month}-{number}",
                "customer": contract["customer"],
                "contract": contract["contract"],
                "ticket": chance.choice([f"SD-{number // 3}", f"Билет №{number}", ""]),
                "severity": chance.choice(["P1", "P2"]) if activity == "support" else "",
                "activity": activity,
                "outcome": chance.choice(OUTCOMES.get(activity, ("",))),
                "started_at": start.isoformat(timespec="seconds"),
                "ended_at": end.isoformat(timespec="seconds"),
            }
        )
    return rows


def _expenses(chance, one, month):
    return [
        {
            "expense": f"{one.customer}-{month}-{number}",
            "customer": one.customer,
            "spent_on": f"{month}-{chance.randrange(1, 29):02d}",
            "description": chance.choice([*NAMES, *LONG]).strip()[:200],
            "amount": f"{chance.randrange(0, 2000)}.{chance.randrange(100):02d}",
        }
        for number in range(chance.choice([0, 0, 1, 5]))
    ]


def _grant(billing, chance, one, month):
    for _ in range(chance.choice([0, 0, 1, 3])):
        amount = Decimal(chance.randrange(1, 40_000)) / 100
        setoff = chance.choice([Setoff.BEFORE_TAX, Setoff.AFTER_TAX])
        reason = chance.choice(["Sorry", "Kulanz <i>&amp;", "Извините", "Πίστωση"])
        billing.sla.grant_credit(
            Grant(one.customer, amount, reason, currency=one.currency, setoff=setoff), month.last_day
        )


def _credited(billing, chance, number):
    if chance.random() > 0.15:
        return
    invoice = billing.read_invoice(number)
    lines = [line for line in invoice.draft.lines if line.amount > 0]
    if not lines:
        return
    wanted = {line.position: round(line.amount / 3, 2) or line.amount for line in lines if chance.random() < 0.5}
    day = date(2026, 11, 20)
    done = billing.receivables.issue_credit_note(number, wanted or None, "Falsch & zu spät", day)
    yield Generated(done.credit_note.number, billing, is_credit_note=True)


def _take(billing, folder, **files):
    folder.mkdir()
    for name, rows in files.items():
        if rows:
            write_rows(folder / f"{name}.csv", rows)
    if any(files.values()):
        report = billing.import_folder(folder)
        assert report.rejected == []
