"""From an issued invoice to what it prints: figures formatted, foreign texts made harmless, engineers unnamed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from billing_engine.documents import formats
from billing_engine.documents.formats import Catalogue
from billing_engine.documents.parties import BRAND_LIMIT, CODE_LIMIT, buyer_view, printable_facts, seller_view
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import (
    AnnexGroupView,
    EntryView,
    Fact,
    InvoiceView,
    LineGroupView,
    LineView,
    SetoffView,
    UseView,
)
from billing_engine.model.credit_note import CreditNoteDraft
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import (
    ContractUse,
    Invoice,
    InvoiceDraft,
    InvoiceEntry,
    InvoiceLine,
    InvoiceSetoff,
    Seller,
)
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff

_UNIT_LIMIT = 8


def invoice_view(invoice: Invoice) -> InvoiceView:
    """Turn an issued invoice into the text of its pages, in the customer's language where there are words for it."""
    draft = invoice.draft
    words = formats.catalogue_for(draft.buyer.language)
    labels, locale = words.labels, words.locale
    number = one_line(invoice.number, CODE_LIMIT)
    due_on = formats.day_text(invoice.due_on, locale)
    to_pay = invoice.amount_due > 0
    return InvoiceView(
        language=words.language,
        labels=labels,
        title=labels["title"].format(number=number),
        number=number,
        created=invoice.issued_on.isoformat(),
        brand=one_line(draft.seller.name, BRAND_LIMIT),
        seller=seller_view(draft.seller, words),
        buyer=buyer_view(draft.buyer, words),
        details=_details(invoice, words),
        amount_due=formats.money_text(invoice.amount_due, draft.currency, locale),
        due_note=labels["due_by"].format(date=due_on) if to_pay else labels["nothing_due"],
        amount_heading=labels["amount"].format(currency=draft.currency),
        line_groups=_line_groups(draft, words),
        reductions=_setoffs(draft, Setoff.BEFORE_TAX, words),
        uses=tuple(_use(use, draft.period, words) for use in draft.uses if not use.is_for_fees_alone),
        sums=_sums(draft, words),
        total=Fact(labels["total"], formats.money_text(draft.gross, draft.currency, locale)),
        setoffs=_setoffs(draft, Setoff.AFTER_TAX, words),
        tax_note=paragraph(draft.tax_note),
        payment=_payment(draft.seller, number, due_on, words) if to_pay else (),
        annex_title=labels["annex_of"].format(number=number),
        annex_note=_annex_note(draft, words),
        annex=_annex(draft, words),
    )


def _details(invoice: Invoice, words: Catalogue) -> tuple[Fact, ...]:
    dates = [
        ("issued", formats.day_text(invoice.issued_on, words.locale)),
        ("due", formats.day_text(invoice.due_on, words.locale) if invoice.amount_due > 0 else ""),
        ("service_period", formats.month_span_text(invoice.draft.period, words.locale)),
    ]
    return printable_facts(dates, words)


def _line_groups(draft: InvoiceDraft, words: Catalogue) -> tuple[LineGroupView, ...]:
    several = len({line.contract for line in draft.lines}) > 1
    headings = _headings(draft, words)
    return tuple(
        LineGroupView(
            headings.get(contract) or _contract_heading(contract, words) if several else "",
            tuple(_line(line, draft.currency, words) for line in lines),
        )
        for contract, lines in groupby(draft.lines, key=attrgetter("contract"))
    )


def _headings(draft: InvoiceDraft, words: Catalogue) -> dict[str, str]:
    return {use.contract: _contract_heading(use.contract, words, use.package_title) for use in draft.uses}


def _contract_heading(contract: str, words: Catalogue, package: str = "") -> str:
    if not contract:
        return words.labels["general"]
    form = words.labels["contract" if package else "contract_alone"]
    return form.format(contract=one_line(contract, CODE_LIMIT), package=one_line(package, CODE_LIMIT))


def _line(line: InvoiceLine, currency: str, words: Catalogue) -> LineView:
    code = one_line(line.unit, _UNIT_LIMIT)
    per = words.unit(code, Decimal(1))
    return LineView(
        title=one_line(line.title),
        detail=paragraph(line.detail),
        quantity=_quantity(line, words),
        unit=words.unit(code, line.quantity),
        rate=formats.rate_text(line.unit_price, currency, words.locale),
        per=words.labels["per"].format(unit=per) if per else "",
        amount=formats.amount_text(line.amount, currency, words.locale),
    )


def _quantity(line: InvoiceLine, words: Catalogue) -> str:
    if line.seconds is None:
        return formats.quantity_text(line.quantity, words.locale)
    return hours_and_minutes(line.seconds)


def _setoffs(draft: InvoiceDraft, setoff: Setoff, words: Catalogue) -> tuple[SetoffView, ...]:
    return tuple(_setoff(credit, draft.currency, words) for credit in draft.setoffs if credit.setoff is setoff)


def _setoff(credit: InvoiceSetoff, currency: str, words: Catalogue) -> SetoffView:
    return SetoffView(
        title=one_line(credit.title),
        reference=words.labels["credit_of"].format(reference=one_line(credit.reference, CODE_LIMIT)),
        amount=formats.amount_text(-credit.amount, currency, words.locale),
    )


def _use(use: ContractUse, period: Month, words: Catalogue) -> UseView:
    included = use.included_seconds
    heading = _contract_heading(use.contract, words, use.package_title)
    if use.is_late(period):
        month = formats.month_text(Month.parse(use.period), words.locale)
        heading = words.labels["contract_month"].format(contract=heading, month=month)
    overage = words.labels["overage"].format(overage=hours_and_minutes(use.overage_seconds))
    return UseView(
        heading=heading,
        summary=_use_summary(use, period, words),
        overage=overage if use.overage_seconds > 0 else "",
        bar_percent=str(max(0, min(100, (use.used_seconds - use.carried_seconds) * 100 // included)))
        if included
        else "",
    )


def _use_summary(use: ContractUse, period: Month, words: Catalogue) -> str:
    labels = words.labels
    used = hours_and_minutes(use.used_seconds - use.carried_seconds)
    if use.included_seconds is None:
        return labels["without_limit"].format(used=used)
    form = labels["used_more" if use.is_late(period) else "used"] if use.included_seconds else labels["none_included"]
    summary = form.format(used=used, included=hours_and_minutes(use.included_seconds))
    carried = labels["carried"].format(carried=hours_and_minutes(use.carried_seconds))
    return f"{summary}, {carried}" if use.carried_seconds else summary


def _sums(draft: InvoiceDraft, words: Catalogue) -> tuple[Fact, ...]:
    """Lead from the lines to the total; without credits before tax, the lines' sum is the net amount."""
    charges = sum((line.amount for line in draft.lines), ZERO)
    credits_ = sum((credit.amount for credit in draft.setoffs if credit.setoff is Setoff.BEFORE_TAX), ZERO)
    amounts = [("charges", charges), ("credits", -credits_)] if credits_ else []
    return (
        *(
            Fact(words.labels[label], formats.amount_text(amount, draft.currency, words.locale))
            for label, amount in [*amounts, ("net", draft.net)]
        ),
        vat_fact(draft, words),
    )


def vat_fact(draft: InvoiceDraft | CreditNoteDraft, words: Catalogue) -> Fact:
    """Say the tax and its rate, or that none is charged."""
    labels, locale = words.labels, words.locale
    if draft.tax_percent is None:
        return Fact(labels["vat_none"], labels["vat_not_charged"])
    percent = formats.percent_text(draft.tax_percent, locale)
    return Fact(labels["vat"].format(percent=percent), formats.amount_text(draft.tax, draft.currency, locale))


def _payment(seller: Seller, number: str, due_on: str, words: Catalogue) -> tuple[Fact, ...]:
    bank_details = [
        ("beneficiary", seller.name),
        ("iban", _in_fours(one_line(seller.iban, CODE_LIMIT))),
        ("bic", one_line(seller.bic, CODE_LIMIT)),
        ("bank", seller.bank),
    ]
    return printable_facts([*(bank_details if seller.iban else []), ("reference", number), ("due", due_on)], words)


def _in_fours(iban: str) -> str:
    compact = iban.replace(" ", "")
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def _annex_note(draft: InvoiceDraft, words: Catalogue) -> str:
    holidays = one_line(draft.holiday_source)
    source = words.labels["holidays"].format(source=holidays) if holidays else ""
    return f"{words.labels['annex_note']} {source}".rstrip()


def _annex(draft: InvoiceDraft, words: Catalogue) -> tuple[AnnexGroupView, ...]:
    """Group the entries by contract: in the order of `uses`, then contracts that are not among them."""
    uses = {use.contract: use for use in reversed(draft.uses)}  # the month's own stands before those of late work
    by_contract: dict[str, list[InvoiceEntry]] = {use.contract: [] for use in draft.uses}
    for entry in draft.entries:
        by_contract.setdefault(entry.contract, []).append(entry)
    headings = _headings(draft, words)
    return tuple(
        AnnexGroupView(
            heading=headings.get(contract) or _contract_heading(contract, words),
            note=_contract_note(uses.get(contract), words),
            entries=tuple(_entry(entry, draft.currency, words) for entry in entries),
        )
        for contract, entries in by_contract.items()
        if entries
    )


def _contract_note(use: ContractUse | None, words: Catalogue) -> str:
    if use is None:
        return ""
    labels = words.labels
    version = labels["price_list_version"].format(version=one_line(use.price_list_version, CODE_LIMIT))
    return f"{version}, {labels['times_in'].format(time_zone=one_line(use.time_zone, CODE_LIMIT))}"


def _entry(entry: InvoiceEntry, currency: str, words: Catalogue) -> EntryView:
    started_at, ended_at = datetime.fromisoformat(entry.started_at), datetime.fromisoformat(entry.ended_at)
    activity = words.activities.get(entry.activity, one_line(entry.activity, CODE_LIMIT))
    tags = (one_line(entry.severity, CODE_LIMIT), activity)
    return EntryView(
        day=formats.weekday_text(started_at, words.locale),
        span=formats.clock_span_text(started_at, ended_at, words.locale),
        ticket=one_line(entry.ticket, CODE_LIMIT) or words.labels["no_ticket"],
        tags=" · ".join(tag for tag in tags if tag),
        worked=hours_and_minutes(entry.worked_seconds),
        billed=hours_and_minutes(entry.billed_seconds),
        amount=formats.amount_text(entry.amount, currency, words.locale),
        reason=paragraph(entry.reason).replace(" -> ", " \u2192 "),  # a line can not break within one sign
    )
