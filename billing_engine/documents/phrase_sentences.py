"""The forms of all sentences that the engine writes: of entries, lines, credits, decisions and targets."""

from __future__ import annotations

from billing_engine.documents.phrase_blanks import (
    CLOCK,
    DAY,
    HOURS,
    HOURS_OF_DAY,
    LISTED_NAME,
    MONEY,
    MONTHS,
    NAME,
    NUMBER,
    PERCENT,
    SPANS,
    WEEKDAY,
    Blank,
)
from billing_engine.documents.phrase_forms import Choice, Form, Series
from billing_engine.model.tax import LEGAL_TEXTS

_BLANKS: dict[str, Blank] = {
    **dict.fromkeys(("title", "package", "packages", "tariff"), LISTED_NAME),
    **dict.fromkeys(("unit", "contract", "entry", "ticket", "other_ticket", "severity", "channel", "channels"), NAME),
    **dict.fromkeys(("invoice", "invoices", "currency", "window"), NAME),
    **dict.fromkeys(("day", "first", "last"), DAY),
    **dict.fromkeys(("month", "fee_month"), MONTHS),
    **dict.fromkeys(("beyond", "included", "total"), HOURS),
    **dict.fromkeys(("count", "minutes", "seconds", "most", "full", "run", "days", "times"), NUMBER),
    **dict.fromkeys(("rate", "amount", "fee", "cap"), MONEY),
    **dict.fromkeys(("percent", "uptime", "guaranteed"), PERCENT),
    "when": SPANS,
    "weekday": WEEKDAY,
    "hours": HOURS_OF_DAY,
    "clock": CLOCK,
}
"""What the blanks hold, by name. Those that hold sentences are added where these are written."""


def form(message: str) -> Form:
    """Make a sentence's form; the catalogues find it by this name."""
    return Form(message, "", _BLANKS)


def counted_form(singular: str, plural: str) -> Form:
    """Make the form of a sentence about a number."""
    return Form(singular, plural, _BLANKS)


def joint(message: str) -> str:
    """Mark what stands between the parts of a series."""
    return message


# Lengths of time, windows and units of billing

_time = Choice((form("{minutes} min"), form("{minutes} min {seconds} s")))
_BLANKS |= dict.fromkeys(("time", "worked", "billed", "allowed", "with_before"), _time)

_weekdays = Choice(
    (
        form("every day"),
        form("on working days"),
        form("at weekends"),
        form("on holidays"),
        form("on {weekday}"),
    )
)
_BLANKS["weekdays"] = Series(_weekdays, joint("{one} and {other}"))
_BLANKS["windows"] = Series(Choice((form("{hours} {weekdays}"),)), joint("{one} and {other}"))

_BLANKS["charged"] = Choice(
    (
        counted_form("{count} started hour x {rate}", "{count} started hours x {rate}"),
        counted_form("{count} started half hour at {rate}/h", "{count} started half hours at {rate}/h"),
        counted_form("{count} started unit of {time} at {rate}/h", "{count} started units of {time} at {rate}/h"),
        form("minimum charge {time} at {rate}/h"),
    )
)

# Why an entry costs what it does

_BLANKS["lots"] = Series(Choice((form("{time} from {month}'s"),)), joint("{one} and {other}"))
_BLANKS["taken"] = Choice(
    (
        form("in the fee"),
        form("{worked} -> {billed} from the allowance"),
        form("{worked} -> {billed} from {month}'s allowance"),
        form("{worked} -> {billed}: {lots} allowance"),
        form("{worked} -> {billed} beyond the allowance"),
    )
)
_BLANKS["covered"] = Choice(
    (
        form("unfounded {severity} at any hour"),
        form("analysis of a rejected offer"),
        form("{severity} within {package}'s {windows}"),
    )
)
_BLANKS["cause"] = Choice(
    (
        form("unfounded {severity}, no package"),
        form("unfounded {severity} beyond the allowance"),
        form("analysis of a rejected offer, {package}"),
        form("{severity} is never covered by {package}"),
        form("{severity} outside {package}'s {windows}"),
    )
)
_BLANKS["excess"] = Choice(
    (
        form("{time} beyond the allowance of {allowed}"),
        form("{time} beyond the allowance of {allowed}, {with_before} with what was invoiced before"),
    )
)
_REASONS = (
    form("{when}: {covered}; {taken}"),
    form("{when}: {cause} -> {tariff}; {worked} -> {charged}"),
    form("{when}: {package} -> {tariff}; {worked} -> {charged}"),
    form("{when}: analysis of an accepted offer -> in the price of the change"),
    form("{when}: development; {time} at {rate}/h"),
    form("{when}: development; {time} at {rate}/h, {percent} off"),
    form("{excess} -> in the time invoiced before"),
    form("{excess} -> {charged}"),
    form("added up with {entry}"),
)

# Lines of invoices and credit notes, and credits

_BLANKS["service"] = Choice((form("{month}"), form("{month}, {run} of {days} days")))
_BLANKS["fee_kind"] = Choice(
    (
        form("Monthly fee"),
        form("Monthly fee in advance"),
        form("Quarterly fee"),
        form("Quarterly fee in advance"),
        form("Yearly fee"),
        form("Yearly fee in advance"),
    )
)
_entries = counted_form("{count} time entry", "{count} time entries")
_BLANKS["entries"] = Choice((_entries,))
_DETAILS = (
    _entries,
    form("{entries}, {beyond} h beyond the {included} h included"),
    form("{entries}, {beyond} h beyond the {included} h included, {total} h with what was invoiced before"),
    form("{entries}, in the price of the accepted change"),
    form("{fee_kind}, {service}"),
    form("{fee_kind}, {service}, {times} \u00d7 {unit}"),
    form("{day}, passed on at cost"),
)
_BLANKS["detail"] = Choice(_DETAILS)
_LINES = (
    *_DETAILS,
    form("{month}, not invoiced with that month; {detail}"),
    form("Additional support hours"),
    form("Development"),
    form("Change request analysis"),
    form("Support: {title}"),
    form("{first} to {last}"),
    form("Fee for days on which the contract does not run"),
    form("SLA credit, uptime in {month}"),
    form("SLA compensation, ticket {ticket}"),
    form("Overpayment of invoice {invoice}"),
    form("Fees paid for days after {day}"),
    form("{title}, {day}: passed on at cost"),
    form("{title}, {service}"),
    form("{title}, {service}, {times} times"),
)

# Service levels: targets, decisions of claims, rights

_TARGETS = (
    form("next release"),
    form("as available"),
    form("{count} h of coverage"),
    form("{count} min of coverage"),
    form("{count} h of {window}"),
    form("{count} min of {window}"),
    counted_form("{count} day", "{count} days"),
    counted_form("{count} business day", "{count} business days"),
)
_kind = Choice((form("first response"), form("workaround"), form("solution")))
_BLANKS["kind"] = _kind
_BLANKS["kinds"] = Series(_kind, joint("{one} or {other}"))
_BLANKS["moment"] = Choice((form("{day} at {clock}"),))
_BLANKS["tickets"] = Choice((counted_form("{count} ticket", "{count} tickets"),))
_downtime = Choice((counted_form("{count} minute", "{count} minutes"),))
_BLANKS |= {"down": _downtime, "excluded": _downtime}
_BLANKS["figures"] = Choice(
    (
        form("The effective uptime of {month} was {uptime} ({down} down of {full}), guaranteed are {guaranteed}"),
        form(
            "The effective uptime of {month} was {uptime} ({down} down of {full}, {excluded} excluded), "
            "guaranteed are {guaranteed}"
        ),
    )
)
_BLANKS["bad_months"] = Series(Choice((form("{month} {uptime}"),)), joint("{one}, {other}"))
IN_A_ROW = (
    form("{figures}: the guarantee was met."),
    form("{figures}: {percent} of the fee of {fee} is {amount}."),
    form("Contract {contract} is in {currency} and adds nothing."),
    counted_form(
        "Contract {contract} may be terminated by the customer: effective uptime of at most {percent} in {count} "
        "consecutive month, notified in time ({bad_months}).",
        "Contract {contract} may be terminated by the customer: effective uptime of at most {percent} in {count} "
        "consecutive months, each notified in time ({bad_months}).",
    ),
)
"""Sentences that are written one after the other, one for each contract."""
_DECISIONS = (
    *IN_A_ROW,
    form("No contract of {month} guarantees an uptime."),
    form("The claim was received on {moment}; for {month} the last day was {last}."),
    form("The claim was received on {moment}; the last day was {last}."),
    form("There is no ticket {ticket} of this customer."),
    form("The agreement gives no compensation for breaches."),
    form("Ticket {ticket} came by {channel}, not by {channels}."),
    form("Ticket {ticket} is not {severity} as the agreement defines it."),
    form("No subscription that the ticket concerns was active on {day}."),
    form("The subscription is no standard one: {packages}."),
    form("No {kinds} time of ticket {ticket} was missed on {day}."),
    form("Ticket {ticket} repeats ticket {other_ticket}, which was open."),
    form("On {day} these invoices were not paid: {invoices}."),
    form("{tickets} open on {moment}; allowed are {most}."),
    form("{tickets} of critical severity open on {moment}; allowed are {most}."),
    form(
        "The {kind} of ticket {ticket} was due by {moment} and did not come in time: {percent} of the subscription "
        "{package} ({contract}) at {fee} is {amount}."
    ),
    form("A claim for {month} was accepted before."),
    form("A claim for ticket {ticket} was accepted before."),
    form("With the month's limit of {cap} for all compensation, {amount} of it can be given."),
    form("It is taken off the invoices from {month} on."),
    form("It is taken off the invoices from {month} on, once the fee of {fee_month} is paid."),
    form("Decided by hand: {amount}."),
)

TEXTS = (*_REASONS, *_LINES, *_TARGETS, *_DECISIONS, *(Form(text, "", _BLANKS) for text in LEGAL_TEXTS.values()))
"""All that the engine writes, the more particular before the more general."""
