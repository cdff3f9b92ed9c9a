"""Books whose customers get mail: a month of three invoices, and short ways to send them."""

from dataclasses import replace

from books import OCTOBER, SETTINGS
from mail_server import HOST
from stripe_month import Clock

from billing_engine import BillingEngine
from billing_engine.document_desk import DocumentDesk
from billing_engine.model.settings import MailTerms

HEADER = "customer,name,country,currency,email,language,address"
SELLER = replace(
    SETTINGS.seller, name="Nordlicht d.o.o.", email="billing@nordlicht.example", iban="DE89370400440532013000"
)
ADDRESSES = {"C1": "ap@aurora.example", "C2": "office@balkan.example", "C3": ""}


def mailing_settings(port, **mail):
    """Let mail go to a server of this machine."""
    terms = {"host": HOST, "port": port, "security": "none", **mail}
    return {"seller": SELLER, "mail": MailTerms(**terms)}


def fill(books, addresses=ADDRESSES, languages=("en", "de", "cs")):
    """Issue October for some customers; returns the numbers of their invoices, by customer."""
    rows = [
        f"{customer},Company {customer},CZ,EUR,{address},{language},Main Street 1"
        for (customer, address), language in zip(addresses.items(), languages, strict=False)
    ]
    books.take(
        customers=[HEADER, *rows],
        contracts=[f"K{customer},{customer},trifft,premium,2026-01-01,,1000.00," for customer in addresses],
    )
    books.issue(OCTOBER, on="2026-11-02")
    return {invoice.draft.customer: invoice.number for invoice in books.billing.list_invoices(OCTOBER)}


class Mailed:
    """A month that can be sent; waiting takes no time, and is written down."""

    def __init__(self, books, numbers=None):
        """Issue the month, unless it was issued and these are its invoices."""
        self.books = books
        self.clock = Clock()
        self.waited = []
        settings = books.billing._settings  # noqa: SLF001 - the same books, with a clock
        self.billing = BillingEngine(books.database, books.billing._book, settings, clock=self.clock)  # noqa: SLF001
        self.numbers = fill(books) if numbers is None else numbers

    def desk(self, password="", pause=None):
        """Open the desk."""
        return self.billing.mailing(password, pause=pause or self.waited.append)

    def send(self, *numbers, password="", pause=None, **how):
        """Send the month; returns how far each document is, by number."""
        found = self.desk(password, pause).send(None if numbers else OCTOBER, numbers, **how)
        return {one.number: str(one.state) for one in found}

    def states(self, *numbers, **how):
        """Return how far each document is, by number."""
        found = self.desk().standings(None if numbers else OCTOBER, numbers, **how)
        return {one.number: str(one.state) for one in found}

    def notes(self):
        """Return why mails wait or failed, by number."""
        return {one.number: one.note for one in self.desk().standings(OCTOBER) if one.note}


def quick_documents(monkeypatch):
    """Have documents that take no time."""
    for name in ("invoice_pdf", "credit_note_pdf"):
        monkeypatch.setattr(DocumentDesk, name, lambda _, number, **_how: b"%PDF-1.7 " + number.encode())
