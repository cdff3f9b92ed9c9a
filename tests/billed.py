"""What drafts leave behind once they are issued, as the books would tell it: a short cut past the database."""

from dataclasses import replace
from datetime import date, timedelta

from billing_engine.model.contract import Customer
from billing_engine.model.history import NO_HISTORY, ChargedFee, Credited, Days, FeeRefund, History, Lot, MonthUse
from billing_engine.model.invoice import ContractUse, InvoiceDraft, Seller
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings

CUSTOMER = Customer("C1", "One", "RS", "")
SETTINGS = Settings(seller=Seller(name="S", address="A", country="RS", vat_id="RS100000024"))


def closed(*months: Month, history: History = NO_HISTORY) -> History:
    """Say that months are done with."""
    return replace(history, closed=history.closed | set(months))


def issued(history: History, draft: InvoiceDraft) -> History:
    """Add an invoice to a customer's history; its period is its number."""
    uses = [
        MonthUse(
            use.contract,
            Month.parse(use.period),
            use.included_seconds,
            tuple(Lot(Month.parse(month), seconds) for month, seconds in use.drawn),
            use.overage_seconds,
            use.overage_billed_seconds,
            _days(use),
        )
        for use in draft.uses
    ]
    fees = [
        ChargedFee(
            str(draft.period),
            line.position,
            line.contract,
            date.fromisoformat(line.service_from),
            date.fromisoformat(line.service_to),
            line.amount,
            draft.currency,
        )
        for line in draft.lines
        if line.service_from
    ]
    return History(history.closed | {draft.period}, (*history.uses, *uses), (*history.fees, *fees))


def _days(use: ContractUse) -> int:
    """Count the days that a use says it is for."""
    if use.is_for_fees_alone:
        return 0
    return (date.fromisoformat(use.service_to) - date.fromisoformat(use.service_from)).days + 1


def paid_back(history: History, refund: FeeRefund) -> History:
    """Add a credit note over days of a fee."""
    line, one = (refund.invoice, refund.position), Credited(refund.amount, Days(refund.service_from, refund.service_to))
    fees = (
        replace(fee, credited=(*fee.credited, one)) if (fee.invoice, fee.position) == line else fee
        for fee in history.fees
    )
    return replace(history, fees=tuple(fees))


def days_of(fee: ChargedFee) -> list[date]:
    """List the days that a fee line charges and that were not paid back."""
    return [
        days.first + timedelta(days=number)
        for days in fee.charged
        for number in range((days.last - days.first).days + 1)
    ]


def total(amounts) -> object:
    """Add up amounts."""
    return sum(amounts, ZERO)
