"""Messages and addresses: what a mail's head can hold, and that nobody writes into it."""

import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.errors import MailError
from billing_engine.mailing.message import Letter, message_bytes, new_message_id
from billing_engine.mailing.smtp import MailAccess, MailServer, Outcome
from billing_engine.model.mail import MailState, is_address

LETTER = Letter(
    message_id="<1@nordlicht.example>",
    sent_at=1_793_620_800,
    sender="billing@nordlicht.example",
    sender_name="Nordlicht d.o.o.",
    reply_to="office@nordlicht.example",
    recipient="ap@aurora.example",
    language="sr-Cyrl",
    subject="Фактура 2026-000118",
    body="Поштовани,\n\n.\n.. рачун\n",
    file_name="2026-000118.pdf",
    pdf=b"%PDF-1.7\r\n.\r\n\x00\xff",
)


HEAD = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("Content-Language", "Content-Type", "MIME-Version"),
}


def read(letter):
    """Write a message and read it back."""
    written = message_bytes(letter)
    assert written.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", written) is None
    assert max(map(len, written.split(b"\r\n"))) <= 998
    return message_from_bytes(written, policy=policy.default)


def test_a_message_says_all_that_it_was_given():
    """In any script, with the file as it is."""
    message = read(LETTER)
    assert message["Subject"] == LETTER.subject
    assert message["From"].addresses[0].addr_spec == LETTER.sender
    assert message["From"].addresses[0].display_name == LETTER.sender_name
    assert (message["To"], message["Reply-To"]) == (LETTER.recipient, LETTER.reply_to)
    assert message["Date"] == "Mon, 02 Nov 2026 12:00:00 +0000"
    assert message["Content-Language"] == "sr-Cyrl"
    body, pdf = message.iter_parts()
    assert body.get_content().replace("\r\n", "\n") == LETTER.body
    assert pdf.get_content() == LETTER.pdf
    assert pdf.get_filename() == LETTER.file_name


@pytest.mark.parametrize("field", ["subject", "sender_name", "message_id", "language", "file_name"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x85", "\u2028"], ids=ascii)
def test_nobody_adds_a_head_by_a_line_break(field, end):
    """It is refused."""
    hostile = f"Hello{end}Bcc: victim@x.example{end}{end}Read this"
    with pytest.raises(MailError, match="characters that the head of a mail can not have"):
        message_bytes(replace(LETTER, **{field: hostile}))


@given(name=st.text(max_size=300), subject=st.text(max_size=300))
def test_whatever_names_and_subjects_hold_the_head_has_its_own_fields_alone(name, subject):
    """Quotes, brackets, commas, other scripts, controls."""
    try:
        message = read(replace(LETTER, sender_name=name, subject=subject))
    except MailError:
        return
    assert [address.addr_spec for address in message["From"].addresses] == [LETTER.sender]
    assert len(message.keys()) == len(HEAD)
    assert set(message.keys()) == HEAD
    assert message["To"] == LETTER.recipient


GOOD = ["a@b.example", "first.last+tag@sub.domain.example", "o'neill@x.ie", "x_y-z@xn--bcher-kva.example", "1@2.de"]
BAD = [
    "",
    "a",
    "a@b",
    "@b.example",
    "a@",
    "a@b.example, c@d.example",
    "a@b.example;c@d.example",
    "A <a@b.example>",
    "a@b.example\nBcc: c@d.example",
    "a@b.example\r\n",
    " a@b.example",
    "a b@c.example",
    "a@b@c.example",
    "a..b@c.example",
    ".a@c.example",
    "a@-b.example",
    "a@b..example",
    "a@[127.0.0.1]",
    '"a b"@c.example',
    "a@bücher.example",
    "jürgen@b.example",
    "a\u200b@b.example",
    "a@b.example\x00",
    f"{'a' * 65}@b.example",
    f"a@{'b.' * 130}example",
    "a" * 100_000,
]


@pytest.mark.parametrize("text", GOOD)
def test_one_plain_address_is_one(text):
    """As customers have them."""
    assert is_address(text)
    assert read(replace(LETTER, recipient=text))["To"] == text


@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text[:30]))
def test_all_else_is_none(text):
    """Lists, names, line breaks, letters that look like others: nothing is written to it."""
    assert not is_address(text)
    with pytest.raises(MailError, match="is not one plain e-mail address"):
        message_bytes(replace(LETTER, recipient=text))


def test_a_message_id_is_new_each_time_and_of_the_senders_domain():
    """It names no machine."""
    made = {new_message_id("billing@nordlicht.example") for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"<[0-9a-f]{32}@nordlicht\.example>", one) for one in made)


ACCESS = MailAccess("smtp.x.example", 587, "starttls", "user", "x.example", "pass/word+1\\")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host": ""}, "name no mail server"),
        ({"security": "ssl"}, "security can not be 'ssl'; allowed: starttls, tls, none"),
        ({"security": "none"}, "for a server on this machine"),
        ({"security": "none", "host": "10.0.0.1"}, "for a server on this machine"),
        ({"security": "none", "host": "localhost.evil.example"}, "for a server on this machine"),
        ({"password": ""}, "BILLING_ENGINE_SMTP_PASSWORD is not set"),
        ({"password": "pässword"}, "can only have ASCII"),
    ],
)
def test_what_opens_the_server_is_checked_before_it_is_asked(changes, said):
    """The message says what is allowed, and no secret."""
    with pytest.raises(MailError, match=said) as refused:
        MailServer(replace(ACCESS, **changes))
    assert "word" not in str(refused.value).replace("password", "").replace("PASSWORD", "")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_needs_no_tls(host):
    """Nobody listens in between."""
    replace(ACCESS, host=host, security="none", user="", password="").check()


def test_the_password_is_hidden_in_whatever_form_a_server_repeats_it():
    """Plain, and as it is sent."""
    plain = "AHVzZXIAcGFzcy93b3JkKzFc"
    assert ACCESS.hide(f"535 {ACCESS.password} {plain} cGFzcy93b3JkKzFc no") == "535 *** *** *** no"
    assert ACCESS.password not in repr(ACCESS)


def test_without_a_line_nothing_is_handed_over():
    """It can be tried again."""
    assert MailServer(ACCESS).send("a@b.example", ["c@d.example"], b"").outcome is Outcome.NOT_NOW


def test_states_that_wait_are_not_settled():
    """And those that failed are neither."""
    assert {state for state in MailState if state.is_settled} == {
        MailState.SENT,
        MailState.NO_ADDRESS,
        MailState.VOIDED,
    }
    assert {state for state in MailState if state.is_waiting} == {MailState.TO_SEND, MailState.QUEUED}
