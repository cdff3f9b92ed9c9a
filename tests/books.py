"""Books for tests: a database of their own, short ways to work with it, and rows to fill it with."""

import io
import os
import re
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader
from sla_builders import book, moment
from sqlalchemy import select

from billing_engine import BillingEngine, Month
from billing_engine.billing_run import RunOutcome
from billing_engine.claim_desk import Verdict
from billing_engine.documents.rendering import render_invoice
from billing_engine.model.credit import Grant
from billing_engine.model.invoice import Seller
from billing_engine.model.money import plain
from billing_engine.model.settings import Settings
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage.database import open_database
from billing_engine.storage.tables import metadata

HEADERS = {
    "customers": "customer,name,country,currency",
    "contracts": "contract,customer,price_list,package,starts_on,ends_on,monthly_fee,currency",
    "time_entries": "entry,customer,severity,started_at,ended_at",
    "expenses": "expense,customer,spent_on,description,amount",
    "tickets": "ticket,customer,severity,channel,opened_at,first_response_at,resolved_at,contracts",
    "ticket_pauses": "ticket,paused_at,resumed_at",
    "outages": "outage,customer,started_at,ended_at,cause,notified_at",
    "claims": "claim,customer,kind,period,ticket,breach_on,submitted_at",
    "payments": "payment,invoice,paid_on,amount",
}
SELLER = Seller(name="Sample Support", address="Beograd", country="RS", vat_id="RS100000024")
SETTINGS = Settings(seller=SELLER, vat_percent=Decimal(20))
OCTOBER, NOVEMBER, DECEMBER, JANUARY = Month(2026, 10), Month(2026, 11), Month(2026, 12), Month(2027, 1)


class Books:
    """A database, a folder for its input, and short ways to work with both; customer "C1" unless told otherwise."""

    def __init__(self, folder, url, *lists, settings=SETTINGS):
        self.folder = folder
        self.url = url
        self.environment = {**os.environ, "BILLING_ENGINE_DATABASE_URL": url}
        self.database = open_database(url)
        self.billing = BillingEngine(self.database, book(*lists), settings)
        self._folders = 0

    def read(self, *, skip_rejected=False, **files):
        """Import rows by file, given without their header unless it is another one; returns the report."""
        self._folders += 1
        path = self.folder / f"data-{self._folders}"
        path.mkdir()
        for name, rows in files.items():
            own = bool(rows) and rows[0].startswith(HEADERS[name].partition(",")[0] + ",")
            lines = rows if own else [HEADERS[name], *rows]
            (path / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return self.billing.import_folder(path, skip_rejected=skip_rejected)

    def take(self, **files):
        """Import rows that are all good; returns new, changed and unchanged rows by file."""
        report = self.read(**files)
        assert report.rejected == []
        return {
            name: (count.added, count.changed, count.unchanged)
            for name, count in report.counts.items()
            if name.removesuffix(".csv") in files
        }

    def decide(self, as_of="2026-12-31 00:00", on=None, claim=None):
        """Decide by rule; returns status and reasons by claim."""
        day = date.fromisoformat(on or as_of[:10])
        return {s.claim.claim: self._said(s) for s in self.billing.sla.decide_claims(moment(as_of), day, claim)}

    def by_hand(self, claim, accepted, amount=None, note="as agreed by phone", as_of="2026-12-31 00:00"):
        """Decide by hand; returns the standing."""
        verdict = Verdict(accepted, None if amount is None else Decimal(amount), note)
        return self.billing.sla.decide_claim_by_hand(claim, verdict, moment(as_of), date.fromisoformat(as_of[:10]))

    def claims(self):
        """Return status and reasons by claim."""
        return {s.claim.claim: self._said(s) for s in self.billing.sla.claims()}

    @staticmethod
    def _said(standing):
        reasons = () if standing.decided is None else standing.decided.decision.reasons
        return " ".join([standing.status, *reasons])

    def decision(self, claim):
        """Return what was decided about a claim."""
        return next(s.decided for s in self.billing.sla.claims() if s.claim.claim == claim)

    def issue(self, month, on=None, customer="C1"):
        """Issue a month for all, on its first day unless told otherwise; returns the customer's invoice."""
        month = Month.parse(month) if isinstance(month, str) else month
        day = month.first_day if on is None else date.fromisoformat(on)
        plan = next(p for p in self.billing.issue(month, day) if p.customer.customer == customer)
        assert plan.outcome is RunOutcome.ISSUED, plan
        return self.billing.read_invoice(plan.invoice_number)

    def pay(self, invoice, on, amount=None):
        """Take in a payment, of all that is due unless told otherwise."""
        amount = plain(invoice.amount_due) if amount is None else amount
        self.take(payments=[f"P-{invoice.number}-{on}-{amount},{invoice.number},{on},{amount}"])

    def pay_by_hand(self, invoice, on, amount, payment=""):
        """Record a payment; returns it, the invoice after it, and what became of what was too much."""
        return self.billing.receivables.add_payment(invoice.number, Decimal(amount), date.fromisoformat(on), payment)

    def credit_note(self, invoice, on, lines=None, reason="wrong", **more):
        """Credit amounts by line, or all that is left; returns the note, the invoice after it, and what was over."""
        wanted = None if lines is None else {position: Decimal(amount) for position, amount in lines.items()}
        day = date.fromisoformat(on)
        return self.billing.receivables.issue_credit_note(invoice.number, wanted, reason, day, **more)

    def grant(self, amount, on="2026-09-01", customer="C1", reason="Sorry", **more):
        """Grant goodwill; returns the credit's number."""
        goodwill = Grant(customer, Decimal(amount), reason, **more)
        return self.billing.sla.grant_credit(goodwill, date.fromisoformat(on)).credit

    def refund(self, credit, amount=None, on="2026-12-31", reason="Paid out"):
        """Pay a credit out."""
        paid = None if amount is None else Decimal(amount)
        return self.billing.sla.refund_credit(credit, paid, reason, date.fromisoformat(on))

    def left(self):
        """Return what is left of each credit, by number."""
        return {credit.credit: plain(credit.remaining) for credit in self.billing.sla.credits()}

    def accounts(self):
        """Sum up the ledger by account."""
        sums = {}
        for entry in self.billing.sla.ledger():
            sums[str(entry.account)] = sums.get(entry.account, Decimal(0)) + entry.amount
        return {account: plain(amount) for account, amount in sums.items()}

    def check(self):
        """Hold credits, ledger and invoices against each other: every cent is accounted for."""
        postings, balances = {}, {}
        for entry in self.billing.sla.ledger():
            postings.setdefault(entry.posting, []).append(entry.amount)
            accounts = balances.setdefault(entry.credit, {})
            accounts[str(entry.account)] = accounts.get(str(entry.account), Decimal(0)) + entry.amount
        assert all(len(sides) == 2 and sum(sides) == 0 for sides in postings.values())
        for credit in self.billing.sla.credits():
            of = balances.pop(credit.credit)
            assert -of["granted"] == credit.amount
            assert of["available"] == credit.remaining >= 0
            used = sum(of.get(account, Decimal(0)) for account in ("applied", "expired", "refunded"))
            assert credit.amount == credit.remaining + used
        assert balances == {}
        applied = {}
        for invoice in self.billing.list_invoices():
            draft = self.billing.read_invoice(invoice.number).draft
            before = sum(s.amount for s in draft.setoffs if s.setoff is Setoff.BEFORE_TAX)
            after = sum(s.amount for s in draft.setoffs if s.setoff is Setoff.AFTER_TAX)
            assert draft.net == sum(line.amount for line in draft.lines) - before >= 0
            assert draft.gross == draft.net + draft.tax >= 0
            assert invoice.amount_due == draft.gross - after >= 0
            for setoff in draft.setoffs:
                key = (setoff.credit, invoice.number)
                applied[key] = applied.get(key, Decimal(0)) + setoff.amount
            for note in self.billing.receivables.credit_notes(invoice=invoice.number):
                for reversal in note.draft.reversals:
                    applied[reversal.credit, invoice.number] -= reversal.amount
            self._check_settlement(self.billing.read_invoice(invoice.number))
        on_ledger = {}
        for entry in self.billing.sla.ledger():
            if entry.account == "applied":
                key = (entry.credit, entry.invoice)
                on_ledger[key] = on_ledger.get(key, Decimal(0)) + entry.amount
        assert on_ledger == applied

    def _check_settlement(self, invoice):
        """Hold an invoice against its payments and credit notes: never more back than billed, nothing over is lost."""
        draft, known = invoice.draft, invoice.settlement
        notes = [note.draft for note in self.billing.receivables.credit_notes(invoice=invoice.number)]
        charged = sum(line.amount for line in draft.lines)
        for name in ("net", "tax", "gross"):
            back = sum(getattr(note, name) for note in notes)
            assert back <= getattr(draft, name)
            assert not known.is_withdrawn or back == getattr(draft, name)
        for line in draft.lines:
            of_line = [c for note in notes for c in note.lines if c.invoice_position == line.position]
            assert sum(credited.amount for credited in of_line) <= line.amount
        back = {mode: sum(r.amount for note in notes for r in note.reversals if r.setoff is mode) for mode in Setoff}
        taken = sum(note.charged for note in notes)
        assert back[Setoff.BEFORE_TAX] == _beyond_net(draft, notes)
        assert back[Setoff.AFTER_TAX] == max(0, sum(note.gross for note in notes) - invoice.amount_due)
        assert known.is_withdrawn == (bool(notes) and taken == charged)
        assert known.paid + known.credited + known.open == invoice.amount_due + known.overpaid
        over = [c for c in self.billing.sla.credits() if c.source == "overpayment" and c.invoice == invoice.number]
        assert sum(credit.amount for credit in over) == known.overpaid
        assert {(credit.currency, credit.setoff) for credit in over} <= {(draft.currency, Setoff.AFTER_TAX)}

    def dump(self):
        """Read the whole database."""
        with self.database.connect() as connection:
            return {
                table.name: connection.execute(select(table).order_by(*table.primary_key.columns)).all()
                for table in metadata.sorted_tables
            }


def _beyond_net(draft, notes):
    """Tell by how much the lines that notes take back are more than the net amount of their categories of VAT."""
    keys = {line.position: draft.tax_key(line) for line in draft.lines}
    taken = dict.fromkeys(keys.values(), Decimal(0))
    for line in (line for note in notes for line in note.lines):
        taken[keys[line.invoice_position]] += line.amount
    return sum(max(Decimal(0), taken.get(one.key, Decimal(0)) - one.net) for one in draft.tax_subtotals)


def figures(invoice):
    """Write an invoice's net, tax, gross and amount due."""
    draft = invoice.draft
    return " ".join(plain(amount) for amount in (draft.net, draft.tax, draft.gross, invoice.amount_due))


def setoffs(invoice):
    """Write an invoice's setoffs, in their order."""
    return [f"{setoff.reference} {plain(setoff.amount)}" for setoff in invoice.draft.setoffs]


def pdf_text(invoice):
    """Read an invoice's PDF, with plain single spaces."""
    pages = PdfReader(io.BytesIO(render_invoice(invoice))).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


BEGUN = ("billing_runs", "billing_run_customers", "billing_audit_events", "billing_audit_head")
"""Where a run says that it has begun, and how far it came."""

C1, C2 = "C1,Aurora,CZ,EUR", "C2,Balkan,UA,USD"
K1 = "K1,C1,trifft,premium,2026-01-01,,1000.00,"
K2 = "K2,C2,dpo-group,server,2026-01-01,,100.00,"
THREE_DAYS_DOWN = "O1,C1,2026-10-05T00:00,2026-10-08T00:00,,"
"""Of 44,700 minutes 4,320: 90.33 %, which is worth 60 % of a premium fee."""
CLAIM = "CL-1,C1,uptime,2026-10,,,2026-11-03T10:00"
LATE = "T1,C2,critical,helpdesk,2026-10-05T10:00,2026-10-05T12:00,2026-10-05T12:30,"
TICKET_CLAIM = "CL-2,C2,ticket,,T1,2026-10-05,2026-10-20T12:00"


def an_outage(books, *, fee="1000.00", claim=CLAIM, contract=K1):
    """Take in a customer of trifft with three days of outage in October and a claim for it."""
    books.take(customers=[C1], contracts=[contract.replace("1000.00", fee)], outages=[THREE_DAYS_DOWN], claims=[claim])


WHOLE_FOLDER = {
    "customers": [C1, C2],
    "contracts": [K1, K2],
    "tickets": [LATE],
    "ticket_pauses": ["T1,2026-10-05T10:05,2026-10-05T10:10", "T1,2026-10-05T10:15,"],
    "outages": [THREE_DAYS_DOWN, "O2,,2026-10-20T00:00,,maintenance,2026-10-01T00:00"],
    "claims": [CLAIM, TICKET_CLAIM],
}
