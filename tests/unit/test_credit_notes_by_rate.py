"""Credit notes on invoices with several categories of VAT: all together are the invoice, category by category."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from einvoices import taxed
from hypothesis import given
from hypothesis import strategies as st
from invoices import FEE, invoice

from billing_engine.errors import CreditNoteError
from billing_engine.invoicing.checks import check_draft
from billing_engine.invoicing.credit_note import draft_credit_note, draft_fee_credit, left_of_lines
from billing_engine.model.credit_note import CreditNote, subtotals_of
from billing_engine.model.history import FeeRefund
from billing_engine.model.invoice import InvoiceSetoff
from billing_engine.model.money import from_minor, plain, round_money, to_minor
from billing_engine.model.sla_terms import Setoff
from billing_engine.model.tax import TaxCategory

BEFORE, AFTER = Setoff.BEFORE_TAX, Setoff.AFTER_TAX
S20, S10, S5 = (("S", Decimal(percent)) for percent in ("20", "10", "5.5"))
ZERO_RATED, EXEMPT, REVERSED = ("Z", Decimal(0)), ("E", Decimal(0)), ("AE", Decimal(0))
KEYS = [S20, S10, S5, ZERO_RATED, EXEMPT, REVERSED]


def lines(amounts, currency="EUR"):
    """Make lines of these minor units."""
    return [
        replace(FEE, position=n, unit_price=from_minor(amount, currency), amount=from_minor(amount, currency))
        for n, amount in enumerate(amounts, 1)
    ]


def setoffs(credits_, currency="EUR"):
    """Make setoffs of modes and minor units."""
    return tuple(
        InvoiceSetoff(n, f"CR-{n}", f"CR-{n}", "Sorry", from_minor(amount, currency), mode)
        for n, (mode, amount) in enumerate(credits_, 1)
    )


def billed(*amounts_and_keys, before=(), after=(), currency="EUR"):
    """Issue an invoice of minor units by category, lowered by credits of minor units."""
    amounts, keys = zip(*amounts_and_keys, strict=True)
    credits_ = [(BEFORE, amount) for amount in before] + [(AFTER, amount) for amount in after]
    issued = taxed(lines(amounts, currency), *keys, currency=currency, setoffs=setoffs(credits_, currency))
    check_draft(issued.draft)
    return issued


def untold(issued):
    """Write an invoice of one rate as it was before there were categories."""
    (only,) = issued.draft.taxes
    charged = only.category in (TaxCategory.STANDARD, TaxCategory.ZERO)
    former = [replace(line, tax_category="", tax_percent=None) for line in issued.draft.lines]
    percent = only.percent if charged else None
    return replace(issued, draft=replace(issued.draft, taxes=(), lines=tuple(former), tax_percent=percent))


class Notes:
    """Credits one invoice again and again; after each note nothing may be taken back twice."""

    def __init__(self, issued):
        self.invoice = issued
        self.issued = []

    def credit(self, wanted=None):
        """Credit amounts by line, or all that is left; returns the draft."""
        if wanted is not None:
            wanted = {position: Decimal(amount) for position, amount in wanted.items()}
        return self.take(draft_credit_note(self.invoice, self.issued, wanted, "wrong"))

    def take(self, draft):
        """Issue a draft."""
        self.issued.append(CreditNote(f"CN-{len(self.issued) + 1}", date(2026, 11, 20), draft))
        self._check(draft)
        return draft

    def _check(self, draft):
        billed_, currency = self.invoice.draft, self.invoice.draft.currency
        assert sum(one.net for one in draft.taxes) == draft.net
        assert sum(one.tax for one in draft.taxes) == draft.tax
        assert draft.gross == draft.net + draft.tax
        back = sum(reversal.amount for reversal in draft.reversals if reversal.setoff is BEFORE)
        assert draft.charged - back == draft.net >= 0
        assert all(reversal.amount > 0 for reversal in draft.reversals)
        for one in billed_.tax_subtotals:
            taken = self.taken(one.key)
            assert 0 <= taken[0] <= one.net
            assert 0 <= taken[1] <= one.tax
            assert round_money(taken[1], currency) == taken[1]
            if taken[0] == one.net:
                assert taken[1] == one.tax
        after = sum(note.draft.gross for note in self.issued) - self.invoice.amount_due
        given_back = [r.amount for note in self.issued for r in note.draft.reversals if r.setoff is AFTER]
        assert sum(given_back) == max(0, after)

    def taken(self, key):
        """Return what all notes take back of a category."""
        of_key = [one for note in self.issued for one in subtotals_of(note.draft, self.invoice) if one.key == key]
        return sum(one.net for one in of_key), sum(one.tax for one in of_key)

    def check_whole(self):
        """All of them together are the invoice: each category, each line, each setoff."""
        draft = self.invoice.draft
        for one in draft.tax_subtotals:
            assert self.taken(one.key) == (one.net, one.tax)
        for name in ("net", "tax", "gross"):
            assert sum(getattr(note.draft, name) for note in self.issued) == getattr(draft, name)
        for setoff in draft.setoffs:
            back = [r for note in self.issued for r in note.draft.reversals if r.position == setoff.position]
            assert sum(reversal.amount for reversal in back) == setoff.amount
            assert {(reversal.credit, reversal.setoff) for reversal in back} == {(setoff.credit, setoff.setoff)}
        assert left_of_lines(self.invoice, self.issued) == {}
        with pytest.raises(CreditNoteError, match="nothing to credit"):
            self.credit()


@st.composite
def invoices(draw, most_keys=4):
    """Draw an invoice of several categories with credits before and after tax."""
    currency = draw(st.sampled_from(["EUR", "EUR", "JPY", "KWD"]))
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=most_keys, unique=True))
    amounts = draw(st.lists(st.integers(1, 10**6) | st.integers(1, 9), min_size=len(keys), max_size=7))
    of_line = [*keys, *(draw(st.sampled_from(keys)) for _ in amounts[len(keys) :])]
    charged, before = sum(amounts), []
    for part in draw(st.lists(st.integers(1, 10**6) | st.integers(1, 9) | st.none(), max_size=3)):
        amount = charged if part is None else min(part, charged)
        if amount:
            before.append(amount)
            charged -= amount
    issued = billed(*zip(amounts, of_line, strict=True), before=before, currency=currency)
    due, after = to_minor(issued.draft.gross, currency), []
    for part in draw(st.lists(st.integers(1, 10**6) | st.none(), max_size=2)):
        amount = due if part is None else min(part, due)
        if amount:
            after.append(amount)
            due -= amount
    return billed(*zip(amounts, of_line, strict=True), before=before, after=after, currency=currency)


def credit_in_parts(notes, data):
    """Credit parts of some lines at a time, in any order, then all that is left."""
    currency = notes.invoice.draft.currency
    for _ in range(data.draw(st.integers(0, 6))):
        left = left_of_lines(notes.invoice, notes.issued)
        if not left:
            break
        chosen = data.draw(st.lists(st.sampled_from(sorted(left)), min_size=1, unique=True))
        wanted = {}
        for position in chosen:
            most = to_minor(left[position], currency)
            wanted[position] = from_minor(data.draw(st.just(most) | st.integers(1, most)), currency)
        notes.credit(wanted)
    if left_of_lines(notes.invoice, notes.issued):
        notes.credit()
    notes.check_whole()


@given(invoices(), st.data())
def test_all_credit_notes_together_are_the_invoice(issued, data):
    """By line, in parts, in any order: net and tax of each category come out to the cent, and all credits are back."""
    credit_in_parts(Notes(issued), data)


@given(invoices(most_keys=1), st.data())
def test_invoices_of_before_there_were_categories_are_credited_as_they_were(issued, data):
    """Their notes come to the same as those of the same invoice with its one category."""
    older = Notes(untold(issued))
    credit_in_parts(older, data)
    newer = Notes(issued)
    for note in older.issued:
        newer.credit({line.invoice_position: line.amount for line in note.draft.lines})
    for old, new in zip(older.issued, newer.issued, strict=True):
        assert (old.draft.net, old.draft.tax, old.draft.gross) == (new.draft.net, new.draft.tax, new.draft.gross)
        assert old.draft.reversals == new.draft.reversals


@given(invoices(most_keys=1), st.integers(1, 10**6))
def test_credit_notes_of_before_there_were_categories_count(issued, most):
    """An old note without categories is of the invoice's only one; the next one takes what it left."""
    issued = untold(issued)
    amount = min(issued.draft.lines[0].amount, from_minor(most, issued.draft.currency))
    notes = Notes(issued)
    notes.credit({1: amount})
    notes.issued = [replace(note, draft=replace(note.draft, taxes=())) for note in notes.issued]
    if left_of_lines(issued, notes.issued):
        notes.credit()
    notes.check_whole()


@given(invoices(), st.randoms())
def test_each_line_by_itself_is_the_whole_too(issued, random):
    """A note a line, in any order."""
    notes = Notes(issued)
    positions = [line.position for line in issued.draft.lines]
    for position in random.sample(positions, len(positions)):
        notes.credit({position: issued.draft.lines[position - 1].amount})
    notes.check_whole()


@given(invoices())
def test_the_whole_at_once_is_the_invoice_mirrored(issued):
    """Its categories are those of the invoice, with their legal texts."""
    notes = Notes(issued)
    draft = notes.credit()
    assert {one.key: one for one in draft.taxes} == {one.key: one for one in issued.draft.taxes}
    assert [reversal.position for reversal in draft.reversals] == [setoff.position for setoff in issued.draft.setoffs]
    notes.check_whole()


@given(invoices(), st.data())
def test_the_tax_of_a_note_is_the_rate_of_its_net_but_for_what_is_left(issued, data):
    """A single note is rounded half up at the rate of each category, never more than was charged."""
    position = data.draw(st.sampled_from([line.position for line in issued.draft.lines]))
    most = to_minor(issued.draft.lines[position - 1].amount, issued.draft.currency)
    amount = from_minor(data.draw(st.integers(1, most)), issued.draft.currency)
    draft = draft_credit_note(issued, [], {position: amount}, "wrong")
    (only,) = draft.taxes
    whole = next(one for one in issued.draft.taxes if one.key == only.key)
    exact = round_money(Fraction(only.net) * Fraction(only.percent) / 100, issued.draft.currency)
    assert only.key == issued.draft.tax_key(issued.draft.lines[position - 1])
    assert only.tax == (whole.tax if only.net == whole.net else min(whole.tax, exact))
    assert (only.note, only.code) == (whole.note, whole.code)


def said(draft):
    """Write net and tax of each category, and what goes back to which credit."""
    taxes = [f"{one.category}{one.percent:f}: {plain(one.net)} {plain(one.tax)}" for one in draft.taxes]
    return [*taxes, *(f"{r.credit}: {plain(r.amount)}" for r in draft.reversals)]


def test_a_line_of_one_category_leaves_the_others_alone():
    """300.00 at 20 % and 100.00 at 10 %: a train ticket taken back changes nothing of the fee."""
    notes = Notes(billed((30_000, S20), (10_000, S10)))
    assert said(notes.credit({2: "40.00"})) == ["S10: 40.00 4.00"]
    assert said(notes.credit({1: "100.00", 2: "60.00"})) == ["S20: 100.00 20.00", "S10: 60.00 6.00"]
    assert said(notes.credit()) == ["S20: 200.00 40.00"]
    notes.check_whole()


def test_credits_before_tax_go_back_as_their_category_runs_out():
    """80.00 off 300.00 and 100.00: the ticket's 20.00 goes back with the ticket, the fee's 60.00 with the fee."""
    notes = Notes(billed((30_000, S20), (10_000, S10), before=[5_000, 3_000]))
    assert said(notes.credit({2: "90.00"})) == ["S10: 80.00 8.00", "CR-2: 10.00"]
    assert said(notes.credit({2: "10.00"})) == ["S10: 0.00 0.00", "CR-2: 10.00"]
    assert said(notes.credit({1: "240.00"})) == ["S20: 240.00 48.00"]
    assert said(notes.credit()) == ["S20: 0.00 0.00", "CR-1: 50.00", "CR-2: 10.00"]
    notes.check_whole()


def test_credits_after_tax_go_back_once_more_is_credited_than_was_due():
    """Whatever category it is of: gross 470.00, 100.00 set off, 370.00 due."""
    notes = Notes(billed((30_000, S20), (10_000, S10), after=[6_000, 4_000]))
    assert said(notes.credit({1: "300.00"})) == ["S20: 300.00 60.00"]
    assert said(notes.credit({2: "50.00"})) == ["S10: 50.00 5.00", "CR-1: 5.00", "CR-2: 40.00"]
    assert said(notes.credit()) == ["S10: 50.00 5.00", "CR-1: 55.00"]
    notes.check_whole()


def test_the_last_note_of_a_category_takes_its_rest_of_the_tax():
    """Three cents at 20 % have one cent of tax: it is of the last, whatever happens to the other category."""
    notes = Notes(billed((3, S20), (3, S5)))
    assert said(notes.credit({1: "0.01", 2: "0.01"})) == ["S20: 0.01 0.00", "S5.5: 0.01 0.00"]
    assert said(notes.credit({1: "0.01", 2: "0.02"})) == ["S20: 0.01 0.00", "S5.5: 0.02 0.00"]
    assert said(notes.credit()) == ["S20: 0.01 0.01"]
    notes.check_whole()


def test_no_category_gives_back_more_tax_than_it_has():
    """Six cents at 20 % have one cent of tax: 3 and 2 cents, each rounded up, would give back two."""
    notes = Notes(billed((6, S20), (30_000, S10)))
    assert said(notes.credit({1: "0.03"})) == ["S20: 0.03 0.01"]
    assert said(notes.credit({1: "0.02", 2: "300.00"})) == ["S20: 0.02 0.00", "S10: 300.00 30.00"]
    assert said(notes.credit()) == ["S20: 0.01 0.00"]
    notes.check_whole()


def test_reverse_charge_is_credited_without_tax_and_with_its_text():
    """Also in part; the note says by which law there is none."""
    draft = Notes(billed((30_000, REVERSED))).credit({1: "100.00"})
    assert said(draft) == ["AE0: 100.00 0.00"]
    assert (draft.tax_percent, draft.taxes[0].code) == (None, "VATEX-EU-AE")


def test_days_of_a_fee_are_credited_in_its_category():
    """What is paid back of a prepaid fee has the rate of the fee, not that of the expense beside it."""
    issued = billed((120_000, S10), (5_000, S20))
    refund = FeeRefund("2026-000118", 1, "K1", date(2026, 12, 1), date(2027, 9, 30), Decimal(1000), "EUR")
    notes = Notes(issued)
    draft = draft_fee_credit(issued, [], [refund], "ended")
    assert said(notes.take(draft)) == ["S10: 1000.00 100.00"]
    notes.credit()
    notes.check_whole()


@pytest.mark.parametrize(("percent", "category"), [(Decimal(20), "S"), (Decimal(0), "Z"), (None, "E")])
def test_an_older_invoice_says_its_one_category_on_the_note(percent, category):
    """What it is derived as."""
    tax = Decimal("360.00") * (percent or 0) / 100
    issued = invoice(tax_percent=percent, tax=tax, gross=Decimal("360.00") + tax)
    draft = Notes(issued).credit({1: "36.00"})
    assert said(draft) == [f"{category}{percent or 0}: 36.00 {plain((percent or 0) * Decimal('0.36'))}"]
