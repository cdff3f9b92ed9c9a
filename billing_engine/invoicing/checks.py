"""Self-checks: what must hold of every draft before it is issued. They run in production, always."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billing_engine.errors import SelfCheckError
from billing_engine.model.figures import Figures
from billing_engine.model.invoice import InvoiceDraft, InvoiceLine
from billing_engine.model.money import ZERO, price_of_time, round_money
from billing_engine.model.settings import Limits
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import TaxCategory
from billing_engine.model.tax_shares import TaxKey, add_up, share_setoffs


def check_draft(draft: InvoiceDraft) -> None:
    """Raise SelfCheckError, with all that is wrong, when a draft contradicts itself."""
    wrong = list(_contradictions(draft))
    if wrong:
        raise SelfCheckError(f"the draft of {draft.customer}, {draft.period}, was not issued: {'; '.join(wrong)}")


def _contradictions(draft: InvoiceDraft) -> Iterator[str]:
    charged = sum((line.amount for line in draft.lines), ZERO)
    reduced = sum((setoff.amount for setoff in draft.setoffs if setoff.setoff is Setoff.BEFORE_TAX), ZERO)
    if charged - reduced != draft.net or draft.net < 0:
        yield f"its lines come to {charged}, less {reduced} credited, and its net amount is {draft.net}"
    yield from _contradictions_of_tax(draft)
    if draft.amount_due < 0 or any(setoff.amount <= 0 for setoff in draft.setoffs):
        yield "credits take off more than there is"
    if [line.position for line in draft.lines] != list(range(1, len(draft.lines) + 1)):
        yield "its lines are not counted through"
    for line in draft.lines:
        if not _is_priced_right(line, draft.currency):
            yield f"line {line.position} says {line.amount} for {line.quantity} {line.unit} at {line.unit_price}"
    entries = [entry.entry for entry in draft.entries]
    if len(entries) != len(set(entries)) or len(draft.expenses) != len(set(draft.expenses)):
        yield "an entry or an expense is on it twice"


def _contradictions_of_tax(draft: InvoiceDraft) -> Iterator[str]:
    """Follow each category from its lines, less its share of the credits, to the tax on the sum."""
    sums = add_up((draft.tax_key(line), line.amount) for line in draft.lines)
    for share in share_setoffs(draft):
        sums[share.key] -= share.amount
    subtotals = draft.tax_subtotals
    if draft.lines and {one.key: one.net for one in subtotals} != sums:
        yield f"its lines are taxed on {_by_category(sums)}, and its sums by category are others"
    for one in subtotals:
        tax = round_money(one.net * one.percent / 100, draft.currency)
        if tax != one.tax or (one.percent and one.category is not TaxCategory.STANDARD):
            yield f"tax of category {one.category} on {one.net} is {tax}; it says {one.tax}"
    tax = sum((one.tax for one in subtotals), ZERO)
    if tax != draft.tax or draft.net + draft.tax != draft.gross:
        yield f"tax on {draft.net} is {tax}; it says {draft.tax} and {draft.gross} in all"
    home = draft.home_tax
    if home is not None and home.tax != round_money(draft.tax * home.rate, home.currency):
        yield f"tax of {draft.tax} at {home.rate} is not the {home.tax} that it says in {home.currency}"


def _by_category(sums: dict[TaxKey, Decimal]) -> str:
    return ", ".join(f"{category} {percent.normalize():f} %: {amount}" for (category, percent), amount in sums.items())


def _is_priced_right(line: InvoiceLine, currency: str) -> bool:
    """Tell whether quantity x unit price, rounded once, is the amount (R12)."""
    if line.seconds is None:
        return round_money(line.quantity * line.unit_price, currency) == line.amount
    return price_of_time(line.seconds, line.unit_price, currency) == line.amount


def find_implausible(draft: InvoiceDraft, former: Figures | None, limits: Limits) -> list[str]:
    """Say what about a draft somebody should look at before it is issued."""
    found = []
    if limits.largest_total is not None and draft.gross > limits.largest_total:
        found.append(f"its total of {draft.gross} {draft.currency} is above {limits.largest_total}")
    if limits.most_lines is not None and len(draft.lines) > limits.most_lines:
        found.append(f"its {len(draft.lines)} lines are more than {limits.most_lines}")
    if limits.most_times_last_month is not None and former is not None and former.currency == draft.currency:
        before = former.amount_due - former.credits
        if before > 0 and draft.gross > before * limits.most_times_last_month:
            times = f"{limits.most_times_last_month.normalize():f} times"
            found.append(f"its total of {draft.gross} {draft.currency} is more than {times} last month's {before}")
    return found
