"""From an issued invoice to what it prints: figures formatted, foreign texts made harmless, engineers unnamed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from billing_engine.documents import formats
from billing_engine.documents.formats import Catalogue
from billing_engine.documents.printable import one_line, paragraph
from billing_engine.documents.view import (
    AnnexGroupView,
    EntryView,
    Fact,
    InvoiceView,
    LineGroupView,
    LineView,
    PartyView,
    UseView,
)
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import (
    Buyer,
    ContractUse,
    Invoice,
    InvoiceDraft,
    InvoiceEntry,
    InvoiceLine,
    Seller,
)

_ADDRESS_LINES = 8
_ADDRESS_LIMIT = 400
_CODE_LIMIT = 64
"""For numbers, tickets and bank details: longer than any real one."""
_FACT_LIMIT = 100
_UNIT_LIMIT = 8
_BRAND_LIMIT = 60
"""For the seller's name where it stands as a mark beside other text."""


def invoice_view(invoice: Invoice) -> InvoiceView:
    """Turn an issued invoice into the text of its pages, in the customer's language where there are words for it."""
    draft = invoice.draft
    words = formats.catalogue_for(draft.buyer.language)
    labels, locale = words.labels, words.locale
    number = one_line(invoice.number, _CODE_LIMIT)
    due_on = formats.day_text(invoice.due_on, locale)
    to_pay = invoice.amount_due > 0
    return InvoiceView(
        language=words.language,
        labels=labels,
        title=labels["title"].format(number=number),
        number=number,
        created=invoice.issued_on.isoformat(),
        brand=one_line(draft.seller.name, _BRAND_LIMIT),
        seller=_seller(draft.seller, words),
        buyer=_buyer(draft.buyer, words),
        details=_details(invoice, words),
        amount_due=formats.money_text(invoice.amount_due, draft.currency, locale),
        due_note=labels["due_by"].format(date=due_on) if to_pay else labels["nothing_due"],
        amount_heading=labels["amount"].format(currency=draft.currency),
        line_groups=_line_groups(draft, words),
        uses=tuple(_use(use, words) for use in draft.uses),
        sums=_sums(draft, words),
        total=Fact(labels["total"], formats.money_text(draft.gross, draft.currency, locale)),
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
    return _facts(dates, words)


def _seller(seller: Seller, words: Catalogue) -> PartyView:
    facts = [
        ("vat_id", seller.vat_id),
        ("registration_number", seller.registration_number),
        ("email", seller.email),
        ("phone", seller.phone),
        ("website", seller.website),
    ]
    return PartyView(one_line(seller.name), _address(seller.address, seller.country, words), _facts(facts, words))


def _buyer(buyer: Buyer, words: Catalogue) -> PartyView:
    address = _address(buyer.address, buyer.country, words)
    return PartyView(one_line(buyer.name), address, _facts([("vat_id", buyer.vat_id)], words))


def _facts(pairs: Iterable[tuple[str, str]], words: Catalogue) -> tuple[Fact, ...]:
    printable = ((label, one_line(value, _FACT_LIMIT)) for label, value in pairs)
    return tuple(Fact(words.labels[label], value) for label, value in printable if value)


def _address(address: str, country: str, words: Catalogue) -> tuple[str, ...]:
    """Split an address into lines and add the country, unless its last line already says it."""
    lines = paragraph(address, _ADDRESS_LIMIT, _ADDRESS_LINES).split("\n")
    name = words.locale.territories.get(country.upper(), one_line(country, _CODE_LIMIT))
    if name.casefold() not in lines[-1].casefold():
        lines.append(name)
    return tuple(line for line in lines if line)


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
    return form.format(contract=one_line(contract, _CODE_LIMIT), package=one_line(package, _CODE_LIMIT))


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


def _use(use: ContractUse, words: Catalogue) -> UseView:
    labels, included = words.labels, use.included_minutes
    used = hours_and_minutes(use.used_minutes * 60)
    overage = labels["overage"].format(overage=hours_and_minutes(use.overage_minutes * 60))
    return UseView(
        heading=_contract_heading(use.contract, words, use.package_title),
        summary=labels["used"].format(used=used, included=hours_and_minutes(included * 60))
        if included
        else labels["none_included"],
        overage=overage if use.overage_minutes > 0 else "",
        bar_percent=str(max(0, min(100, use.used_minutes * 100 // included))) if included > 0 else "",
    )


def _sums(draft: InvoiceDraft, words: Catalogue) -> tuple[Fact, ...]:
    labels, locale = words.labels, words.locale
    if draft.tax_percent is None:
        vat = Fact(labels["vat_none"], labels["vat_not_charged"])
    else:
        percent = formats.percent_text(draft.tax_percent, locale)
        vat = Fact(labels["vat"].format(percent=percent), formats.amount_text(draft.tax, draft.currency, locale))
    return (Fact(labels["net"], formats.amount_text(draft.net, draft.currency, locale)), vat)


def _payment(seller: Seller, number: str, due_on: str, words: Catalogue) -> tuple[Fact, ...]:
    bank_details = [
        ("beneficiary", seller.name),
        ("iban", _in_fours(one_line(seller.iban, _CODE_LIMIT))),
        ("bic", one_line(seller.bic, _CODE_LIMIT)),
        ("bank", seller.bank),
    ]
    return _facts([*(bank_details if seller.iban else []), ("reference", number), ("due", due_on)], words)


def _in_fours(iban: str) -> str:
    compact = iban.replace(" ", "")
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def _annex_note(draft: InvoiceDraft, words: Catalogue) -> str:
    holidays = one_line(draft.holiday_source)
    source = words.labels["holidays"].format(source=holidays) if holidays else ""
    return f"{words.labels['annex_note']} {source}".rstrip()


def _annex(draft: InvoiceDraft, words: Catalogue) -> tuple[AnnexGroupView, ...]:
    """Group the entries by contract: in the order of `uses`, then contracts that are not among them."""
    uses = {use.contract: use for use in draft.uses}
    by_contract: dict[str, list[InvoiceEntry]] = {contract: [] for contract in uses}
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
    version = labels["price_list_version"].format(version=one_line(use.price_list_version, _CODE_LIMIT))
    return f"{version}, {labels['times_in'].format(time_zone=one_line(use.time_zone, _CODE_LIMIT))}"


def _entry(entry: InvoiceEntry, currency: str, words: Catalogue) -> EntryView:
    started_at, ended_at = datetime.fromisoformat(entry.started_at), datetime.fromisoformat(entry.ended_at)
    activity = words.activities.get(entry.activity, one_line(entry.activity, _CODE_LIMIT))
    tags = (one_line(entry.severity, _CODE_LIMIT), activity)
    return EntryView(
        day=formats.weekday_text(started_at, words.locale),
        span=formats.clock_span_text(started_at, ended_at, words.locale),
        ticket=one_line(entry.ticket, _CODE_LIMIT) or words.labels["no_ticket"],
        tags=" · ".join(tag for tag in tags if tag),
        worked=hours_and_minutes(entry.worked_seconds),
        billed=hours_and_minutes(entry.billed_seconds),
        amount=formats.amount_text(entry.amount, currency, words.locale),
        reason=paragraph(entry.reason).replace(" -> ", " \u2192 "),  # a line can not break within one sign
    )
