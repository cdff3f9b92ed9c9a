"""Mail: each document is sent once to its customer, whatever the mail server says; what it said is known afterwards."""

import json
from dataclasses import replace

import pytest
from books import NOVEMBER, OCTOBER
from mail_server import DROP, PASSWORD, USER, FakeMail, free_port, make_certificate, started
from mailed import ADDRESSES, HEADER, Mailed, fill, mailing_settings, quick_documents
from sqlalchemy import func, select, update

from billing_engine.document_desk import DocumentDesk
from billing_engine.errors import InvoiceNotFoundError, MailError, RenderingError
from billing_engine.mailing_desk import PAUSES
from billing_engine.storage.document_tables import mails
from billing_engine.storage.stripe_outbox import sender_name

NOW_WAITS = "451 4.7.1 greylisted, try again later"
NEVER = "550 5.1.1 no such mailbox"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave out the rendering, which takes its time."""
    quick_documents(monkeypatch)


@pytest.fixture
def post():
    """Start a mail server."""
    with started() as fake:
        yield fake


@pytest.fixture
def mailed(opening, post):
    """Issue a month whose customers are mailed by that server."""
    return Mailed(opening(**mailing_settings(post.port)))


def test_each_invoice_is_sent_once(mailed, post):
    """To the customers who have an address, over one line; the second time nothing is sent."""
    states = mailed.send()
    one, two, three = mailed.numbers.values()
    assert states == {one: "sent", two: "sent", three: "no_address"}
    assert [(mail.recipients, mail.sender) for mail in post.mails] == [
        ([ADDRESSES["C1"]], "billing@nordlicht.example"),
        ([ADDRESSES["C2"]], "billing@nordlicht.example"),
    ]
    assert mailed.send() == mailed.states() == states
    assert len(post.mails) == 2
    assert post.connections == 1
    assert mailed.waited == []


def test_the_head_of_a_mail_says_who_writes_to_whom_when_and_in_what_language(mailed, post, opening):
    """A blind copy is in the envelope alone."""
    desk = mailed.desk()
    desk._settings = replace(  # noqa: SLF001 - the same month with other settings
        desk._settings,  # noqa: SLF001
        mail=replace(desk._settings.mail, sender="robot@mail.example", copy_to="archive@nordlicht.example"),  # noqa: SLF001
    )
    desk.send(OCTOBER)
    received = post.mails[1]
    head = received.message
    assert received.recipients == [ADDRESSES["C2"], "archive@nordlicht.example"]
    assert head["From"] == '"Nordlicht d.o.o." <robot@mail.example>'
    assert head["To"] == ADDRESSES["C2"]
    assert head["Reply-To"] == "billing@nordlicht.example"
    assert head["Date"] == "Tue, 03 Nov 2026 12:00:00 +0000"
    assert head["Content-Language"] == "de"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["Message-ID"].endswith("@mail.example>")
    assert (head["Bcc"], head["Cc"]) == (None, None)
    assert "archive" not in received.raw.decode("ascii")
    body, pdf = head.iter_parts()
    number = mailed.numbers["C2"]
    assert number in head["Subject"]
    assert number in body.get_content()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", f"{number}.pdf")
    assert pdf.get_content() == b"%PDF-1.7 " + number.encode()


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "end"])
def test_what_is_not_taken_for_now_is_tried_again_after_a_pause(mailed, post, step):
    """At whatever step the server says so; others are not held up, and the Message-ID stays."""
    post.script = {step: [NOW_WAITS]}
    assert set(mailed.send().values()) == {"sent", "no_address"}
    one, two, _ = mailed.numbers.values()
    assert post.numbers() == [two, one]
    assert mailed.waited == [PAUSES[0]]


def test_what_is_never_taken_stays_queued_until_the_next_call(mailed, post):
    """With the reason and the tries; exit and listing tell it from what failed."""
    post.script = {"rcpt": [NOW_WAITS] * 8}
    one, two, three = mailed.numbers.values()
    assert mailed.send() == {one: "queued", two: "queued", three: "no_address"}
    assert mailed.waited == list(PAUSES)
    assert mailed.notes() == {one: f"{ADDRESSES['C1']}: {NOW_WAITS}", two: f"{ADDRESSES['C2']}: {NOW_WAITS}"}
    assert [one.tries for one in mailed.desk().standings(OCTOBER)] == [4, 4, 0]
    assert mailed.send() == {one: "sent", two: "sent", three: "no_address"}
    assert sorted(post.numbers()) == [one, two]


@pytest.mark.parametrize("step", ["rcpt", "data", "end"])
def test_what_is_refused_has_failed_with_the_reason(mailed, post, step):
    """It is not tried again by itself; somebody may say so."""
    post.script = {step: [NEVER]}
    one, two, three = mailed.numbers.values()
    assert mailed.send() == {one: "failed", two: "sent", three: "no_address"}
    assert mailed.notes()[one].endswith(NEVER)
    assert mailed.send()[one] == "failed"
    assert post.numbers() == [two]
    mailed.desk().again(one)
    assert mailed.send(one) == {one: "sent"}
    assert post.numbers() == [two, one]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_line_lost_before_the_mail_is_taken_up_again(mailed, post, step):
    """Nothing can have arrived, so that it is sent again by itself, over a new line."""
    post.script = {step: [DROP]}
    assert set(mailed.send().values()) == {"sent", "no_address"}
    assert len(post.mails) == 2
    assert post.connections == 3
    assert len(mailed.waited) == 1


@pytest.mark.parametrize(("step", "arrived"), [("within", 1), ("end", 2)])
def test_a_line_lost_in_the_middle_of_a_mail_leaves_it_unknown(mailed, post, step, arrived):
    """Nobody knows whether it arrived: it is never sent again by itself, and the others are sent."""
    post.script = {step: [DROP]}
    one, two, three = mailed.numbers.values()
    assert mailed.send() == {one: "unknown", two: "sent", three: "no_address"}
    assert "the line was lost while it was sent" in mailed.notes()[one]
    assert mailed.send()[one] == "unknown"
    assert len(post.mails) == arrived
    (standing,) = mailed.desk().standings(None, [one])
    assert standing.command == f"billing-engine invoice send --again {one}"
    mailed.desk().again(one)
    assert mailed.send(one) == {one: "sent"}
    ids = {number: mail.message["Message-ID"] for number, mail in zip(post.numbers(), post.mails, strict=True)}
    assert len(ids) == 2
    assert len({mail.message["Message-ID"] for mail in post.mails}) == 2


def test_what_was_sent_goes_again_as_a_mail_of_its_own(mailed, post):
    """With another Message-ID, or mail programs would hide it; to the address that the customer has now."""
    mailed.send()
    one = mailed.numbers["C1"]
    mailed.books.take(customers=[HEADER, "C1,Company C1,CZ,EUR,new@aurora.example,en,Main Street 1"])
    mailed.desk().again(one)
    assert mailed.send(one) == {one: "sent"}
    first, second = (mail for mail in post.mails if mail.recipients != [ADDRESSES["C2"]])
    assert second.recipients == ["new@aurora.example"]
    assert first.message["Message-ID"] != second.message["Message-ID"]


def test_a_server_that_is_not_there_leaves_all_queued(opening):
    """One reason for all, a few tries; when it is back, all is sent."""
    port = free_port()
    mailed = Mailed(opening(**mailing_settings(port)))
    one, two, three = mailed.numbers.values()
    assert mailed.send() == {one: "queued", two: "queued", three: "no_address"}
    assert mailed.waited == list(PAUSES)
    assert all("can not be reached" in note for note in mailed.notes().values())
    back = FakeMail()
    back.port = port
    with started(back):
        assert set(mailed.send().values()) == {"sent", "no_address"}


def test_a_server_that_comes_back_while_it_is_waited_for(opening):
    """The pauses are for that."""
    fake = FakeMail()
    fake.port = free_port()
    mailed = Mailed(opening(**mailing_settings(fake.port)))
    running = []

    def pause(_):
        if not running:
            running.append(started(fake))
            running[0].__enter__()

    assert set(mailed.send(pause=pause).values()) == {"sent", "no_address"}
    running[0].__exit__(None, None, None)


def test_a_sender_that_the_server_does_not_take_stops_all(mailed, post):
    """That is for the settings to mend; nothing has failed, and all is sent once it is."""
    post.script = {"mail": ["553 5.7.1 not your address"]}
    with pytest.raises(MailError, match=r"takes no mail from billing@nordlicht\.example: 553"):
        mailed.send()
    assert set(mailed.states().values()) == {"queued", "no_address"}
    assert set(mailed.send().values()) == {"sent", "no_address"}


def test_a_mail_that_is_too_big_has_failed_alone(mailed, post):
    """The server says so before it has it."""
    post.script = {"mail": ["552 5.3.4 message too big"]}
    assert sorted(mailed.send().values()) == ["failed", "no_address", "sent"]


def test_what_can_not_be_rendered_waits_and_holds_nobody_up(mailed, post, monkeypatch):
    """It was not taken, so that the next call tries again."""
    one, two, three = mailed.numbers.values()

    def broken(_, number, **_how):
        if number == one:
            raise RenderingError("no memory")
        return b"%PDF"

    with monkeypatch.context() as patch:
        patch.setattr(DocumentDesk, "invoice_pdf", broken)
        assert mailed.send() == {one: "queued", two: "sent", three: "no_address"}
    assert mailed.notes() == {one: "no memory"}
    assert mailed.waited == []
    assert mailed.send()[one] == "sent"


def test_an_address_that_is_not_one_address_is_listed(opening, post):
    """Nothing is sent to anybody of a list, and nothing is injected; mended, it is sent."""
    strange = {"C1": "a@x.example b@y.example", "C2": "Boss <boss@x.example>", "C3": "x@nodot"}
    books = opening(**mailing_settings(post.port))
    numbers = fill(books, strange)
    mailed = Mailed(books, numbers)
    assert set(mailed.send().values()) == {"wrong_address"}
    assert post.mails == []
    books.take(customers=[HEADER, "C1,Company C1,CZ,EUR,a@x.example,en,Main Street 1"])
    assert mailed.send()[numbers["C1"]] == "sent"


def test_an_address_that_changes_while_a_mail_waits_is_the_one_it_goes_to(mailed, post):
    """Whoever left the customer gets nothing any more."""
    post.script = {"rcpt": [NOW_WAITS] * 8}
    mailed.send()
    mailed.books.take(
        customers=[
            HEADER,
            "C1,Company C1,CZ,EUR,new@aurora.example,en,Main Street 1",
            "C2,Company C2,CZ,EUR,,de,Main Street 1",
        ]
    )
    one, two, three = mailed.numbers.values()
    assert mailed.send() == {one: "sent", two: "no_address", three: "no_address"}
    assert [mail.recipients for mail in post.mails] == [["new@aurora.example"]]


def test_a_voided_invoice_is_not_sent_and_its_credit_note_is(mailed, post):
    """Also where it waited already; the credit note belongs to the month in which it was issued."""
    post.script = {"rcpt": [NOW_WAITS] * 8}
    mailed.send()
    one, two, _ = mailed.numbers.values()
    issued = mailed.billing.read_invoice(one)
    mailed.books.credit_note(issued, "2026-11-05")
    assert mailed.send()[one] == "voided"
    assert post.numbers() == [two]
    found = mailed.desk().send(NOVEMBER, with_credit_notes=True)
    assert [(mail.kind, mail.state) for mail in found] == [("credit_note", "sent")]
    assert post.numbers() == [two, "CN-2026-000001"]
    assert f"invoice {one}" in post.mails[-1].message["Subject"]
    with pytest.raises(MailError, match="was not sent yet"):
        mailed.desk().again(one)


def test_an_invoice_that_is_voided_while_it_waits_is_not_sent(mailed, post):
    """Also within one call, in whose pause somebody credits it."""
    post.script = {"rcpt": [NOW_WAITS]}
    one = mailed.numbers["C1"]
    states = mailed.send(pause=lambda _: mailed.books.credit_note(mailed.billing.read_invoice(one), "2026-11-05"))
    assert states[one] == "voided"
    assert post.numbers() == [mailed.numbers["C2"]]


def test_numbers_choose_what_is_sent(mailed, post):
    """Of a month or without one; each once, however often it is named."""
    one, two, _ = mailed.numbers.values()
    assert mailed.send(two, two) == {two: "sent"}
    assert mailed.states() | {two: "sent"} == {**mailed.states()}
    assert mailed.states()[one] == "to_send"
    with pytest.raises(InvoiceNotFoundError, match="there is no invoice or credit note 'X'"):
        mailed.send("X")
    with pytest.raises(InvoiceNotFoundError, match="not of 2026-11"):
        mailed.desk().send(NOVEMBER, [one])
    assert post.numbers() == [two]


def test_looking_changes_nothing(mailed, post):
    """A dry run and a listing write nothing and need no server."""
    before = mailed.books.dump()
    assert sorted(mailed.states().values()) == ["no_address", "to_send", "to_send"]
    assert mailed.books.dump() == before


def test_the_trail_says_what_was_mailed_and_to_which_domain(mailed, post):
    """The whole address is personal, and a trail is for good."""
    mailed.send()
    one = mailed.numbers["C1"]
    mailed.desk().again(one)
    mailed.send(one)
    events = [event for event in mailed.billing.audit_trail(one) if "mailed" in event.action]
    assert [event.action for event in events] == ["invoice.mailed", "invoice.mailed_again", "invoice.mailed"]
    assert json.loads(events[0].details)["domain"] == "aurora.example"
    assert "ap@" not in "".join(event.details for event in events)
    assert mailed.billing.verify_trail().intact


def test_a_sender_that_is_gone_leaves_a_mail_unknown_and_one_that_is_there_is_left_alone(mailed, post):
    """Another process of this machine that lives, or one elsewhere that may; until nobody takes that long."""
    one, two, _ = mailed.numbers.values()
    post.script = {"rcpt": [NOW_WAITS] * 8}
    mailed.send()
    living, dead = sender_name(1), sender_name(1).replace(sender_name(1).split("/")[1], "4194999")
    now = int(mailed.clock.stamp())
    for number, name in ((one, living), (two, dead)):
        with mailed.books.database.begin() as connection:
            values = {"state": "sending", "note": name, "changed_at": now}
            connection.execute(update(mails).where(mails.c.number == number).values(**values))
    assert mailed.states() | {one: "sending", two: "unknown"} == mailed.states()
    with pytest.raises(MailError, match="is being sent just now"):
        mailed.desk().again(one)
    sent = mailed.send()
    assert (sent[one], sent[two]) == ("sending", "unknown")
    assert post.mails == []
    mailed.clock.pass_hours(1)
    assert mailed.send()[one] == "unknown"
    mailed.desk().again(two)
    assert mailed.send(two) == {two: "sent"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_valid_stops_all(opening, tmp_path, monkeypatch, security):
    """Known, it is enough; for another name, or not known, nothing is said to the server."""
    known, other = tmp_path / "known", tmp_path / "other"
    known.mkdir()
    other.mkdir()
    right, wrong = make_certificate(known), make_certificate(other, "DNS:elsewhere.example")
    with started(certificate=right, security=security, authenticated=security == "starttls") as fake:
        user = USER if security == "starttls" else ""
        mailed = Mailed(opening(**mailing_settings(fake.port, security=security, user=user)))
        with pytest.raises(MailError, match=r"certificate of 127\.0\.0\.1 is not valid"):
            mailed.send(password=PASSWORD)
        assert fake.mails == []
        assert fake.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", right.chain)
        assert set(mailed.send(password=PASSWORD).values()) == {"sent", "no_address"}
        assert fake.logins == ([True] if user else [])
    monkeypatch.setenv("SSL_CERT_FILE", wrong.chain)
    with started(certificate=wrong, security=security) as fake:
        mailed = Mailed(opening(**mailing_settings(fake.port, security=security)))
        with pytest.raises(MailError, match="is not valid"):
            mailed.send()


def test_a_server_without_tls_gets_no_password(opening):
    """STARTTLS that is not offered ends it; nothing is sent in the open."""
    with started() as fake:
        mailed = Mailed(opening(**mailing_settings(fake.port, security="starttls", user=USER)))
        with pytest.raises(MailError, match="STARTTLS extension not supported"):
            mailed.send(password=PASSWORD)
        assert fake.mails == []


def test_a_wrong_password_stops_all_and_is_written_nowhere(opening, tmp_path, monkeypatch, caplog):
    """Neither a wrong nor a right one is in what is said, in the database, or in a log."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", certificate.chain)
    caplog.set_level("DEBUG", "billing_engine")
    with started(certificate=certificate, security="starttls", authenticated=True) as fake:
        mailed = Mailed(opening(**mailing_settings(fake.port, security="starttls", user=USER)))
        with pytest.raises(MailError, match="did not accept user and password") as refused:
            mailed.send(password="Wr0ng-one")  # noqa: S106 - that is what is tried
        with pytest.raises(MailError, match="can only have ASCII"):
            mailed.send(password="Wr0ng-öne")  # noqa: S106
        with pytest.raises(MailError, match="BILLING_ENGINE_SMTP_PASSWORD is not set"):
            mailed.send()
        assert set(mailed.send(password=PASSWORD).values()) == {"sent", "no_address"}
        assert fake.logins[-1]
    said = f"{refused.value} {refused.value.__cause__} {mailed.books.dump()} {mailed.desk(PASSWORD).__dict__.keys()}"
    for secret in ("Wr0ng", PASSWORD):
        assert secret not in said
        assert all(secret not in record.getMessage() for record in caplog.records if record.name != "mail.log")


def test_each_mail_is_kept_once(mailed, post):
    """Whatever is done, in whatever order."""
    one = mailed.numbers["C1"]
    mailed.send(one)
    mailed.send()
    mailed.desk().again(one)
    mailed.send()
    with mailed.books.database.connect() as connection:
        counted = connection.execute(select(mails.c.number, func.count()).group_by(mails.c.number)).all()
    assert {count for _, count in counted} == {1}
    assert len(counted) == 2
