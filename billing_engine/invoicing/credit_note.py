"""Drafting credit notes: never more than the invoice has left, and all of them together exactly the invoice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing_engine.errors import CreditNoteError
from billing_engine.model.credit_note import (
    CreditNote,
    CreditNoteDraft,
    CreditNoteLine,
    SetoffReversal,
    subtotals_of,
)
from billing_engine.model.history import FeeRefund
from billing_engine.model.invoice import Invoice, InvoiceLine
from billing_engine.model.money import ZERO, plain, round_money
from billing_engine.model.period import day_in_words
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import TaxSubtotal
from billing_engine.model.tax_shares import TaxKey, add_up


def draft_credit_note(
    invoice: Invoice,
    earlier: Sequence[CreditNote],
    wanted: Mapping[int, Decimal] | None,
    reason: str,
    *,
    rebill: bool = False,
) -> CreditNoteDraft:
    """Draft a credit note over amounts by line position, or over all that is left; `earlier` are all there are.

    Raises CreditNoteError with everything that is wrong, a sentence per line.
    """
    left = _Left.of(invoice, earlier)
    problems = [*_misfits(invoice, earlier, reason, wanted, rebill=rebill)]
    if wanted is None:
        parts = dict(left.lines)
    else:
        parts = dict(wanted)
        for position, amount in sorted(parts.items()):
            problems += left.misfits(position, amount)
    if problems:
        raise CreditNoteError("\n".join(problems))
    lines = [_line(line, parts[line.position]) for line in invoice.draft.lines if parts.get(line.position)]
    return _draft(left, lines, reason, rebill=rebill)


def left_of_lines(invoice: Invoice, earlier: Sequence[CreditNote]) -> dict[int, Decimal]:
    """Return what can still be taken back, by position of the line; lines of which nothing is left are left out."""
    return dict(_Left.of(invoice, earlier).lines)


def left_of_taxes(invoice: Invoice, earlier: Sequence[CreditNote]) -> list[TaxSubtotal]:
    """Return what can still be taken back of each category of VAT."""
    return list(_Left.of(invoice, earlier).taxes.values())


def draft_fee_credit(
    invoice: Invoice, earlier: Sequence[CreditNote], fees: Iterable[FeeRefund], reason: str
) -> CreditNoteDraft | None:
    """Draft a credit note over the days of fees that no contract runs on; None when nothing is left of these lines.

    Where less than the amount is left of a line, all of that is taken.
    """
    left = _Left.of(invoice, earlier)
    by_position = {line.position: line for line in invoice.draft.lines}
    rest = dict(left.lines)
    lines = []
    for fee in fees:
        amount = min(fee.amount, rest.get(fee.position, ZERO))
        if amount > 0:
            rest[fee.position] -= amount
            lines.append(_fee_line(by_position[fee.position], fee, amount))
    return _draft(left, lines, reason, rebill=False) if lines else None


@dataclass(frozen=True, slots=True)
class _Left:
    """What earlier credit notes left of an invoice."""

    invoice: Invoice
    lines: dict[int, Decimal]
    """By position, those of which something is left."""
    taxes: dict[TaxKey, TaxSubtotal]
    """By category and rate, those of the invoice with what is left of net amount and tax."""
    gross_before: Decimal
    reversed_before: dict[int, Decimal]
    """By position of the setoff, what was given back."""

    @classmethod
    def of(cls, invoice: Invoice, earlier: Iterable[CreditNote]) -> _Left:
        drafts = [note.draft for note in earlier]
        taken = _sums((line.invoice_position, line.amount) for draft in drafts for line in draft.lines)
        rest = ((line.position, line.amount - taken.get(line.position, ZERO)) for line in invoice.draft.lines)
        return cls(
            invoice=invoice,
            lines={position: amount for position, amount in rest if amount},
            taxes=_left_of_taxes(invoice, drafts),
            gross_before=sum((draft.gross for draft in drafts), ZERO),
            reversed_before=_sums((r.position, r.amount) for draft in drafts for r in draft.reversals),
        )

    def misfits(self, position: int, amount: Decimal) -> Iterator[str]:
        """Say why an amount can not be credited of a line."""
        draft = self.invoice.draft
        line = next((line for line in draft.lines if line.position == position), None)
        if line is None:
            yield f"line {position}: {_no_such_line(self.invoice)}"
        elif not line.amount:
            yield f"line {position}: it comes to {plain(ZERO)} {draft.currency}, so there is nothing to credit"
        elif position not in self.lines:
            yield f"line {position}: it is credited in full already"
        elif not amount.is_finite() or not 0 < amount <= self.lines[position]:
            allowed = f"allowed is more than 0 and up to {plain(self.lines[position])} {draft.currency}"
            yield f"line {position}: {amount}; {allowed}, which is left of it"
        elif round_money(amount, draft.currency) != amount:
            yield f"line {position}: {amount} is finer than the cents of {draft.currency}"

    def reversals(self, amount: Decimal, setoff: Setoff) -> Iterator[SetoffReversal]:
        """Give an amount back to credits, the newest setoff first."""
        for one in reversed(self.invoice.draft.setoffs):
            left = one.amount - self.reversed_before.get(one.position, ZERO)
            part = min(left, amount) if one.setoff is setoff else ZERO
            if part > 0:
                amount -= part
                yield SetoffReversal(one.position, one.credit, part, setoff)


def _misfits(
    invoice: Invoice,
    earlier: Sequence[CreditNote],
    reason: str,
    wanted: Mapping[int, Decimal] | None,
    *,
    rebill: bool,
) -> Iterator[str]:
    """Say what is wrong whatever the lines are."""
    notes = ", ".join(note.number for note in earlier)
    if not reason.strip():
        yield "a credit note needs a reason"
    if rebill and wanted is not None:
        yield f"only a whole invoice can be billed anew; name no lines of {invoice.number}, or do not bill it anew"
    if rebill and earlier:
        yield f"only a whole invoice can be billed anew; {invoice.number} was credited by {notes}"
    if wanted is not None and not wanted:
        yield "name at least one line, or none for the whole invoice"
    if wanted is None and not _Left.of(invoice, earlier).lines:
        yield f"invoice {invoice.number} has nothing to credit" + (f"; it was credited by {notes}" if notes else "")


def _no_such_line(invoice: Invoice) -> str:
    lines = invoice.draft.lines
    known = f"allowed are {lines[0].position} to {lines[-1].position}" if lines else "it has none"
    hint = "; credits that were set off are given back by themselves" if invoice.draft.setoffs else ""
    return f"invoice {invoice.number} has no such line; {known}{hint}"


def _line(line: InvoiceLine, amount: Decimal) -> CreditNoteLine:
    return CreditNoteLine(0, line.position, line.title, line.detail, amount)


def _fee_line(line: InvoiceLine, fee: FeeRefund, amount: Decimal) -> CreditNoteLine:
    days = f"{day_in_words(fee.service_from)} to {day_in_words(fee.service_to)}"
    span = fee.service_from.isoformat(), fee.service_to.isoformat()
    return CreditNoteLine(0, line.position, line.title, days, amount, *span)


def _draft(left: _Left, lines: Sequence[CreditNoteLine], reason: str, *, rebill: bool) -> CreditNoteDraft:
    """Add up: the net amount first, then what lowered it goes back; the last one takes what is left of the tax.

    Setoffs are given back once the invoice, less all that is credited, is worth less than they took off.
    """
    draft = left.invoice.draft
    charged = _charged_by_category(left.invoice, lines)
    taxes = tuple(_subtotal(left.taxes[key], amount, draft.currency) for key, amount in charged.items())
    net = sum((one.net for one in taxes), ZERO)
    tax = sum((one.tax for one in taxes), ZERO)
    before_tax = sum(charged.values(), ZERO) - net
    gross = net + tax
    beyond_due = max(ZERO, left.gross_before + gross - draft.amount_due)
    after_tax = beyond_due - _given_back(left, Setoff.AFTER_TAX)
    reversals = [*left.reversals(before_tax, Setoff.BEFORE_TAX), *left.reversals(after_tax, Setoff.AFTER_TAX)]
    return CreditNoteDraft(
        invoice=left.invoice.number,
        customer=draft.customer,
        currency=draft.currency,
        reason=reason,
        rebill=rebill,
        lines=tuple(replace(line, position=position) for position, line in enumerate(lines, 1)),
        reversals=tuple(sorted(reversals, key=lambda reversal: reversal.position)),
        net=net,
        tax_percent=draft.tax_percent,
        tax=tax,
        gross=gross,
        taxes=taxes,
    )


def _charged_by_category(invoice: Invoice, lines: Iterable[CreditNoteLine]) -> dict[TaxKey, Decimal]:
    keys = {line.position: invoice.draft.tax_key(line) for line in invoice.draft.lines}
    return add_up((keys[line.invoice_position], line.amount) for line in lines)


def _subtotal(left: TaxSubtotal, charged: Decimal, currency: str) -> TaxSubtotal:
    """Take back of one category: never more than is left of it, and who takes all of the net takes all of the tax."""
    net = min(charged, left.net)
    tax = left.tax if net == left.net else min(left.tax, round_money(net * left.percent / 100, currency))
    return replace(left, net=net, tax=tax)


def _left_of_taxes(invoice: Invoice, drafts: Iterable[CreditNoteDraft]) -> dict[TaxKey, TaxSubtotal]:
    left = {one.key: one for one in invoice.draft.tax_subtotals}
    for taken in (one for draft in drafts for one in subtotals_of(draft, invoice)):
        former = left[taken.key]
        left[taken.key] = replace(former, net=former.net - taken.net, tax=former.tax - taken.tax)
    return left


def _given_back(left: _Left, setoff: Setoff) -> Decimal:
    positions = {one.position for one in left.invoice.draft.setoffs if one.setoff is setoff}
    return sum((amount for position, amount in left.reversed_before.items() if position in positions), ZERO)


def _sums(amounts: Iterable[tuple[int, Decimal]]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for position, amount in amounts:
        sums[position] = sums.get(position, ZERO) + amount
    return sums
