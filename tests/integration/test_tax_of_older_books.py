"""Books of before there were categories of VAT: their invoices say what they said, and are credited as ever."""

from decimal import Decimal

import pytest
from books import OCTOBER, figures
from sqlalchemy import text
from test_upgrade import earlier, switch_off_triggers, upgraded

from billing_engine import json_shapes, receivables_shapes
from billing_engine.doctor import verify_trail
from billing_engine.model.content_hash import content_hash
from billing_engine.model.period import Month

__all__ = ["earlier", "upgraded"]

OLD = [f"2026-00000{number}" for number in range(1, 6)]


def test_older_invoices_have_one_category(upgraded):
    """Nothing was written into them: it is derived, and their JSON has no new key."""
    for number in OLD:
        issued = upgraded.billing.read_invoice(number)
        draft = issued.draft
        assert (draft.taxes, draft.home_tax) == ((), None)
        assert {(line.tax_category, line.tax_percent) for line in draft.lines} <= {("", None)}
        (only,) = draft.tax_subtotals
        assert (str(only.category), only.percent, only.net, only.tax) == ("S", 20, draft.net, draft.tax)
        assert {draft.tax_key(line) for line in draft.lines} <= {only.key}
        shown = json_shapes.invoice(issued, issued.issued_on)
        assert {"taxes", "home_tax"} & shown.keys() == set()


@pytest.mark.parametrize("number", OLD)
def test_older_invoices_are_credited_to_the_cent(upgraded, number):
    """A part, and then the rest: net, tax and what goes back to credits are the invoice, and the books are sound."""
    issued = upgraded.billing.read_invoice(number)
    known = content_hash(issued.draft)
    before = sum(note.draft.gross for note in upgraded.billing.receivables.credit_notes(invoice=number))
    part = upgraded.credit_note(issued, "2027-01-10", {1: "33.33"}).credit_note
    assert [(str(one.category), one.percent, one.net, one.tax) for one in part.draft.taxes] == [
        ("S", 20, part.draft.net, part.draft.tax)
    ]
    rest = upgraded.credit_note(issued, "2027-01-11").credit_note
    notes = upgraded.billing.receivables.credit_notes(invoice=number)
    assert before == 0
    assert [note.draft for note in notes] == [part.draft, rest.draft]
    for name in ("net", "tax", "gross"):
        assert sum(getattr(note.draft, name) for note in notes) == getattr(issued.draft, name)
    assert "taxes" not in receivables_shapes.credit_note(rest)
    assert content_hash(upgraded.billing.read_invoice(number).draft) == known
    assert upgraded.billing.doctor().healthy
    assert upgraded.billing.verify_trail().intact


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE billing_invoice_lines SET tax_category = 'E' WHERE position = 1",
        'UPDATE billing_invoices SET home_tax = \'{"currency": "RSD"}\' WHERE sequence = 1',
        "UPDATE billing_invoice_entries SET parts = '[[\"overage\", 60]]'",
        (
            'UPDATE billing_invoices SET taxes = \'[{"category": "S", "percent": "20", "net_minor": 100000, '
            '"tax_minor": 20000, "note": "", "code": ""}]\' WHERE sequence = 1'
        ),
    ],
)
def test_what_is_put_into_new_columns_of_older_invoices_is_found(upgraded, change):
    """It is no part of what was issued, even where it says the same."""
    with upgraded.database.connect() as connection:
        switch_off_triggers(connection)
        assert connection.execute(text(change)).rowcount > 0
        found = {one.name for one in verify_trail(connection).checks if not one.passed}
        connection.rollback()
    assert found == {"audit.invoices"}


def test_months_after_the_upgrade_carry_categories(upgraded):
    """Beside the older ones, in the same books, in the same figures."""
    upgraded.take(customers=["C9,Delta,RS,EUR"], contracts=["K9,C9,trifft,premium,2027-01-01,,100.00,"])
    issued = upgraded.issue(Month(2027, 1), "2027-02-01", customer="C9")
    assert [(str(one.category), one.percent, one.net, one.tax) for one in issued.draft.taxes] == [
        ("S", 20, Decimal(100), Decimal(20))
    ]
    assert figures(issued) == "100.00 20.00 120.00 120.00"
    assert len(upgraded.billing.list_invoices(OCTOBER)) > 0
    assert upgraded.billing.doctor().healthy
