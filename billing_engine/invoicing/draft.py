"""Drafting: everything that an invoice says, before it has a number."""

from __future__ import annotations

from collections.abc import Sequence

from billing_engine.errors import MixedCurrenciesError
from billing_engine.invoicing.lines import draft_lines
from billing_engine.invoicing.setoff import set_off_credits, total
from billing_engine.invoicing.tax import one_percent, tax_at_home, tax_lines, tax_note, tax_subtotals
from billing_engine.model.calendar import holiday_source
from billing_engine.model.charge import Statement
from billing_engine.model.contract import Customer
from billing_engine.model.credit import Credit
from billing_engine.model.invoice import Buyer, ContractUse, InvoiceDraft, InvoiceEntry
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.model.sla_terms import Setoff


def draft_invoice(
    customer: Customer,
    month: Month,
    statements: Sequence[Statement],
    entries: Sequence[InvoiceEntry],
    settings: Settings,
    credits_: Sequence[Credit] = (),
    late: Sequence[Statement] = (),
) -> InvoiceDraft:
    """Draft a customer's invoice of a month from its statements and those of late work, together at least one (R11).

    Credits before tax go first, because they make up the amount that is taxed; those after tax lower what is then due.
    One that waits for a later period is set off as soon as the fee of that period is charged (C4).

    Raises MixedCurrenciesError when the statements are in several currencies, or in another one than the customer's,
    and TaxError when the settings do not say how a line is taxed.
    """
    rated = (*statements, *late)
    currencies = sorted({statement.currency for statement in rated})
    if len(currencies) != 1:
        raise MixedCurrenciesError(f"the contracts are in {' and '.join(currencies)}; one invoice has one currency")
    currency = currencies[0]
    if customer.currency not in ("", currency):
        raise MixedCurrenciesError(f"the contracts are in {currency}, the customer pays in {customer.currency}")
    lines, treatments = tax_lines(draft_lines(statements, late), customer, settings, month)
    last_period = max([str(month), *(line.period for line in lines)])
    credits_ = [credit for credit in credits_ if str(credit.applies_from or month) <= last_period]
    charged = sum((line.amount for line in lines), ZERO)
    reductions = set_off_credits(credits_, Setoff.BEFORE_TAX, charged, currency, 1)
    taxes = tax_subtotals(lines, treatments, reductions, currency)
    net = charged - total(reductions)
    tax = sum((one.tax for one in taxes), ZERO)
    gross = round_money(net + tax, currency)
    prepaid = set_off_credits(credits_, Setoff.AFTER_TAX, gross, currency, len(reductions) + 1)
    return InvoiceDraft(
        customer=customer.customer,
        period=month,
        currency=currency,
        seller=settings.seller,
        buyer=_buyer(customer),
        lines=lines,
        entries=tuple(entries),
        uses=tuple(_use(statement) for statement in rated),
        net=round_money(net, currency),
        tax_percent=one_percent(taxes),
        tax_note=tax_note(taxes),
        tax=round_money(tax, currency),
        gross=gross,
        payment_days=settings.payment_days,
        holiday_source=holiday_source(),
        expenses=tuple(sorted(charge.expense.expense for one in rated for charge in one.charges if charge.expense)),
        setoffs=(*reductions, *prepaid),
        taxes=taxes,
        home_tax=tax_at_home(taxes, currency, settings, month.last_day),
    )


def _buyer(customer: Customer) -> Buyer:
    return Buyer(
        customer=customer.customer,
        name=customer.name,
        address=customer.address,
        country=customer.country,
        vat_id=customer.vat_id,
        email=customer.email,
        language=customer.language,
        city=customer.city,
        postal_code=customer.postal_code,
        reference=customer.buyer_reference,
    )


def _use(statement: Statement) -> ContractUse:
    runs = statement.contract.active_days(statement.month) > 0
    first, last = statement.contract.days_in(statement.month)
    return ContractUse(
        contract=statement.contract.contract,
        package_title=statement.package_title,
        price_list_version=statement.price_list_version,
        time_zone=statement.time_zone,
        included_seconds=statement.included_seconds,
        used_seconds=statement.used_seconds,
        overage_seconds=statement.overage_seconds,
        overage_billed_seconds=statement.overage_billed_seconds,
        drawn=tuple((str(lot.month), lot.seconds) for lot in statement.drawn),
        period=str(statement.month),
        service_from=first.isoformat() if runs else "",
        service_to=last.isoformat() if runs else "",
        price_list_hash=statement.price_list_hash,
    )
