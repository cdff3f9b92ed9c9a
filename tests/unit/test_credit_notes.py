"""Credit notes: what may be credited, to the cent, and what goes back to credits that had lowered the invoice."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices import FEE, invoice

from billing_engine.errors import CreditNoteError
from billing_engine.invoicing.credit_note import draft_credit_note, draft_fee_credit
from billing_engine.model.credit_note import CreditNote
from billing_engine.model.history import FeeRefund
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.money import from_minor, plain, round_money, to_minor
from billing_engine.model.sla_terms import Setoff

BEFORE, AFTER = Setoff.BEFORE_TAX, Setoff.AFTER_TAX


def billed(*amounts, before=(), after=(), currency="EUR", percent="20"):
    """Make an invoice of lines with these amounts, lowered by credits before and after tax, in their order."""
    lines = [replace(FEE, position=n, amount=Decimal(amount)) for n, amount in enumerate(amounts, 1)]
    modes = [(BEFORE, amount) for amount in before] + [(AFTER, amount) for amount in after]
    setoffs = [
        InvoiceSetoff(n, f"CR-{n}", f"CR-{n}", "Sorry", Decimal(amount), mode)
        for n, (mode, amount) in enumerate(modes, 1)
    ]
    net = sum(line.amount for line in lines) - sum(s.amount for s in setoffs if s.setoff is BEFORE)
    tax_percent = None if percent is None else Decimal(percent)
    tax = round_money(net * (tax_percent or 0) / 100, currency)
    return invoice(
        lines=tuple(lines),
        setoffs=tuple(setoffs),
        net=net,
        tax_percent=tax_percent,
        tax=tax,
        gross=net + tax,
        currency=currency,
    )


class Notes:
    """Credits one invoice again and again."""

    def __init__(self, issued):
        self.invoice = issued
        self.issued = []

    def credit(self, wanted=None, reason="wrong", **more):
        """Credit amounts by line, or all that is left; returns the draft."""
        if wanted is not None:
            wanted = {position: Decimal(amount) for position, amount in wanted.items()}
        draft = draft_credit_note(self.invoice, self.issued, wanted, reason, **more)
        self.issued.append(CreditNote(f"CN-{len(self.issued) + 1}", date(2026, 11, 20), draft))
        return draft

    def refused(self, wanted=None, reason="wrong", **more):
        """Try to credit; returns what is said against it."""
        count = len(self.issued)
        with pytest.raises(CreditNoteError) as refusal:
            self.credit(wanted, reason, **more)
        assert len(self.issued) == count
        return str(refusal.value).splitlines()


def said(draft):
    """Write net, tax and gross, and what goes back to which credit."""
    totals = " ".join(plain(amount) for amount in (draft.net, draft.tax, draft.gross))
    return " ".join([totals, *(f"{r.credit}:{plain(r.amount)}" for r in draft.reversals)])


def test_the_whole_invoice_is_credited_as_it_was_issued():
    """Without a choice of lines all of them are taken back, with the tax that was charged."""
    notes = Notes(billed("360.00", "450.00"))
    draft = notes.credit()
    assert said(draft) == "810.00 162.00 972.00"
    assert [(line.position, line.invoice_position, line.amount) for line in draft.lines] == [
        (1, 1, Decimal("360.00")),
        (2, 2, Decimal("450.00")),
    ]
    assert (draft.invoice, draft.customer, draft.currency, draft.tax_percent) == ("2026-000118", "C1", "EUR", 20)
    assert notes.refused() == ["invoice 2026-000118 has nothing to credit; it was credited by CN-1"]


@pytest.mark.parametrize(
    ("amounts", "currency", "percent", "parts", "expected"),
    [
        # 0.006 tax in all is 0.01; each of three cents alone would have none, so the last one has it.
        (["0.03"], "EUR", "20", ["0.01", "0.01", "0.01"], ["0.01 0.00 0.01", "0.01 0.00 0.01", "0.01 0.01 0.02"]),
        # 1.5 yen of tax is 2; half of the lines is 1 yen (0.75), the rest has the other.
        (["15"], "JPY", "10", ["7", "8"], ["7.00 1.00 8.00", "8.00 1.00 9.00"]),
        (["3"], "JPY", "10", ["1", "1", "1"], ["1.00 0.00 1.00", "1.00 0.00 1.00", "1.00 0.00 1.00"]),
        # Three decimals: 0.050 of tax.
        (
            ["1.000"],
            "KWD",
            "5",
            ["0.333", "0.333", "0.334"],
            ["0.333 0.017 0.35", "0.333 0.017 0.35", "0.334 0.016 0.35"],
        ),
        # Rounded up twice there would be 0.02 of tax on 0.05 where 0.01 was charged: the second one has what is left.
        (["0.06"], "EUR", "20", ["0.03", "0.02", "0.01"], ["0.03 0.01 0.04", "0.02 0.00 0.02", "0.01 0.00 0.01"]),
        (["100.00"], "EUR", None, ["33.33", "66.67"], ["33.33 0.00 33.33", "66.67 0.00 66.67"]),
    ],
)
def test_tax_goes_by_what_is_left(amounts, currency, percent, parts, expected):
    """Each note's tax is rounded half up, never more than is left; the last one has the rest."""
    notes = Notes(billed(*amounts, currency=currency, percent=percent))
    assert [said(notes.credit({1: part})) for part in parts] == expected
    draft = notes.invoice.draft
    assert sum(note.draft.tax for note in notes.issued) == draft.tax
    assert sum(note.draft.gross for note in notes.issued) == draft.gross


def test_credits_before_tax_go_back_when_the_lines_are_worth_less_than_they_took():
    """The net amount is credited first; then each cent of the lines gives a cent back, the newest credit first."""
    notes = Notes(billed("100.00", "50.00", before=["30.00", "20.00"]))  # net 100.00, tax 20.00
    assert said(notes.credit({1: "60.00"})) == "60.00 12.00 72.00"
    assert said(notes.credit({2: "50.00"})) == "40.00 8.00 48.00 CR-2:10.00"
    assert said(notes.credit({1: "15.00"})) == "0.00 0.00 0.00 CR-1:5.00 CR-2:10.00"
    assert said(notes.credit()) == "0.00 0.00 0.00 CR-1:25.00"
    assert notes.refused() == ["invoice 2026-000118 has nothing to credit; it was credited by CN-1, CN-2, CN-3, CN-4"]


def test_credits_after_tax_go_back_when_more_is_credited_than_was_due():
    """What was to be paid is credited first; what goes beyond it goes back to the credits that paid it."""
    notes = Notes(billed("100.00", after=["30.00", "40.00"]))  # gross 120.00, due 50.00
    assert said(notes.credit({1: "40.00"})) == "40.00 8.00 48.00"
    assert said(notes.credit({1: "40.00"})) == "40.00 8.00 48.00 CR-1:6.00 CR-2:40.00"
    assert said(notes.credit()) == "20.00 4.00 24.00 CR-1:24.00"


def test_credits_of_both_kinds_go_back():
    """Crediting all of an invoice gives all setoffs back, whatever their kind and however little was left to pay."""
    notes = Notes(billed("100.00", before=["90.00"], after=["12.00"]))  # net 10.00, gross 12.00, due 0.00
    assert said(notes.credit()) == "10.00 2.00 12.00 CR-1:90.00 CR-2:12.00"


def test_an_invoice_that_credits_covered_whole_gives_them_back():
    """Where nothing was taxed nothing is credited; the credits have it back."""
    notes = Notes(billed("100.00", before=["100.00"]))
    assert said(notes.credit({1: "25.00"})) == "0.00 0.00 0.00 CR-1:25.00"
    assert said(notes.credit()) == "0.00 0.00 0.00 CR-1:75.00"


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        ({1: "80.01"}, ["line 1: 80.01; allowed is more than 0 and up to 80.00 EUR, which is left of it"]),
        ({1: "0"}, ["line 1: 0; allowed is more than 0 and up to 80.00 EUR, which is left of it"]),
        ({1: "-5"}, ["line 1: -5; allowed is more than 0 and up to 80.00 EUR, which is left of it"]),
        ({1: "NaN"}, ["line 1: NaN; allowed is more than 0 and up to 80.00 EUR, which is left of it"]),
        ({1: "Infinity"}, ["line 1: Infinity; allowed is more than 0 and up to 80.00 EUR, which is left of it"]),
        ({1: "0.005"}, ["line 1: 0.005 is finer than the cents of EUR"]),
        ({2: "1"}, ["line 2: it comes to 0.00 EUR, so there is nothing to credit"]),
        ({3: "1"}, ["line 3: it is credited in full already"]),
        (
            {4: "1"},
            [
                (
                    "line 4: invoice 2026-000118 has no such line; allowed are 1 to 3; "
                    "credits that were set off are given back by themselves"
                )
            ],
        ),
        ({}, ["name at least one line, or none for the whole invoice"]),
        (
            {1: "90", 2: "1", 3: "2"},
            [
                "line 1: 90; allowed is more than 0 and up to 80.00 EUR, which is left of it",
                "line 2: it comes to 0.00 EUR, so there is nothing to credit",
                "line 3: it is credited in full already",
            ],
        ),
    ],
)
def test_what_can_not_be_credited_is_said_line_by_line(wanted, reasons):
    """A line is credited up to what is left of it; all that is wrong is said at once."""
    notes = Notes(billed("100.00", "0.00", "7.00", before=["1.00"]))
    notes.credit({1: "20.00", 3: "7.00"})
    assert notes.refused(wanted) == reasons
    assert notes.refused(wanted, " ") == ["a credit note needs a reason", *reasons]


def test_only_a_whole_invoice_is_billed_anew():
    """Parts of an invoice, or what an earlier note left of it, can not be billed anew: its entries stay billed."""
    notes = Notes(billed("100.00", "50.00"))
    anew = "only a whole invoice can be billed anew; "
    assert notes.refused({1: "5"}, rebill=True) == [f"{anew}name no lines of 2026-000118, or do not bill it anew"]
    whole = draft_credit_note(notes.invoice, [], None, "wrong month", rebill=True)
    assert (said(whole), whole.rebill) == ("150.00 30.00 180.00", True)
    notes.credit({1: "5"})
    assert notes.refused(rebill=True) == [f"{anew}2026-000118 was credited by CN-1"]


def test_an_empty_invoice_has_nothing_to_credit():
    """An invoice without lines, or whose lines come to nothing, can not be credited."""
    assert Notes(billed("0.00")).refused() == ["invoice 2026-000118 has nothing to credit"]
    assert Notes(billed()).refused({1: "1"}) == ["line 1: invoice 2026-000118 has no such line; it has none"]


def test_days_of_a_fee_are_credited_up_to_what_is_left_of_the_line():
    """A fee for days that a contract does not run becomes a note that names the days; less left means less given."""
    notes = Notes(billed("300.00", "60.00"))
    days = date(2026, 11, 11), date(2026, 11, 30)
    fees = [
        FeeRefund("2026-000118", 1, "K1", *days, Decimal("200.00"), "EUR"),
        FeeRefund("2026-000118", 2, "K1", *days, Decimal("40.00"), "EUR"),
    ]
    draft = draft_fee_credit(notes.invoice, [], fees, "Prepaid fee, contract ended")
    assert said(draft) == "240.00 48.00 288.00"
    assert [(line.detail, line.service_from, line.service_to) for line in draft.lines] == [
        ("11 Nov 2026 to 30 Nov 2026", "2026-11-11", "2026-11-30")
    ] * 2
    notes.credit({1: "250.00", 2: "60.00"})
    rest = draft_fee_credit(notes.invoice, notes.issued, fees, "Prepaid fee, contract ended")
    assert [(line.invoice_position, line.amount) for line in rest.lines] == [(1, Decimal("50.00"))]
    notes.credit()
    assert draft_fee_credit(notes.invoice, notes.issued, fees, "Prepaid fee, contract ended") is None


CENTS = st.integers(0, 400)


@given(
    lines=st.lists(CENTS, min_size=1, max_size=4),
    before=st.lists(st.integers(1, 200), max_size=3),
    after=st.lists(st.integers(1, 200), max_size=3),
    percent=st.sampled_from([None, "0", "5", "19", "20", "21.5", "100"]),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    data=st.data(),
)
def test_however_it_is_split_all_credit_notes_come_to_the_invoice(lines, before, after, percent, currency, data):
    """Never more than the invoice at any time, and at the end exactly it: net, tax, gross and every setoff."""

    def money(minor):
        return from_minor(minor, currency)

    charged, reductions, prepaid = sum(lines), [], []
    for cents in before:
        reductions.append(min(cents, charged - sum(reductions)))
    net = money(charged - sum(reductions))
    gross = to_minor(net + round_money(net * Decimal(percent or 0) / 100, currency), currency)
    for cents in after:
        prepaid.append(min(cents, gross - sum(prepaid)))
    taken = [[money(cents) for cents in setoffs if cents] for setoffs in (reductions, prepaid)]
    notes = Notes(billed(*map(money, lines), before=taken[0], after=taken[1], currency=currency, percent=percent))
    draft, left = notes.invoice.draft, dict(enumerate(lines, 1))
    while any(left.values()):
        open_lines = [position for position, cents in left.items() if cents]
        chosen = data.draw(st.lists(st.sampled_from(open_lines), unique=True))
        part = {position: data.draw(st.integers(1, left[position])) for position in chosen}
        if len(notes.issued) > 5 or not part:
            part, credited = left, notes.credit()
        else:
            credited = notes.credit({position: money(cents) for position, cents in part.items()})
        left = {position: cents - part.get(position, 0) for position, cents in left.items()}
        assert min(credited.net, credited.tax, credited.gross) >= 0
        assert credited.net + credited.tax == credited.gross
        assert credited.charged == credited.net + sum(r.amount for r in credited.reversals if r.setoff is BEFORE)
        drafts = [note.draft for note in notes.issued]
        for name in ("net", "tax", "gross"):
            assert sum(getattr(one, name) for one in drafts) <= getattr(draft, name)
        back = sum(r.amount for one in drafts for r in one.reversals if r.setoff is AFTER)
        assert back == max(0, sum(one.gross for one in drafts) - draft.amount_due)
    drafts = [note.draft for note in notes.issued]
    if drafts:
        for name in ("net", "tax", "gross"):
            assert sum(getattr(one, name) for one in drafts) == getattr(draft, name)
        for setoff in draft.setoffs:
            assert (
                sum(r.amount for one in drafts for r in one.reversals if r.position == setoff.position) == setoff.amount
            )
