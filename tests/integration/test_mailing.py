"""Mail: each document is sent once to its customer, whatever the mail server says and whoever is stopped."""

import pytest
from mail_server import started
from mailed import ADDRESSES, Mailed, mailing_settings

from billing_engine.document_desk import DocumentDesk


@pytest.fixture
def quick(monkeypatch):
    """Leave out the rendering, which takes its time."""
    monkeypatch.setattr(DocumentDesk, "invoice_pdf", lambda _, number, **_how: b"%PDF-1.7 " + number.encode())
    monkeypatch.setattr(DocumentDesk, "credit_note_pdf", lambda _, number: b"%PDF-1.7 " + number.encode())


@pytest.fixture
def post():
    """Start a mail server."""
    with started() as fake:
        yield fake


@pytest.fixture
def mailed(opening, post):
    """Issue a month whose customers are mailed by that server."""
    return Mailed(opening(**mailing_settings(post.port)))


def test_each_invoice_is_sent_once(mailed, post, quick):
    """To the customers who have an address; the second time nothing is sent."""
    states = mailed.send()
    one, two, three = (mailed.numbers[customer] for customer in ADDRESSES)
    assert states == {one: "sent", two: "sent", three: "no_address"}
    assert [(mail.recipients, mail.sender) for mail in post.mails] == [
        (["ap@aurora.example"], "billing@nordlicht.example"),
        (["office@balkan.example"], "billing@nordlicht.example"),
    ]
    assert mailed.send() == states
    assert len(post.mails) == 2
    assert post.connections == 1
    assert mailed.waited == []
