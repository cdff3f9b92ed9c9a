"""The matrix of documents: six languages, and the ten cases in which invoices differ by law, from real books."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from matrix_parties import BUYERS, WORDS, list_name, price_lists, seller_settings

from billing_engine import BillingEngine, Month, open_database
from billing_engine.billing_run import RunOutcome
from billing_engine.einvoice.formats import Format
from billing_engine.model.credit import Grant
from billing_engine.model.document import LANGUAGES
from billing_engine.model.sla_terms import Setoff

CASES = (
    "standard",
    "reverse_charge",
    "exempt",
    "credit_before_tax",
    "credit_after_tax",
    "credit_note",
    "zero_line",
    "three_pages",
    "two_rates",
    "second_currency",
)
PERIOD, ISSUED_ON = Month(2026, 10), date(2026, 11, 2)

_AT_HOME = {
    "en": ("RS", "RS", "EUR"),
    "de": ("DE", "DE", "EUR"),
    "pl": ("PL", "PL", "PLN"),
    "cs": ("CZ", "CZ", "CZK"),
    "sr-Latn": ("RS", "RS", "RSD"),
    "sr-Cyrl": ("RS-CYRL", "RS-CYRL", "RSD"),
}
"""Seller, buyer and currency of each language, where the case asks for no others."""
_ABROAD = {
    "en": ("RS", "IE", "EUR"),
    "de": ("RS", "DE", "EUR"),
    "pl": ("CZ", "PL", "EUR"),
    "cs": ("DE", "CZ", "EUR"),
    "sr-Latn": ("CZ", "RS", "EUR"),
    "sr-Cyrl": ("PL", "RS-CYRL", "EUR"),
}
_TWO_CURRENCIES = {
    "en": ("CZ", "CZ", "EUR"),
    "de": ("CZ", "CZ", "EUR"),
    "pl": ("PL", "PL", "EUR"),
    "cs": ("CZ", "CZ", "EUR"),
    "sr-Latn": ("RS", "RS", "EUR"),
    "sr-Cyrl": ("RS-CYRL", "RS-CYRL", "EUR"),
}
_SORRY = {
    "en": "Goodwill for the late reply",
    "de": "Kulanz für die späte Antwort",
    "pl": "Rabat za późną odpowiedź",
    "cs": "Sleva za pozdní odpověď",
    "sr-Latn": "Popust zbog kasnog odgovora",
    "sr-Cyrl": "Попуст због касног одговора",
}
_WRONG = {
    "en": "Wrong package",
    "de": "Falsches Paket",
    "pl": "Niewłaściwy pakiet",
    "cs": "Nesprávný balíček",
    "sr-Latn": "Pogrešan paket",
    "sr-Cyrl": "Погрешан пакет",
}
_CREDITED_IN_PART = ("de", "cs", "sr-Cyrl")


class Cell(NamedTuple):
    """One case in one language."""

    case: str
    language: str

    @property
    def parties(self):
        """Return who sells to whom, and in which currency."""
        table = {"reverse_charge": _ABROAD, "second_currency": _TWO_CURRENCIES}.get(self.case, _AT_HOME)
        return table[self.language]

    @property
    def has_home_tax(self):
        """Tell whether the VAT is told in a second currency."""
        return self.case == "second_currency"

    @property
    def customer(self):
        """Name the customer: one for each cell, by numbers, as these stand on pages of all languages."""
        return f"{CASES.index(self.case) + 1}{LANGUAGES.index(self.language) + 1:02d}"

    @property
    def name(self):
        """Name its files."""
        return f"{self.case}-{self.language}"


EVERY_CELL = tuple(Cell(case, language) for case in CASES for language in LANGUAGES)


@dataclass(frozen=True, slots=True)
class Document:
    """An issued document of the matrix, and the books that it is in."""

    cell: Cell
    number: str
    billing: BillingEngine
    is_credit_note: bool = False

    def pdf(self):
        """Render it."""
        desk = self.billing.documents
        return desk.credit_note_pdf(self.number) if self.is_credit_note else desk.invoice_pdf(self.number)

    def xml(self, format_: Format):
        """Write its e-invoice."""
        return self.billing.documents.invoice_xml(self.number, format_)

    def invoice(self):
        """Read the invoice, of a credit note the one that it corrects."""
        if self.is_credit_note:
            return self.billing.read_invoice(self.note().draft.invoice)
        return self.billing.read_invoice(self.number)

    def note(self):
        """Read the credit note."""
        return self.billing.receivables.read_credit_note(self.number)


def make_matrix(folder: Path, cells=EVERY_CELL) -> Iterator[Document]:
    """Issue the documents of the cells, from books of each seller in a folder."""
    books: dict[tuple[str, bool, bool], list[Cell]] = {}
    for cell in cells:
        has_second = cell == Cell("reverse_charge", "cs")
        books.setdefault((cell.parties[0], cell.has_home_tax, has_second), []).append(cell)
    for (seller, home, second), own in books.items():
        place = folder / f"{seller}{'-home' if home else ''}{'-second' if second else ''}"
        place.mkdir(parents=True)
        settings = seller_settings(place / "billing.toml", seller, home=home, second="en" if second else "")
        lists = price_lists(place / "lists", [_list_of(cell) for cell in own])
        billing = BillingEngine(open_database(f"sqlite:///{place / 'billing.db'}"), lists, settings)
        billing.upgrade_schema()
        yield from issue(billing, place, own)


def issue(billing, place, cells) -> Iterator[Document]:
    """Take the cells of one seller from rows to documents."""
    _write_rows(place / "rows", cells)
    report = billing.import_folder(place / "rows")
    assert report.stored, report.rejected
    for cell in cells:
        if cell.case in ("credit_before_tax", "credit_after_tax") or cell == Cell("two_rates", cell.language):
            _grant(billing, cell)
    plans = {plan.customer.customer: plan for plan in billing.issue(PERIOD, ISSUED_ON)}
    for cell in cells:
        plan = plans[cell.customer]
        assert plan.outcome is RunOutcome.ISSUED, plan
        if cell.case == "credit_note":
            yield Document(cell, _credit(billing, cell, plan.invoice_number), billing, is_credit_note=True)
        else:
            yield Document(cell, plan.invoice_number, billing)


def _grant(billing, cell):
    currency = cell.parties[2]
    after = cell.case == "credit_after_tax"
    amount = Decimal("33.33") * {"EUR": 1, "PLN": 4, "CZK": 25, "RSD": 117}[currency]
    setoff = Setoff.AFTER_TAX if after else Setoff.BEFORE_TAX
    grant = Grant(cell.customer, amount, _SORRY[cell.language], currency=currency, setoff=setoff)
    billing.sla.grant_credit(grant, date(2026, 10, 5))


def _credit(billing, cell, invoice):
    wanted = {1: Decimal("33.33"), 2: Decimal("10.01")} if cell.language in _CREDITED_IN_PART else None
    day = date(2026, 11, 20)
    done = billing.receivables.issue_credit_note(invoice, wanted, _WRONG[cell.language], day)
    return done.credit_note.number


def _list_of(cell):
    seller, _, currency = cell.parties
    return cell.language, seller[:2], currency


def _write_rows(folder, cells):
    folder.mkdir()
    tables = {"customers": [], "contracts": [], "time_entries": [], "expenses": []}
    for cell in cells:
        tables["customers"].append(_customer(cell))
        tables["contracts"].append(_contract(cell))
        tables["time_entries"] += _entries(cell)
        tables["expenses"] += _expenses(cell)
    for name, rows in tables.items():
        if rows:
            write_rows(folder / f"{name}.csv", rows)


def write_rows(path, rows):
    """Write rows as CSV, with the columns of all of them."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _customer(cell):
    who = BUYERS[cell.parties[1]]
    return {
        "customer": cell.customer,
        "name": who.name,
        "country": cell.parties[1][:2],
        "currency": cell.parties[2],
        "language": cell.language,
        "vat_id": who.vat_id,
        "address": who.street,
        "postal_code": who.postal_code,
        "city": who.city,
        "email": "accounts@buyer.example",
        "buyer_reference": "04011000-12345-34",
        "tax": "exempt" if cell.case == "exempt" else "",
    }


def _contract(cell):
    language, country, currency = _list_of(cell)
    return {
        "contract": f"K-{cell.customer}",
        "customer": cell.customer,
        "price_list": list_name(language, country, currency),
        "package": "premium",
        "starts_on": "2026-01-01",
        "development_rate": {"EUR": 80, "PLN": 320, "CZK": 2000, "RSD": 9360}[currency],
    }


def _entries(cell):
    rows = [
        _entry(cell, 1, "2026-10-01T10:00", "2026-10-01T12:20"),
        _entry(cell, 2, "2026-10-06T13:05", "2026-10-06T14:00"),
        _entry(cell, 3, "2026-10-13T18:40", "2026-10-13T20:10", severity="P1"),
        _entry(cell, 4, "2026-10-20T09:00", "2026-10-20T16:30"),
        _entry(cell, 5, "2026-10-22T11:00:00", "2026-10-22T11:07:11", activity="development", severity=""),
    ]
    if cell.case == "zero_line":
        analysis = {"activity": "change_request_analysis", "outcome": "offer_accepted", "severity": ""}
        rows.append(_entry(cell, 6, "2026-10-23T10:00", "2026-10-23T10:30", **analysis))
    if cell.case == "three_pages":
        days = range(1, 31)
        rows += [
            _entry(cell, 100 + day, f"2026-10-{day:02d}T20:00", f"2026-10-{day:02d}T20:{20 + day}") for day in days
        ]
    return rows


def _entry(cell, number, start, end, **more):
    name = f"{cell.customer}-{number}"
    fixed = {"entry": name, "customer": cell.customer, "ticket": f"SD-{1000 + number // 2}", "severity": "P2"}
    return {**fixed, "started_at": start, "ended_at": end, **more}


def _expenses(cell):
    count = {"two_rates": 1, "three_pages": 20}.get(cell.case, 0)
    title = WORDS[cell.language][4]
    return [
        {
            "expense": f"X-{cell.customer}-{number}",
            "customer": cell.customer,
            "spent_on": f"2026-10-{number + 1:02d}",
            "description": title if count == 1 else f"{title} {number + 1}",
            "amount": f"{18 + number}.40",
        }
        for number in range(count)
    ]
