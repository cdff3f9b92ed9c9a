"""The JSON that programs read: fixed keys, money as strings, minutes as numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from billing_engine.intake.csv_rows import Rejected
from billing_engine.model.charge import Charge, ChargeKind, HeldEntry, Statement
from billing_engine.model.contract import Customer
from billing_engine.model.delivery import Mirrored
from billing_engine.model.invoice import PIECE, SECONDS_PER_UNIT, Invoice, InvoiceDraft, InvoiceEntry
from billing_engine.model.money import SECONDS_PER_HOUR, ZERO, plain
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import LEGAL_TEXTS, HomeTax, TaxCategory, TaxSubtotal
from billing_engine.rate_folder import RatedFolder
from billing_engine.rating.explain import explain_charge
from billing_engine.rating.rate_card import RateCard
from billing_engine.rating.rate_customer import CustomerMonth


def to_text(shape: Any) -> str:
    """Write a shape as it is printed."""
    return json.dumps(shape, indent=2, ensure_ascii=False)


def rated_folder(rated: RatedFolder) -> dict[str, Any]:
    """Shape what `rate` prints."""
    statements = []
    for customer_month in rated.customers:
        statements += [_statement(one, rated.cards.card(one.contract)) for one in customer_month.statements]
        if customer_month.held:
            statements.append(_without_contract(customer_month))
    return {
        "period": str(rated.month),
        "statements": statements,
        "rejected": [rejected(row) for row in rated.rejected],
    }


def _statement(statement: Statement, card: RateCard) -> dict[str, Any]:
    overage = statement.charges_of(ChargeKind.OVERAGE)
    return {
        "customer": statement.contract.customer,
        "contract": statement.contract.contract,
        "price_list": statement.price_list,
        "package": statement.contract.package,
        "currency": statement.currency,
        "fee": plain(sum((fee.amount for fee in statement.charges_of(ChargeKind.FEE)), ZERO)),
        "allowance": {
            "included_minutes": None if statement.included_seconds is None else minutes(statement.included_seconds),
            "used_minutes": minutes(statement.used_seconds),
        },
        "overage": {
            "worked_minutes": minutes(sum(charge.worked_seconds for charge in overage)),
            "billed_minutes": minutes(sum(charge.billed_seconds for charge in overage)),
            "amount": plain(sum((charge.amount for charge in overage), ZERO)),
        },
        "tariffs": _tariffs(statement.charges_of(ChargeKind.TARIFF)),
        "held": [held(entry) for entry in statement.held],
        "charges": [_charge(charge, statement, card) for charge in statement.charges],
        "net_total": plain(statement.net_total),
    }


def _without_contract(customer_month: CustomerMonth) -> dict[str, Any]:
    """Shape work that no contract takes like a statement, so that a program finds all held entries in one place."""
    return {
        "customer": customer_month.customer.customer,
        "contract": None,
        "price_list": None,
        "package": None,
        "currency": customer_month.customer.currency or None,
        "fee": plain(ZERO),
        "allowance": {"included_minutes": 0, "used_minutes": 0},
        "overage": {"worked_minutes": 0, "billed_minutes": 0, "amount": plain(ZERO)},
        "tariffs": {},
        "held": [held(entry) for entry in customer_month.held],
        "charges": [],
        "net_total": plain(ZERO),
    }


def _tariffs(charges: Iterable[Charge]) -> dict[str, Any]:
    by_name: dict[str, list[Charge]] = {}
    for charge in charges:
        if charge.billed_seconds:
            by_name.setdefault(charge.tariff, []).append(charge)
    return {
        name: {
            "billed_minutes": minutes(sum(charge.billed_seconds for charge in group)),
            "amount": plain(sum((charge.amount for charge in group), ZERO)),
        }
        for name, group in by_name.items()
    }


def _charge(charge: Charge, statement: Statement, card: RateCard) -> dict[str, Any]:
    return {
        "kind": charge.kind,
        "tariff": charge.tariff or None,
        "entries": [entry.entry for entry in charge.entries],
        "worked_minutes": minutes(charge.worked_seconds),
        "billed_minutes": minutes(charge.billed_seconds),
        "unit_price": plain(charge.unit_price),
        "amount": plain(charge.amount),
        "reason": explain_charge(charge, statement, card),
    }


def held(entry: HeldEntry) -> dict[str, Any]:
    """Shape a held entry."""
    return {"entry": entry.id, "reason": entry.reason}


def rejected(row: Rejected) -> dict[str, Any]:
    """Shape a rejected row or a warning."""
    return row._asdict()


def minutes(seconds: int) -> int | float:
    """Whole minutes as an integer, others with their part."""
    return seconds // 60 if seconds % 60 == 0 else seconds / 60


def held_work(found: Iterable[tuple[Month, Customer, str, str]]) -> list[dict[str, Any]]:
    """Shape what `held` prints: period, customer, entry (none for a customer that failed) and reason."""
    return [
        {"period": str(period), "customer": customer.customer, "entry": entry, "reason": reason}
        for period, customer, entry, reason in found
    ]


def invoice_summary(invoice: Invoice, today: date, at_stripe: Mirrored | None = None) -> dict[str, Any]:
    """Shape one row of `invoice list`; the day decides what is overdue. `stripe` is there where it was seen there."""
    draft = invoice.draft
    return {
        "number": invoice.number,
        "customer": draft.customer,
        "period": str(draft.period),
        "issued_on": invoice.issued_on.isoformat(),
        "currency": draft.currency,
        "net": plain(draft.net),
        "tax": plain(draft.tax),
        "gross": plain(draft.gross),
        "amount_due": plain(invoice.amount_due),
        "status": invoice.status_on(today),
        "credited": plain(invoice.settlement.credited),
        "open": plain(invoice.settlement.open),
        **({} if at_stripe is None else {"stripe": _mirrored(at_stripe)}),
    }


def _mirrored(found: Mirrored) -> dict[str, Any]:
    return {
        "id": found.stripe_id,
        "status": found.status,
        "failed_payments": found.failures,
        "carried_over": found.carried_over,
    }


def invoice(issued: Invoice, today: date, at_stripe: Mirrored | None = None) -> dict[str, Any]:
    """Shape `invoice show`: the summary, due date, lines and entries."""
    return {
        **invoice_summary(issued, today, at_stripe),
        "due_on": issued.due_on.isoformat(),
        "paid": plain(issued.paid),
        "lines": invoice_lines(issued.draft),
        "setoffs": invoice_setoffs(issued.draft),
        **tax_shapes(issued.draft.taxes),
        **_home_tax(issued.draft.home_tax),
        "entries": [_entry(entry) for entry in issued.draft.entries],
    }


def tax_shapes(taxes: Sequence[TaxSubtotal]) -> dict[str, Any]:
    """Shape VAT by category, where it is more than one rate on everything."""
    if len(taxes) < 2 and all(one.category is TaxCategory.STANDARD for one in taxes):
        return {}
    return {
        "taxes": [
            {
                "category": one.category,
                "percent": f"{one.percent.normalize():f}",
                "net": plain(one.net),
                "tax": plain(one.tax),
                "note": one.note or LEGAL_TEXTS.get(one.category, ""),
                "code": one.code or None,
            }
            for one in taxes
        ]
    }


def _home_tax(tax: HomeTax | None) -> dict[str, Any]:
    if tax is None:
        return {}
    return {
        "home_tax": {
            "currency": tax.currency,
            "rate": format(tax.rate, "f"),
            "rate_on": tax.rate_on.isoformat(),
            "tax": plain(tax.tax),
        }
    }


def _entry(entry: InvoiceEntry) -> dict[str, Any]:
    return {
        "entry": entry.entry,
        "contract": entry.contract,
        "ticket": entry.ticket,
        "severity": entry.severity,
        "activity": entry.activity,
        "started_at": entry.started_at,
        "ended_at": entry.ended_at,
        "worked_minutes": minutes(entry.worked_seconds),
        "billed_minutes": minutes(entry.billed_seconds),
        "amount": plain(entry.amount),
        "reasons": entry.reason.splitlines(),
    }


def invoice_lines(draft: InvoiceDraft) -> list[dict[str, Any]]:
    """Shape all that makes up the net amount: charges, and the credits that lower it."""
    lines: list[dict[str, Any]] = [
        {
            "position": line.position,
            "kind": line.kind,
            "contract": line.contract,
            "title": line.title,
            "detail": line.detail,
            "quantity": format(line.quantity, "f"),
            "unit": line.unit,
            "unit_price": plain(line.unit_price),
            "price_base_quantity": str(SECONDS_PER_HOUR // SECONDS_PER_UNIT.get(line.unit, SECONDS_PER_HOUR)),
            "amount": plain(line.amount),
            "period": line.period or str(draft.period),
            "service_from": line.service_from or None,
            "service_to": line.service_to or None,
        }
        for line in draft.lines
    ]
    reductions = [setoff for setoff in draft.setoffs if setoff.setoff is Setoff.BEFORE_TAX]
    return lines + [
        {
            "position": position,
            "kind": "setoff",
            "contract": None,
            "title": setoff.title,
            "detail": setoff.reference,
            "quantity": "1",
            "unit": PIECE,
            "unit_price": plain(-setoff.amount),
            "price_base_quantity": "1",
            "amount": plain(-setoff.amount),
            "period": str(draft.period),
            "service_from": None,
            "service_to": None,
        }
        for position, setoff in enumerate(reductions, len(lines) + 1)
    ]


def invoice_setoffs(draft: InvoiceDraft) -> list[dict[str, Any]]:
    return [
        {
            "credit": setoff.credit,
            "reference": setoff.reference,
            "title": setoff.title,
            "amount": plain(setoff.amount),
            "setoff": setoff.setoff,
        }
        for setoff in draft.setoffs
    ]
