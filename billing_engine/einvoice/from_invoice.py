"""Invoices and credit notes in the business terms of EN 16931; every figure is the document's, nothing is priced anew.

`say` translates the texts that are written here into the customer's language, `phrase` the sentences that the engine
wrote in English when it made the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from billing_engine.einvoice.lines import credited_lines, invoice_lines
from billing_engine.einvoice.parties import buyer_party, seller_party
from billing_engine.einvoice.terms import (
    CLEARING,
    CREDIT_NOTE,
    INVOICE,
    SEPA_TRANSFER,
    TRANSFER,
    AccountingVat,
    Allowance,
    EInvoice,
    Line,
    Payment,
    Period,
    Preceding,
    Totals,
    Vat,
    VatSubtotal,
)
from billing_engine.einvoice.texts import CODE_LIMIT, one_line, paragraph
from billing_engine.model.credit_note import CreditNote, CreditNoteDraft, SetoffReversal, home_tax_of, subtotals_of
from billing_engine.model.identifiers import iban_problem
from billing_engine.model.invoice import Invoice, InvoiceDraft, InvoiceSetoff, Seller
from billing_engine.model.money import ZERO, plain
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import LEGAL_TEXTS, REASON_CODES, HomeTax, TaxCategory, TaxSubtotal
from billing_engine.model.tax_shares import add_up, share_setoffs

Say = Callable[[str], str]


def of_invoice(invoice: Invoice, say: Say = str, phrase: Say = str) -> EInvoice:
    """Say an issued invoice in business terms."""
    draft = invoice.draft
    lines = invoice_lines(draft, say, phrase)
    prepaid = [one for one in draft.setoffs if one.setoff is Setoff.AFTER_TAX]
    allowances = _allowances(draft, phrase)
    taxable = _is_taxable(draft.tax_subtotals)
    at_home = _accounting_vat(draft.home_tax)
    return EInvoice(
        number=one_line(invoice.number, CODE_LIMIT),
        issued_on=invoice.issued_on,
        type_code=INVOICE,
        currency=draft.currency,
        seller=seller_party(draft.seller, taxable=taxable),
        buyer=buyer_party(draft.buyer, taxable=taxable),
        lines=lines,
        vat=tuple(_vat_subtotal(one, say) for one in draft.tax_subtotals),
        totals=_totals(lines, allowances, draft, prepaid=draft.gross - draft.amount_due),
        period=_period(draft, lines),
        delivered_on=draft.period.last_day,
        due_on=invoice.due_on,
        terms=f"{say('Payable by')} {invoice.due_on.isoformat()}",
        buyer_reference=one_line(draft.buyer.reference, CODE_LIMIT),
        notes=_notes([*_prepaid_notes(prepaid, draft.currency, say, phrase), *_tax_notes(draft, at_home, say)]),
        allowances=allowances,
        payment=_payment(invoice, draft.seller),
        accounting_vat=at_home,
    )


def of_credit_note(note: CreditNote, invoice: Invoice, say: Say = str, phrase: Say = str) -> EInvoice:
    """Say an issued credit note in business terms; parties, period and how things are taxed are the invoice's."""
    draft, taxes = note.draft, subtotals_of(note.draft, invoice)
    lines = credited_lines(draft, invoice.draft, phrase)
    allowances = _given_back(lines, taxes, say)
    taxable = _is_taxable(taxes)
    at_home = _accounting_vat(home_tax_of(draft, invoice))
    titles = {one.position: one for one in invoice.draft.setoffs}
    return EInvoice(
        number=one_line(note.number, CODE_LIMIT),
        issued_on=note.issued_on,
        type_code=CREDIT_NOTE,
        currency=draft.currency,
        seller=seller_party(invoice.draft.seller, taxable=taxable),
        buyer=buyer_party(invoice.draft.buyer, taxable=taxable),
        lines=lines,
        vat=tuple(_vat_subtotal(one, say) for one in taxes),
        totals=_totals(lines, allowances, draft, prepaid=ZERO),
        period=_period(invoice.draft, lines),
        delivered_on=invoice.draft.period.last_day,
        terms=f"{say('Corrects invoice')} {one_line(invoice.number, CODE_LIMIT)}",
        buyer_reference=one_line(invoice.draft.buyer.reference, CODE_LIMIT),
        notes=_notes(
            [
                f"{say('Reason')}: {phrase(draft.reason)}",
                *_reversal_notes(draft.reversals, titles, draft.currency, say, phrase),
                *_tax_notes(invoice.draft, at_home, say),
            ]
        ),
        allowances=allowances,
        payment=Payment(CLEARING),
        accounting_vat=at_home,
        preceding=Preceding(one_line(invoice.number, CODE_LIMIT), invoice.issued_on),
    )


def _is_taxable(taxes: Iterable[TaxSubtotal]) -> bool:
    return any(one.category is not TaxCategory.OUT_OF_SCOPE for one in taxes)


def _totals(
    lines: Sequence[Line], allowances: Sequence[Allowance], draft: InvoiceDraft | CreditNoteDraft, *, prepaid: Decimal
) -> Totals:
    return Totals(
        lines=sum((line.net for line in lines), ZERO),
        allowances=sum((one.amount for one in allowances), ZERO),
        net=draft.net,
        tax=draft.tax,
        gross=draft.gross,
        prepaid=prepaid,
        due=draft.gross - prepaid,
    )


def _period(draft: InvoiceDraft, lines: Iterable[Line]) -> Period:
    """Span the service month and what lines are for: no line may lie outside (PEPPOL-EN16931-R110, R111)."""
    spans = [line.period for line in lines if line.period is not None]
    first = min([draft.period.first_day, *(span.start for span in spans)])
    return Period(first, max([draft.period.last_day, *(span.end for span in spans)]))


def _vat_subtotal(one: TaxSubtotal, say: Say) -> VatSubtotal:
    """Give the reason why there is no VAT; where there is some, or could be, none is allowed (BR-S-10, BR-Z-10)."""
    vat = Vat(str(one.category), one.percent)
    if one.category not in LEGAL_TEXTS:
        return VatSubtotal(vat, one.net, one.tax)
    reason = paragraph(one.note) or say(LEGAL_TEXTS[one.category])
    code = one_line(one.code, CODE_LIMIT) or REASON_CODES.get(one.category, "")
    return VatSubtotal(vat, one.net, one.tax, reason, code)


def _allowances(draft: InvoiceDraft, phrase: Say) -> tuple[Allowance, ...]:
    """Take each credit before tax off the categories that it lowers (BR-S-08)."""
    setoffs = {one.position: one for one in draft.setoffs}
    return tuple(
        Allowance(share.amount, _name(setoffs[share.position], phrase), Vat(*share.key))
        for share in share_setoffs(draft)
    )


def _given_back(lines: Iterable[Line], taxes: Iterable[TaxSubtotal], say: Say) -> tuple[Allowance, ...]:
    """Take off what goes back to credits before tax: what the lines of a category come to beyond its sum."""
    charged = add_up(((line.vat.category, line.vat.percent), line.net) for line in lines)
    parts = ((one, charged.get(one.key, ZERO) - one.net) for one in taxes)
    reason = say("Given back to credits")
    return tuple(Allowance(part, reason, Vat(*one.key)) for one, part in parts if part)


def _name(setoff: InvoiceSetoff, phrase: Say) -> str:
    title, reference = one_line(phrase(setoff.title)), one_line(setoff.reference, CODE_LIMIT)
    return f"{title} ({reference})" if title and reference else title or reference


def _prepaid_notes(prepaid: Iterable[InvoiceSetoff], currency: str, say: Say, phrase: Say) -> Iterator[str]:
    for one in prepaid:
        yield f"{say('Credit set off after tax')}: {_name(one, phrase)}, {plain(one.amount)} {currency}"


def _reversal_notes(
    reversals: Iterable[SetoffReversal], setoffs: dict[int, InvoiceSetoff], currency: str, say: Say, phrase: Say
) -> Iterator[str]:
    """Name each credit that gets something back; what was set off after tax is told here alone."""
    for one in reversals:
        yield f"{say('Given back to credit')}: {_name(setoffs[one.position], phrase)}, {plain(one.amount)} {currency}"


def _tax_notes(draft: InvoiceDraft, at_home: AccountingVat | None, say: Say) -> Iterator[str]:
    """Say by which rate VAT was converted, and what the seller wrote on categories that need no reason."""
    if draft.home_tax is not None and at_home is not None:
        rate = f"1 {draft.currency} = {plain(draft.home_tax.rate)} {at_home.currency}"
        day = draft.home_tax.rate_on.isoformat()
        yield f"{say('VAT in')} {at_home.currency}: {plain(at_home.amount)}; {rate} ({day})"
    yield from (one.note for one in draft.tax_subtotals if one.category not in LEGAL_TEXTS)


def _notes(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(note for note in map(paragraph, texts) if note)


def _accounting_vat(home: HomeTax | None) -> AccountingVat | None:
    return None if home is None else AccountingVat(home.currency, home.tax)


def _payment(invoice: Invoice, seller: Seller) -> Payment | None:
    """Say where to pay; an invoice that credits cover is cleared, for which Dutch companies have no code (NL-R-008)."""
    if invoice.amount_due <= 0:
        dutch = (seller.country, invoice.draft.buyer.country) == ("NL", "NL")
        return None if dutch else Payment(CLEARING)
    account = "".join(one_line(seller.iban, CODE_LIMIT).split())
    if not account:
        return None
    is_sepa = invoice.draft.currency == "EUR" and not iban_problem(account)
    return Payment(
        code=SEPA_TRANSFER if is_sepa else TRANSFER,
        remittance=one_line(invoice.number, CODE_LIMIT),
        account=account,
        account_name=one_line(seller.name),
        bic="".join(one_line(seller.bic, CODE_LIMIT).split()),
    )
