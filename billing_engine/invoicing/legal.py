"""What the law wants to find on an invoice: looked for before anything is issued, so that none goes out without it.

The fields are those of Directive 2006/112/EC, Article 226, and of EN 16931, by its numbers of business terms.
"""

from __future__ import annotations

from collections.abc import Iterator

from billing_engine.errors import TaxError
from billing_engine.model.identifiers import vat_id_problem
from billing_engine.model.invoice import InvoiceDraft
from billing_engine.model.tax import TaxCategory
from billing_engine.model.tax_table import EU


def check_legal_fields(draft: InvoiceDraft) -> None:
    """Raise TaxError that names every field that is missing, where it is to be given and why."""
    missing = list(_missing(draft))
    if missing:
        raise TaxError(f"the invoice of {draft.customer} can not be issued: {'; '.join(missing)}")


def _missing(draft: InvoiceDraft) -> Iterator[str]:
    seller, buyer = draft.seller, draft.buyer
    categories = {one.category for one in draft.tax_subtotals}
    for field, value, term in (("name", seller.name, "BT-27"), ("country", seller.country, "BT-40")):
        if _says_nothing(value):
            yield f"the settings' [seller] {field} is missing ({term})"
    if not seller.vat_id and categories - {TaxCategory.OUT_OF_SCOPE}:
        yield "the settings' [seller] vat_id is missing (BT-31)"
    elif not (seller.vat_id or seller.registration_number):
        yield "the settings' [seller] registration_number is missing (BT-30), and there is no vat_id"
    for field, value, term in (("name", buyer.name, "BT-44"), ("country", buyer.country, "BT-55")):
        if _says_nothing(value):
            yield f"customers.csv: {field} of customer {draft.customer} is missing ({term})"
    if TaxCategory.OUT_OF_SCOPE in categories and len(categories) > 1:
        yield (
            "[[tax.rules]] of the settings: what is out of scope of VAT can not stand beside what is taxed (BR-O-11): "
            "make it exempt, or bill it by itself"
        )
    if TaxCategory.REVERSE_CHARGE in categories:
        yield from _missing_for_reverse_charge(draft)


def _says_nothing(text: str) -> bool:
    """Tell whether there is no character that can be seen."""
    return not any(character.isprintable() and not character.isspace() for character in text)


def _missing_for_reverse_charge(draft: InvoiceDraft) -> Iterator[str]:
    """Who owes the VAT must be known to the tax office by a number that is right."""
    buyer = draft.buyer
    if not buyer.vat_id:
        yield f"customers.csv: vat_id of customer {draft.customer} is missing (BT-48), and reverse charge needs it"
    elif (buyer.country in EU or buyer.vat_id[:2].upper() in (*EU, "EL", "XI")) and (
        problem := vat_id_problem(buyer.vat_id, buyer.country)  # elsewhere ids have forms of their own
    ):
        yield f"customers.csv: vat_id of customer {draft.customer}: {problem} (BT-48), and reverse charge needs it"
