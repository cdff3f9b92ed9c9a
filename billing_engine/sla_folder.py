"""Service levels of a folder without a database: clocks, uptime, and claims as if all fees were paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from billing_engine.intake.csv_rows import Rejected
from billing_engine.intake.folder import InputFolder
from billing_engine.model.claim import Claim, Decision, in_order_of_receipt
from billing_engine.model.contract import Contract, by_customer
from billing_engine.model.instant import Instant
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.sla import Availability, TicketResult
from billing_engine.model.ticket import Outage, Pause
from billing_engine.sla.agreement import CustomerSla
from billing_engine.sla.availability import measure_availability
from billing_engine.sla.claims import decide_claims, is_about
from billing_engine.sla.clocks import Clocks
from billing_engine.sla.summary import in_order_of_ticket
from billing_engine.sla.tickets import measure_tickets


@dataclass(frozen=True, slots=True)
class SlaFolder:
    """A folder's service levels of a month, and what could not be read."""

    month: Month
    availability: tuple[Availability, ...]
    tickets: tuple[TicketResult, ...]
    """All of the folder."""
    claims: tuple[tuple[Claim, Decision], ...]
    """About the month, in order of receipt."""
    rejected: tuple[Rejected, ...]
    warnings: tuple[Rejected, ...]
    unread: tuple[str, ...]


def measure_folder(path: Path, month: Month, book: PriceListBook, as_of: Instant) -> SlaFolder:
    """Measure a folder's tickets and uptime, and decide its claims; raises InputFolderError with nothing to read."""
    folder = InputFolder(path, book, fees_needed=False)
    customers = [customer.customer for _, customer in folder.read_customers()]
    contracts = by_customer(_warned_of_fees(folder, book))
    tickets = by_customer(ticket for _, ticket in folder.read_tickets())
    pauses: dict[str, list[Pause]] = {}
    for _, pause in folder.read_pauses():
        pauses.setdefault(pause.ticket, []).append(pause)
    outages = [outage for _, outage in folder.read_outages()]
    claims = by_customer(claim for _, claim in folder.read_claims())
    clocks = Clocks()
    availability: list[Availability] = []
    results: list[TicketResult] = []
    decided: list[tuple[Claim, Decision]] = []
    for customer in customers:
        sla = CustomerSla(
            customer=customer,
            contracts=contracts.get(customer, []),
            tickets={ticket.ticket: ticket for ticket in tickets.get(customer, [])},
            pauses=pauses,
            outages=_of(customer, outages),
            book=book,
            as_of=as_of,
            clocks=clocks,
        )
        availability += measure_availability(sla, month)
        results += measure_tickets(sla)
        by_id = {claim.claim: claim for claim in claims.get(customer, [])}
        decided += [(by_id[decision.claim], decision) for decision in decide_claims(sla, by_id.values())]
    about = [(claim, decision) for claim, decision in decided if is_about(claim, month)]
    return SlaFolder(
        month,
        tuple(sorted(availability, key=lambda one: (one.contract.customer, one.contract.contract))),
        tuple(sorted(results, key=in_order_of_ticket)),
        tuple(sorted(about, key=lambda pair: in_order_of_receipt(pair[0]))),
        tuple(sorted(folder.rejected)),
        tuple(sorted(folder.warnings)),
        tuple(folder.unread()),
    )


def _warned_of_fees(folder: InputFolder, book: PriceListBook) -> Iterator[Contract]:
    """Stream the contracts, with a warning where a fee is missing: credits would be percentages of nothing."""
    for place, contract in folder.read_contracts():
        package = book.in_force_or_first(contract.price_list, contract.starts_on).package(contract.package)
        if contract.monthly_fee is None and package.monthly_fee is None:
            reason = f"is empty, and package {contract.package} leaves it to the contract; its credits count as 0"
            folder.warnings.append(Rejected(*place, "monthly_fee", reason))
        yield contract


def _of(customer: str, outages: list[Outage]) -> list[Outage]:
    return [outage for outage in outages if outage.customer in ("", customer)]
