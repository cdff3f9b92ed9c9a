"""Credits and their ledger: rows are only added, each posting balances, and no credit is spent twice (S1, S2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from billing_engine.errors import CreditSpentError
from billing_engine.model.credit import Account, Credit, CreditSource, LedgerEntry
from billing_engine.model.credit_note import SetoffReversal
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.money import from_minor, to_minor
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff
from billing_engine.storage.inserting import batches
from billing_engine.storage.master_data import count_change
from billing_engine.storage.sequences import next_number
from billing_engine.storage.sla_tables import claim_decisions, granted_credits, invoice_setoffs, ledger
from billing_engine.storage.tables import invoices

_SERIES = "credit"


def grant_credit(connection: Connection, credit: Credit) -> Credit:
    """Write a credit and its grant; its number is taken here. Raises IntegrityError when its claim has one already."""
    number = f"CR-{credit.granted_on.year}-{next_number(connection, _SERIES, credit.granted_on.year):05d}"
    minor = to_minor(credit.amount, credit.currency)
    row = {
        "credit": number,
        "customer": credit.customer,
        "currency": credit.currency,
        "source": credit.source,
        "claim": credit.claim or None,
        "granted_on": credit.granted_on,
        "amount_minor": minor,
        "remaining_minor": minor,
        "reason": credit.reason,
        "setoff": credit.setoff,
        "applies_from": "" if credit.applies_from is None else str(credit.applies_from),
        "expires_on": credit.expires_on,
        "invoice": credit.invoice,
    }
    connection.execute(insert(granted_credits).values(row))
    granted = read_credit(connection, number)
    _post(connection, granted, (Account.GRANTED, Account.AVAILABLE), minor, granted.granted_on, granted.reason)
    return granted


def set_off(
    connection: Connection, invoice: str, setoffs: Sequence[InvoiceSetoff], currency: str, posted_on: date
) -> None:
    """Take an invoice's setoffs off their credits; raises CreditSpentError when one has less left by now."""
    for setoff in setoffs:
        minor = to_minor(setoff.amount, currency)
        credit = _take(connection, setoff.credit, minor)
        written = {
            "invoice": invoice,
            "position": setoff.position,
            "credit": setoff.credit,
            "reference": setoff.reference,
            "title": setoff.title,
            "amount_minor": minor,
            "setoff": setoff.setoff,
        }
        connection.execute(insert(invoice_setoffs).values(written))
        accounts = (Account.AVAILABLE, Account.APPLIED)
        _post(connection, credit, accounts, minor, posted_on, setoff.title, invoice)


def give_back(
    connection: Connection, invoice: str, credit_note: str, reversals: Sequence[SetoffReversal], posted_on: date
) -> None:
    """Give setoffs of an invoice, named by key, back to their credits, for a credit note of that number."""
    for reversal in reversals:
        credit = read_credit(connection, reversal.credit)
        minor = to_minor(reversal.amount, credit.currency)
        left = granted_credits.c.remaining_minor
        raising = update(granted_credits).where(granted_credits.c.credit == reversal.credit)
        connection.execute(raising.values(remaining_minor=left + minor))
        accounts = (Account.APPLIED, Account.AVAILABLE)
        _post(connection, credit, accounts, minor, posted_on, f"given back by {credit_note}", invoice, credit_note)


def refund(connection: Connection, credit: str, amount: Decimal, posted_on: date, reason: str) -> Credit:
    """Pay out a part of a credit; raises CreditSpentError when less is left."""
    known = read_credit(connection, credit)
    minor = to_minor(amount, known.currency)
    taken = _take(connection, credit, minor)
    _post(connection, taken, (Account.AVAILABLE, Account.REFUNDED), minor, posted_on, reason)
    return read_credit(connection, credit)


def expire(connection: Connection, customer: str, on: date) -> None:
    """Let lapse what is left of a customer's credits whose last day is over."""
    lapsed = select(granted_credits).where(
        granted_credits.c.customer == customer, granted_credits.c.expires_on < on, granted_credits.c.remaining_minor > 0
    )
    for row in connection.execute(lapsed).mappings().all():
        minor = row["remaining_minor"]
        credit = _take(connection, row["credit"], minor)
        reason = f"expired after {credit.expires_on}"
        _post(connection, credit, (Account.AVAILABLE, Account.EXPIRED), minor, on, reason)


def _take(connection: Connection, credit: str, minor: int) -> Credit:
    """Lower what is left, unless that is less: of two who take at once, the second one finds too little."""
    left = granted_credits.c.remaining_minor
    statement = (
        update(granted_credits)
        .where(granted_credits.c.credit == credit, left >= minor)
        .values(remaining_minor=left - minor)
    )
    if minor <= 0 or connection.execute(statement).rowcount != 1:
        raise CreditSpentError(f"credit {credit} has less left than is to be taken of it")
    return read_credit(connection, credit)


def _post(
    connection: Connection,
    credit: Credit,
    accounts: tuple[Account, Account],
    minor: int,
    posted_on: date,
    reason: str,
    invoice: str | None = None,
    credit_note: str = "",
) -> None:
    """Write both sides of a posting: the first account gives what the second gets."""
    giving, getting = accounts
    earlier = select(func.count()).where(ledger.c.credit == credit.credit, ledger.c.account == getting)
    number = connection.execute(earlier).scalar_one() + 1
    shared = {
        "posting": f"{credit.credit}/{getting}/{number}",
        "credit": credit.credit,
        "customer": credit.customer,
        "currency": credit.currency,
        "posted_on": posted_on,
        "invoice": invoice,
        "credit_note": credit_note,
        "reason": reason,
    }
    sides = [(giving, -minor), (getting, minor)]
    connection.execute(insert(ledger), [{**shared, "account": a, "amount_minor": amount} for a, amount in sides])
    count_change(connection, [credit.customer])


def grant_of(credit: str) -> str:
    """Name the posting that granted a credit."""
    return f"{credit}/{Account.AVAILABLE}/1"


def read_credit(connection: Connection, credit: str) -> Credit:
    """Return a credit; raises CreditSpentError when there is none."""
    row = connection.execute(select(granted_credits).where(granted_credits.c.credit == credit)).mappings().one_or_none()
    if row is None:
        raise CreditSpentError(f"there is no credit {credit!r}; `billing-engine credit list` shows all")
    return _read_credit(row)


def read_credits(connection: Connection, customers: Sequence[str] | None = None) -> list[Credit]:
    """Return all credits, or those of some customers, oldest first."""
    statement = select(granted_credits).order_by(granted_credits.c.granted_on, granted_credits.c.credit)
    if customers is not None:
        statement = statement.where(granted_credits.c.customer.in_(customers))
    return [_read_credit(row) for row in connection.execute(statement).mappings()]


def read_overpayments(connection: Connection, invoice: str) -> list[Credit]:
    """Return the credits that came of paying the numbered invoice more than it asked for."""
    of_invoice = (granted_credits.c.invoice == invoice, granted_credits.c.source == CreditSource.OVERPAYMENT)
    statement = select(granted_credits).where(*of_invoice).order_by(granted_credits.c.credit)
    return [_read_credit(row) for row in connection.execute(statement).mappings()]


def read_usable_credits(
    connection: Connection, customers: Sequence[str], period: Month, on: date | None
) -> list[Credit]:
    """Return the credits that may lower a period's invoices issued on a day, oldest first; None asks for no day."""
    statement = (
        select(granted_credits)
        .where(
            granted_credits.c.customer.in_(customers),
            granted_credits.c.remaining_minor > 0,
            granted_credits.c.applies_from <= str(period),
        )
        .order_by(granted_credits.c.granted_on, granted_credits.c.credit)
    )
    if on is not None:
        statement = statement.where(granted_credits.c.granted_on <= on)
        statement = statement.where(or_(granted_credits.c.expires_on.is_(None), granted_credits.c.expires_on >= on))
    return [_read_credit(row) for row in connection.execute(statement).mappings()]


_WAITING = (
    claim_decisions.c.accepted,
    claim_decisions.c.amount_minor > 0,
    ~select(granted_credits.c.claim).where(granted_credits.c.claim == claim_decisions.c.claim).exists(),
)
"""Of an accepted claim that is worth something and has no credit yet (U5)."""


def read_claims_without_credit(connection: Connection, customer: str) -> list[str]:
    """Return a customer's accepted claims that have no credit yet, in order of id."""
    statement = select(claim_decisions.c.claim).where(*_WAITING, claim_decisions.c.customer == customer)
    return list(connection.scalars(statement.order_by(claim_decisions.c.claim)))


def read_customers_without_credit(connection: Connection) -> list[str]:
    """Return the customers that have such claims, in order."""
    customer = claim_decisions.c.customer
    return list(connection.scalars(select(customer).where(*_WAITING).distinct().order_by(customer)))


def read_ledger(connection: Connection, customer: str | None = None) -> list[LedgerEntry]:
    """Return the ledger, or a customer's part of it, in order of day and posting."""
    statement = (
        select(ledger, invoices.c.number)
        .outerjoin(invoices, ledger.c.invoice == invoices.c.invoice)
        .order_by(ledger.c.posted_on, ledger.c.posting, ledger.c.amount_minor)
    )
    if customer is not None:
        statement = statement.where(ledger.c.customer == customer)
    return [
        LedgerEntry(
            posting=row["posting"],
            account=Account(row["account"]),
            credit=row["credit"],
            customer=row["customer"],
            currency=row["currency"],
            amount=from_minor(row["amount_minor"], row["currency"]),
            posted_on=row["posted_on"],
            invoice=row["number"] or "",
            reason=row["reason"],
            credit_note=row["credit_note"],
        )
        for row in connection.execute(statement).mappings()
    ]


def read_setoffs(connection: Connection, currencies: Mapping[str, str]) -> dict[str, tuple[InvoiceSetoff, ...]]:
    """Return the setoffs of some invoices, named by key with their currency, in their order."""
    found: dict[str, tuple[InvoiceSetoff, ...]] = {}
    for batch in batches(list(currencies)):
        statement = select(invoice_setoffs).where(invoice_setoffs.c.invoice.in_(batch))
        for row in connection.execute(statement.order_by(invoice_setoffs.c.position)).mappings():
            setoff = InvoiceSetoff(
                position=row["position"],
                credit=row["credit"],
                reference=row["reference"],
                title=row["title"],
                amount=from_minor(row["amount_minor"], currencies[row["invoice"]]),
                setoff=Setoff(row["setoff"]),
            )
            found[row["invoice"]] = (*found.get(row["invoice"], ()), setoff)
    return found


def _read_credit(row: RowMapping) -> Credit:
    return Credit(
        credit=row["credit"],
        customer=row["customer"],
        currency=row["currency"],
        source=CreditSource(row["source"]),
        claim=row["claim"] or "",
        granted_on=row["granted_on"],
        amount=from_minor(row["amount_minor"], row["currency"]),
        remaining=from_minor(row["remaining_minor"], row["currency"]),
        reason=row["reason"],
        setoff=Setoff(row["setoff"]),
        applies_from=Month.parse(row["applies_from"]) if row["applies_from"] else None,
        expires_on=row["expires_on"],
        invoice=row["invoice"],
    )
