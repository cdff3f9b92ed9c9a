"""How much of the included time a month used, contract by contract, as words and bars."""

from __future__ import annotations

from billing_engine.documents import formats
from billing_engine.documents.language import Words
from billing_engine.documents.parties import CODE_LIMIT
from billing_engine.documents.printable import one_line
from billing_engine.documents.view import UseView
from billing_engine.model.instant import hours_and_minutes
from billing_engine.model.invoice import ContractUse, InvoiceDraft
from billing_engine.model.period import Month


def use_views(draft: InvoiceDraft, words: Words) -> tuple[UseView, ...]:
    """Say what each contract used; one that had only fees used nothing and is left out."""
    return tuple(_use(use, draft.period, words) for use in draft.uses if not use.is_for_fees_alone)


def contract_headings(draft: InvoiceDraft, words: Words) -> dict[str, str]:
    """Name the contracts with their packages."""
    return {use.contract: contract_heading(use.contract, words, use.package_title) for use in draft.uses}


def contract_heading(contract: str, words: Words, package: str = "") -> str:
    """Name a contract, or what belongs to none."""
    if not contract:
        return words.say("General")
    code = one_line(contract, CODE_LIMIT)
    if not package:
        return words.say("Contract {contract}", contract=code)
    return words.say(
        "{package} · contract {contract}", package=words.name(one_line(package, CODE_LIMIT)), contract=code
    )


def _use(use: ContractUse, period: Month, words: Words) -> UseView:
    included = use.included_seconds
    heading = contract_heading(use.contract, words, use.package_title)
    if use.is_late(period):
        heading = f"{heading} · {formats.month_text(Month.parse(use.period), words.locale)}"
    overage = words.say("{overage} h beyond it", overage=hours_and_minutes(use.overage_seconds))
    return UseView(
        heading=heading,
        summary=_summary(use, period, words),
        overage=overage if use.overage_seconds > 0 else "",
        bar_percent=str(max(0, min(100, (use.used_seconds - use.carried_seconds) * 100 // included)))
        if included
        else "",
    )


def _summary(use: ContractUse, period: Month, words: Words) -> str:
    used = hours_and_minutes(use.used_seconds - use.carried_seconds)
    if use.included_seconds is None:
        return words.say("{used} h used, all in the fee", used=used)
    if not use.included_seconds:
        summary = words.say("no time included")
    elif use.is_late(period):
        included = hours_and_minutes(use.included_seconds)
        summary = words.say("{used} h more of {included} h used", used=used, included=included)
    else:
        summary = words.say("{used} of {included} h used", used=used, included=hours_and_minutes(use.included_seconds))
    carried = words.say("{carried} h of earlier months", carried=hours_and_minutes(use.carried_seconds))
    return f"{summary}, {carried}" if use.carried_seconds else summary
