"""Print-ready text: what stands on a document's pages, every figure formatted. Nothing here is left to compute."""

from __future__ import annotations

from dataclasses import dataclass

from billing_engine.documents.annex_view import AnnexView


@dataclass(frozen=True, slots=True)
class PageView:
    """What all documents have: the frame around their own parts."""

    language: str
    second_language: str
    """In which titles and column heads stand once more; empty where one language will do."""
    title: str
    """Of the file."""
    created: str
    """Day of the document in ISO 8601, for the PDF's own dates."""
    author: str
    """Empty when nobody is named as the sender."""
    brand: str
    """The author's name, short enough to stand beside other text."""
    logo: str
    """A data URI; empty prints the brand."""
    sender: str
    """What the foot of each page says."""
    footer: str
    """What register entry or law want below that; may be empty."""
    watermark: str = ""
    """One word behind the text of each page; empty on originals."""
    banner: str = ""
    """What the word means for this document."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it says, such as "Due" and a date."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PartyView:
    """Seller or customer."""

    name: str
    address: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of the invoice; `unit` and `per` are empty for pieces, `tax` where all lines have the same rate."""

    title: str
    detail: str
    quantity: str
    unit: str
    rate: str
    per: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True)
class LineGroupView:
    """Neighbouring lines of one contract; no heading where all lines have the same."""

    heading: str
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class SetoffView:
    """A credit that lowers the invoice; `amount` has its minus."""

    title: str
    reference: str
    amount: str


@dataclass(frozen=True, slots=True)
class TaxView:
    """What is taxed alike: rate or reason, taxable amount, VAT, and the legal text in one language or two."""

    label: str
    net: str
    tax: str
    note: str
    second_note: str


@dataclass(frozen=True, slots=True)
class TaxSummaryView:
    """VAT by category and rate; the sums are empty where there is one category."""

    rows: tuple[TaxView, ...]
    net: str
    tax: str
    home: Fact | None
    """VAT in the currency of the seller's country."""
    home_rate: str


@dataclass(frozen=True, slots=True)
class QrView:
    """A code to pay with."""

    svg: str
    label: str


@dataclass(frozen=True, slots=True)
class UseView:
    """How much of a contract's included time was used."""

    heading: str
    summary: str
    overage: str
    """Empty when nothing went beyond."""
    bar_percent: str
    """Whole percent of the bar to fill, "0" to "100"; empty when no time is included, or any amount of it."""


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """Everything on the pages, in the order of reading."""

    page: PageView
    is_tax_document: bool
    """Whether the title says so, where the law has a name for it."""
    number: str
    """Empty on a draft."""
    seller: PartyView
    buyer: PartyView
    details: tuple[Fact, ...]
    amount_due: str
    due_note: str
    currency: str
    several_rates: bool
    line_groups: tuple[LineGroupView, ...]
    reductions: tuple[SetoffView, ...]
    """Credits before tax: they go on from the lines."""
    sums: tuple[Fact, ...]
    total: Fact
    setoffs: tuple[SetoffView, ...]
    """Credits after tax: they lead from the total to the amount due."""
    setoffs_sum: str
    """Of several of them."""
    taxes: TaxSummaryView
    payment: tuple[Fact, ...]
    """Empty when there is nothing to pay."""
    qr: QrView | None
    uses: tuple[UseView, ...]
    chart: str
    """An SVG element; empty where it would say nothing that words do not."""
    annex_title: str
    annex: AnnexView | None


@dataclass(frozen=True, slots=True)
class CreditedLineView:
    """What is taken back of one line of the invoice."""

    position: str
    """Of the invoice's line."""
    title: str
    detail: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True)
class CreditNoteView:
    """Everything on the pages of a credit note, in the order of reading."""

    page: PageView
    is_tax_document: bool
    """Whether the title says so, where the law has a name for it."""
    number: str
    seller: PartyView
    buyer: PartyView
    details: tuple[Fact, ...]
    credited: str
    corrects: str
    """Which invoice, of which day."""
    reason: str
    currency: str
    several_rates: bool
    lines: tuple[CreditedLineView, ...]
    reductions: tuple[SetoffView, ...]
    """Given back to credits that were set off before tax."""
    sums: tuple[Fact, ...]
    total: Fact
    reversals: tuple[SetoffView, ...]
    """Of the total, given back to credits that had paid a part of the invoice."""
    taxes: TaxSummaryView


@dataclass(frozen=True, slots=True)
class FigureView:
    """A headline figure; `state` is "missed" where it is bad news, else empty."""

    label: str
    value: str
    note: str
    state: str


@dataclass(frozen=True, slots=True)
class StatementView:
    """Everything on the pages of a statement of hours, in the order of reading."""

    page: PageView
    month: str
    seller: PartyView
    buyer: PartyView
    details: tuple[Fact, ...]
    figures: tuple[FigureView, ...]
    uses: tuple[UseView, ...]
    chart: str
    currency: str
    annex: AnnexView | None


@dataclass(frozen=True, slots=True)
class LetterView:
    """Everything on the page of a reminder, in the order of reading."""

    page: PageView
    sender: PartyView
    recipient: PartyView
    day: str
    subject: str
    salutation: str
    opening: str
    amounts: tuple[Fact, ...]
    """The last is what is still open."""
    request: str
    payment: tuple[Fact, ...]
    crossed: str
    closing: str
    signature: tuple[str, ...]
