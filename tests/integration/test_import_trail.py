"""What the audit trail says of an import: hashes of what decides invoices, before and after, and never a word of it."""

import json

from billing_engine import import_folder
from billing_engine.model.content_hash import content_hash
from billing_engine.storage import master_data

CUSTOMER, CONTRACT = "C1,Aurora,RS,EUR", "K1,C1,b2bee,premium,2026-01-01,,,"
ENTRY = "E1,C1,T3,2026-10-01T16:40,2026-10-01T18:10"
WITH_OUTCOME = "entry,customer,severity,started_at,ended_at,outcome"


def imports(books):
    """Return the details of all imports."""
    return [json.loads(e.details) for e in books.billing.audit_trail() if e.action == "import.stored"]


def stored(books):
    """Return the hash of the customer and of the contract."""
    with books.database.connect() as connection:
        customer = master_data.read_customers(connection)["C1"]
        return content_hash(customer), content_hash(master_data.read_contracts(connection)["K1"])


def test_new_and_changed_master_data(books):
    """Ids with a hash where it is new, with the hashes of before and after where it was changed."""
    books.take(customers=[CUSTOMER], contracts=[CONTRACT])
    before = stored(books)
    books.take(
        customers=[CUSTOMER.replace("Aurora", "Aurora d.o.o.")], contracts=[CONTRACT.replace("-01-01", "-02-01")]
    )
    after = stored(books)
    first, second = imports(books)
    assert first["new"] == {
        "customers.csv": {"count": 1, "ids": {"C1": before[0]}},
        "contracts.csv": {"count": 1, "ids": {"K1": before[1]}},
    }
    assert second == {
        "new_and_changed": {"customers.csv": [0, 1], "contracts.csv": [0, 1]},
        "changed": {
            "customers.csv": {"count": 1, "ids": {"C1": [before[0], after[0]]}},
            "contracts.csv": {"count": 1, "ids": {"K1": [before[1], after[1]]}},
        },
    }
    assert "Aurora" not in json.dumps([first, second])


def test_outcomes_that_were_filled_in(books):
    """The entries are named."""
    books.take(customers=[CUSTOMER], contracts=[CONTRACT], time_entries=[ENTRY])
    books.take(time_entries=[WITH_OUTCOME, f"{ENTRY},unfounded"])
    assert imports(books)[-1] == {
        "new_and_changed": {"time_entries.csv": [0, 1]},
        "outcomes": {"count": 1, "ids": {"E1": "unfounded"}},
    }


def test_more_than_can_be_read_are_counted(books, monkeypatch):
    """Of many only the number and one hash are kept, another one where anything differs."""
    monkeypatch.setattr(import_folder, "_MOST_NAMED", 2)
    for first in ("A", "B"):
        books.take(customers=[f"{first}{number},Name,RS,EUR" for number in range(3)])
    found = [details["new"]["customers.csv"] for details in imports(books)]
    assert [one.keys() for one in found] == [{"count", "hash"}] * 2
    assert found[0]["count"] == 3
    assert found[0]["hash"] != found[1]["hash"]
