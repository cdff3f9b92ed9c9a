"""Tables for people. Everything that came from outside is printed as text, never as markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from billing_engine.billing_run import CustomerPlan, RunOutcome
from billing_engine.intake.csv_rows import Rejected
from billing_engine.model.charge import ChargeKind, Statement
from billing_engine.model.delivery import Mirrored
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import ContractUse, Invoice, InvoiceDraft, InvoiceLine
from billing_engine.model.money import minor_digits
from billing_engine.model.tax import TaxCategory, TaxSubtotal
from billing_engine.rate_folder import RatedFolder

_WIDTH_WITHOUT_TERMINAL = 160

out = Console(highlight=False)
if not out.is_terminal:
    out.width = _WIDTH_WITHOUT_TERMINAL  # a file or a pipe has no edge at which to wrap
err = Console(stderr=True, highlight=False)

MOST_ROWS_SHOWN = 20

if TYPE_CHECKING:
    from billing_engine.import_folder import ImportReport

_STYLES = {
    RunOutcome.ISSUED: "green",
    RunOutcome.TO_ISSUE: "green",
    RunOutcome.ALREADY_ISSUED: "dim",
    RunOutcome.NOTHING_TO_BILL: "dim",
    RunOutcome.PARKED: "bold yellow",
    RunOutcome.FAILED: "bold red",
}


def text(content: str, style: str = "") -> Text:
    """Make text to print: no markup, and no control or direction mark that a terminal would obey."""
    return Text(
        "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else "\ufffd" for c in content), style=style
    )


def money(amount: Decimal, currency: str) -> str:
    """Write 1,234.50 EUR; an exact price may have more decimals than the currency."""
    decimals = max(minor_digits(currency), len(f"{amount.normalize():f}".partition(".")[2]))
    return f"{amount:,.{decimals}f} {currency}"


def table(title: str, *columns: str, rows: Iterable[Sequence[str | Text]]) -> Table:
    """Build a table; a column whose name begins with ">" is aligned to the right."""
    built = Table(
        title=text(title), title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        figures = column.startswith(">")
        built.add_column(text(column.removeprefix(">")), justify="right" if figures else "left", no_wrap=figures)
    for row in rows:
        built.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
    return built


def print_rejected(rows: Sequence[Rejected], what: str, all_of_them: str) -> None:
    """Print rejected rows or warnings on standard error, the first of them whole, and what has them all."""
    if not rows:
        return
    err.print(text(f"{len(rows)} {what}{'' if len(rows) == 1 else 's'}:", style="bold"))
    for row in rows[:MOST_ROWS_SHOWN]:
        place = f"{row.file}:{row.line}" + (f" {row.column}" if row.column else "")
        err.print(text(f"  {place}: {row.reason}"), soft_wrap=True)
    if len(rows) > MOST_ROWS_SHOWN:
        err.print(text(f"  ... and {len(rows) - MOST_ROWS_SHOWN} more; {all_of_them} all of them"))


def print_unread(names: Sequence[str]) -> None:
    """Print on standard error which files were not looked at."""
    if names:
        err.print(text(f"not used by this version: {', '.join(names)}"), soft_wrap=True)


def print_import_notes(result: ImportReport) -> None:
    """Print what an import would not take, and what it did not look at."""
    print_rejected(result.rejected, "rejected row", "`billing-engine import --report FILE` writes")
    print_rejected(result.warnings, "warning", "`billing-engine import --report FILE` writes")
    print_unread(result.unread)
    if not result.stored:
        err.print(text("nothing was imported; correct the rows, or skip them with --skip-rejected"), soft_wrap=True)


def plan_table(title: str, plans: Sequence[CustomerPlan]) -> Table:
    """One row per customer: what the month comes to and how the customer ends the run."""
    rows = []
    for plan in plans:
        draft = plan.draft
        rows.append(
            (
                plan.customer.customer,
                plan.customer.name,
                ", ".join(dict.fromkeys(use.package_title for use in draft.uses)) if draft else "",
                str(len(draft.entries)) if draft else "",
                money(draft.net, draft.currency) if draft else "",
                money(draft.gross, draft.currency) if draft else "",
                str(len(plan.held) or ""),
                outcome_text(plan),
            )
        )
    return table(title, "Customer", "Name", "Package", ">Entries", ">Net", ">Total", ">Held", "Outcome", rows=rows)


def outcome_text(plan: CustomerPlan) -> Text:
    """Say how a customer ends a run, with the number or the reason."""
    words = [_in_words(plan.outcome), plan.invoice_number or "", f"({plan.reason})" if plan.reason else ""]
    return text(" ".join(filter(None, words)), style=_STYLES[plan.outcome])


def _in_words(outcome: RunOutcome) -> str:
    return outcome.replace("_", " ")


def summary(plans: Sequence[CustomerPlan]) -> str:
    """Count customers by outcome: "143 issued, 21 nothing to bill"."""
    counts = {outcome: sum(plan.outcome is outcome for plan in plans) for outcome in RunOutcome}
    return ", ".join(f"{count} {_in_words(outcome)}" for outcome, count in counts.items() if count) or "no customers"


def totals(plans: Iterable[CustomerPlan], outcomes: Iterable[RunOutcome]) -> str:
    """Sum up net and total of the customers with one of these outcomes, per currency."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for plan in plans:
        if plan.outcome in outcomes and plan.draft is not None:
            net, gross = sums.get(plan.draft.currency, (Decimal(0), Decimal(0)))
            sums[plan.draft.currency] = (net + plan.draft.net, gross + plan.draft.gross)
    return "; ".join(
        f"net {money(net, currency)}, total {money(gross, currency)}" for currency, (net, gross) in sums.items()
    )


def print_summary(plans: Sequence[CustomerPlan]) -> None:
    """Print how the customers ended, what it comes to, and how much is held."""
    billed = totals(plans, (RunOutcome.TO_ISSUE, RunOutcome.ISSUED))
    held = sum(len(plan.held) for plan in plans)
    out.print(text(summary(plans) + (f"; {billed}" if billed else "")))
    if held:
        out.print(text(f"{held} held; `billing-engine held` tells why"))
    if any(plan.outcome is RunOutcome.PARKED for plan in plans):
        out.print(text("parked customers wait for `billing-engine release` with a note"))


def print_rated(rated: RatedFolder) -> None:
    """Print one row per contract, and all that is held, also where no contract takes it."""
    out.print(_statement_table(rated))
    rows = [(c.customer.customer, held.id, held.reason) for c in rated.customers for held in c.all_held]
    if rows:
        out.print()
        out.print(table("Held", "Customer", "Entry", "Reason", rows=rows))


def _statement_table(rated: RatedFolder) -> Table:
    rows = [
        (
            statement.contract.customer,
            statement.contract.contract,
            statement.package_title,
            _use_text(statement.used_seconds, statement.included_seconds),
            hours_and_minutes(statement.overage_seconds),
            ", ".join(f"{name} {money(amount, statement.currency)}" for name, amount in _by_tariff(statement).items()),
            str(len(statement.held) or ""),
            money(statement.net_total, statement.currency),
        )
        for customer in rated.customers
        for statement in customer.statements
    ]
    columns = ("Customer", "Contract", "Package", ">Allowance used", ">Beyond", "Tariffs", ">Held", ">Net")
    return table(f"Rated {rated.month}", *columns, rows=rows)


def _use_text(used_seconds: int, included_seconds: int | None) -> str:
    used = hours_and_minutes(used_seconds)
    return f"{used}, no limit" if included_seconds is None else f"{used} of {hours_and_minutes(included_seconds)}"


def _by_tariff(statement: Statement) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for charge in statement.charges_of(ChargeKind.TARIFF):
        amounts[charge.tariff] = amounts.get(charge.tariff, Decimal(0)) + charge.amount
    return amounts


def invoice_table(invoices: Sequence[Invoice], today: date, at_stripe: Mapping[str, Mirrored]) -> Table:
    """One row per invoice; the day decides what is overdue. How it was last seen at Stripe stands last, if any was."""
    rows = [
        (
            invoice.number,
            invoice.draft.customer,
            invoice.draft.buyer.name,
            str(invoice.draft.period),
            invoice.issued_on.isoformat(),
            money(invoice.draft.net, invoice.draft.currency),
            money(invoice.draft.gross, invoice.draft.currency),
            money(invoice.amount_due, invoice.draft.currency),
            money(invoice.settlement.open, invoice.draft.currency),
            invoice.status_on(today).replace("_", " "),
            *([stripe_text(at_stripe.get(invoice.number))] if at_stripe else []),
        )
        for invoice in invoices
    ]
    columns = ["Number", "Customer", "Name", "Period", "Issued", ">Net", ">Total", ">Due", ">Open", "Status"]
    return table("Invoices", *columns, *(["At Stripe"] if at_stripe else []), rows=rows)


def stripe_text(found: Mirrored | None) -> str:
    """Say how an invoice was last seen at Stripe."""
    if found is None:
        return ""
    if found.carried_over:
        return "carried over"
    failed = f", {found.failures} failed" if found.failures else ""
    return f"{found.status}{failed}"


def settlement_text(issued: Invoice, today: date) -> Text:
    """Say how far an invoice is settled: "partly paid: 200.00 EUR paid, 1,000.00 EUR open"."""
    known, currency = issued.settlement, issued.draft.currency
    amounts = [("paid", known.paid), ("credited", known.credited), ("open", known.open), ("over", known.overpaid)]
    said = [f"{money(amount, currency)} {what}" for what, amount in amounts if amount]
    status = issued.status_on(today).replace("_", " ")
    return text(f"  {status}{': ' if said else ''}{', '.join(said)}", style="bold")


def print_draft(draft: InvoiceDraft, title: str) -> None:
    """Print lines, totals and the reason of every entry."""
    rows = [
        (
            line.title,
            line.detail,
            _quantity(line),
            money(line.unit_price, draft.currency),
            money(line.amount, draft.currency),
        )
        for line in draft.lines
    ]
    rows += [(s.title, s.reference, "", "", money(-s.amount, draft.currency)) for s in draft.setoffs]
    out.print(table(title, "Line", "Detail", ">Quantity", ">Price", ">Amount", rows=rows))
    for use in draft.uses:
        if use.included_seconds != 0 or use.carried_seconds:
            late = f", {use.period}" if use.is_late(draft.period) else ""
            out.print(text(f"  {use.package_title} ({use.contract}{late}): {_included_text(use)}", style="dim"))
    due = "" if draft.amount_due == draft.gross else f", due {money(draft.amount_due, draft.currency)}"
    out.print(
        text(
            f"  net {money(draft.net, draft.currency)}, {vat_text(draft.tax_subtotals, draft.currency)}, "
            f"total {money(draft.gross, draft.currency)}{due}",
            style="bold",
        )
    )
    for entry in draft.entries:
        for reason in entry.reason.splitlines():
            out.print(text(f"    {entry.entry} {entry.ticket}  {reason}"), soft_wrap=True)
    out.print()


def vat_text(taxes: Sequence[TaxSubtotal], currency: str) -> str:
    """Say the VAT, at each rate where there are several, and by its category where none is charged."""
    return ", ".join(f"VAT{_rate_text(one)} {money(one.tax, currency)}" for one in taxes)


def _rate_text(one: TaxSubtotal) -> str:
    charged = one.category in (TaxCategory.STANDARD, TaxCategory.ZERO)
    return f" {one.percent.normalize():f}%" if charged else f" ({one.category.name.replace('_', ' ').lower()})"


def _included_text(use: ContractUse) -> str:
    used = hours_and_minutes(use.used_seconds - use.carried_seconds)
    if use.included_seconds is None:
        return f"{used} h used, all in the fee"
    carried = f", {hours_and_minutes(use.carried_seconds)} h of earlier months" if use.carried_seconds else ""
    beyond = f", {hours_and_minutes(use.overage_seconds)} h beyond" if use.overage_seconds else ""
    return f"{used} of {hours_and_minutes(use.included_seconds)} h included used{carried}{beyond}"


def _quantity(line: InvoiceLine) -> str:
    if line.seconds is None:
        return f"{line.quantity.normalize():f}"
    return f"{hours_and_minutes(line.seconds)} h"
