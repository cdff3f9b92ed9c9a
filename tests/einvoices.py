"""Invoices and credit notes of every kind that an e-invoice can be of, to write and to check."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from invoices import AFTER_TAX, BEFORE_TAX, BUYER, FEE, SELLER, TIME, invoice

from billing_engine.einvoice.from_invoice import of_credit_note, of_invoice
from billing_engine.invoicing.credit_note import draft_credit_note
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.invoice import Buyer, InvoiceLine, Seller
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.tax import REASON_CODES, HomeTax, TaxCategory, TaxSubtotal
from billing_engine.model.tax_shares import add_up, share_out

STANDARD = (TaxCategory.STANDARD, Decimal(20))
REDUCED = (TaxCategory.STANDARD, Decimal("8.5"))
ZERO_RATED = (TaxCategory.ZERO, ZERO)
EXEMPT = (TaxCategory.EXEMPT, ZERO)
REVERSE_CHARGE = (TaxCategory.REVERSE_CHARGE, ZERO)
OUT_OF_SCOPE = (TaxCategory.OUT_OF_SCOPE, ZERO)

FULL_SELLER = replace(
    SELLER, city="Beograd", postal_code="11000", contact="Mila Petrović", iban="RS35260005601001611379"
)
FULL_BUYER = replace(BUYER, city="Hamburg", postal_code="20457", reference="04011000-12345-34")
"""With all that XRechnung wants."""

BARE_SELLER = Seller("Nordlicht", "", "RS", vat_id="RS101234567")

FREE = InvoiceLine(3, "tariff", "K1", "Working hours", "offer accepted", Decimal(30), "MIN", ZERO, Decimal("0.00"))
SHORT = InvoiceLine(
    2, "tariff", "K1", "Support", "1 time entry", Decimal(7), "MIN", Decimal(50), Decimal("5.83"), "2026-10"
)
ODD = InvoiceLine(2, "tariff", "K1", "Support", "by the second", Decimal(1733), "SEC", Decimal(100), Decimal("48.14"))
THIRDS = InvoiceLine(
    2,
    "fee",
    "K1",
    "Standard",
    "Quarterly fee in advance",
    Decimal(3),
    "MON",
    Decimal(100) / 3,
    Decimal("100.00"),
    "2026-12",
    "2026-10-01",
    "2026-12-31",
)
LATE = replace(TIME, position=2, period="2026-08", detail="August 2026, not invoiced with that month")
EXPENSE = InvoiceLine(
    3, "expense", "K1", "Train to Hamburg", "12 Oct 2026", Decimal(1), "C62", Decimal("89.90"), Decimal("89.90")
)
RETURNED = InvoiceLine(2, "expense", "K1", "Refund", "", Decimal(1), "C62", Decimal("-20.50"), Decimal("-20.50"))


def taxed(lines, *keys, **changes):
    """Issue an invoice whose lines are taxed by category and rate, the last one for all that follow."""
    keys = [*keys, *([keys[-1]] * len(lines))]
    lines = [
        replace(line, position=position, tax_category=str(category), tax_percent=percent)
        for position, (line, (category, percent)) in enumerate(zip(lines, keys, strict=False), 1)
    ]
    currency = changes.setdefault("currency", "EUR")
    sums = add_up(((line.tax_category, line.tax_percent), line.amount) for line in lines)
    for share in share_out(sums, changes.get("setoffs", ()), currency):
        sums[share.key] -= share.amount
    taxes = tuple(_subtotal(TaxCategory(category), percent, net, currency) for (category, percent), net in sums.items())
    net, tax = sum((one.net for one in taxes), ZERO), sum((one.tax for one in taxes), ZERO)
    totals = {"net": net, "tax": tax, "gross": net + tax, "tax_percent": None, "taxes": taxes}
    parties = {"seller": FULL_SELLER, "buyer": FULL_BUYER}
    return invoice(lines=tuple(lines), **{**totals, **parties, **changes})


def _subtotal(category, percent, net, currency):
    tax = round_money(net * percent / 100, currency)
    return TaxSubtotal(category, percent, net, tax, code=REASON_CODES.get(category, ""))


def credited(issued, wanted=None, earlier=()):
    """Credit an invoice, all that is left of it unless lines are named."""
    draft = draft_credit_note(issued, list(earlier), wanted, "Wrong package")
    return CreditNote(f"CN-2026-{len(earlier) + 1:06d}", date(2026, 11, 20), draft)


def _yen(title, minutes, rate, amount):
    return InvoiceLine(1, "tariff", "K1", title, "", Decimal(minutes), "MIN", Decimal(rate), Decimal(amount))


def invoices():
    """Issue an invoice of each kind, by name."""
    both = [FEE, TIME]
    return {
        "standard": taxed(both, STANDARD),
        "reverse charge": taxed(both, REVERSE_CHARGE),
        "exempt": taxed(both, EXEMPT),
        "zero-rated": taxed(both, ZERO_RATED),
        "out of scope": taxed(both, OUT_OF_SCOPE),
        "out of scope, not registered": taxed([FEE], OUT_OF_SCOPE, seller=replace(FULL_SELLER, registration_number="")),
        "credit before tax": taxed(both, STANDARD, setoffs=(BEFORE_TAX,)),
        "credit after tax": taxed(both, STANDARD, setoffs=(AFTER_TAX,)),
        "credits before and after tax": taxed(both, STANDARD, setoffs=(BEFORE_TAX, AFTER_TAX)),
        "all set off": taxed([FEE], STANDARD, setoffs=(replace(BEFORE_TAX, amount=Decimal("360.00")),)),
        "zero line": taxed([FEE, FREE], STANDARD),
        "zero alone": taxed([FREE], STANDARD),
        "no line": taxed([], STANDARD, taxes=(TaxSubtotal(*STANDARD, ZERO, ZERO),)),
        "two rates": taxed([FEE, TIME, EXPENSE], STANDARD, REDUCED),
        "two rates, credit before tax": taxed([FEE, TIME, EXPENSE], STANDARD, REDUCED, setoffs=(BEFORE_TAX,)),
        "taxed and exempt": taxed([FEE, EXPENSE], STANDARD, EXEMPT, setoffs=(BEFORE_TAX, AFTER_TAX)),
        "second currency": in_dinars(taxed(both, STANDARD)),
        "minutes": taxed([FEE, SHORT], STANDARD),
        "seconds": taxed([FEE, ODD], STANDARD),
        "thirds": taxed([FEE, THIRDS], STANDARD),
        "late work": taxed([FEE, LATE], STANDARD),
        "something returned": taxed([FEE, RETURNED], STANDARD),
        "yen": taxed([_yen("Support", 7, 5000, "583"), _yen("More", 13, 5000, "1083")], STANDARD, currency="JPY"),
        "no account": taxed([FEE], STANDARD, seller=replace(FULL_SELLER, iban="", bic="")),
        "in dinars": taxed([FEE], STANDARD, currency="RSD"),
        "name and country alone": taxed(
            [FEE], STANDARD, seller=BARE_SELLER, buyer=Buyer("C1", "Hansen", "", "DE", "", "", "")
        ),
        "before there were categories": invoice(lines=(FEE, TIME), seller=FULL_SELLER, buyer=FULL_BUYER),
        "before, not taxed": invoice(
            tax_percent=None, tax_note="", tax=ZERO, gross=Decimal("360.00"), seller=FULL_SELLER, buyer=FULL_BUYER
        ),
    }


def credit_notes():
    """Issue a credit note on each invoice that has something to credit, and on parts of one, each with its invoice."""
    made = {
        f"credit note: {name}": (credited(issued), issued)
        for name, issued in invoices().items()
        if any(line.amount for line in issued.draft.lines) and all(line.amount >= 0 for line in issued.draft.lines)
    }
    issued = invoices()["two rates, credit before tax"]
    first = credited(issued, {1: Decimal("33.33"), 2: Decimal("10.01")})
    made["credit note: parts of lines"] = first, issued
    made["credit note: the rest"] = credited(issued, earlier=[first]), issued
    return made


@cache
def kinds():
    """Make an e-invoice of each kind, by name."""
    said = {name: of_invoice(issued) for name, issued in invoices().items()}
    return said | {name: of_credit_note(*both) for name, both in credit_notes().items()}


def in_dinars(issued):
    """Tell the VAT of an invoice in dinars once more."""
    rate = Decimal("117.1947")
    home = HomeTax("RSD", rate, date(2026, 10, 31), round_money(issued.draft.tax * rate, "RSD"))
    return replace(issued, draft=replace(issued.draft, home_tax=home))
