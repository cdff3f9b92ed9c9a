"""Tables of mails, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from billing_engine.cli.tables import out, table, text
from billing_engine.mail_standing import Standing
from billing_engine.model.mail import MailState

_STYLES = {
    MailState.SENT: "green",
    MailState.NO_ADDRESS: "dim",
    MailState.VOIDED: "dim",
    MailState.WRONG_ADDRESS: "bold red",
    MailState.FAILED: "bold red",
    MailState.UNKNOWN: "bold red",
}


def print_standings(title: str, found: Sequence[Standing]) -> None:
    """Print how far mails are, one row each, and how many of each state there are."""
    rows = [
        (
            one.number,
            one.kind.replace("_", " "),
            one.customer,
            one.recipient,
            text(one.state.replace("_", " "), style=_STYLES.get(one.state, "yellow")),
            one.note,
            one.command,
        )
        for one in found
    ]
    out.print(table(title, "Number", "Kind", "Customer", "To", "State", "Why", "What sends it again", rows=rows))
    counts = Counter(one.state for one in found)
    said = ", ".join(f"{counts[state]} {state.replace('_', ' ')}" for state in MailState if counts[state])
    is_settled = all(one.state.is_settled for one in found)
    out.print(text(said or "nothing to send", style="bold green" if is_settled else "bold red"))
