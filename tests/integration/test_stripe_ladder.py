"""The status ladder: sights of one invoice may be applied in any order, and twice; what is known never goes back."""

from databases import ON_SQLITE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.stripe_receiving import Seen

pytestmark = ON_SQLITE
EXAMPLES = 40
PAID = [0, 0, 400, 700, 1200]
"""What came in by the five sights of an invoice that is paid in the end."""


def several(books):
    """Mirror an invoice for each example; returns our numbers."""
    for number in range(EXAMPLES + 5):
        books.add(f"C{number}")
    numbers = iter([issued.number for issued in books.bill().values()])
    books.push()
    return numbers


def sights_until_paid(books, stripe_id):
    """Look at an invoice after each thing that happens to it until it is paid."""
    fake, look = books.fake, books.desk.receiver().look
    happenings = (
        lambda: None,
        lambda: fake.fail_payment(stripe_id),
        lambda: fake.pay(stripe_id, 40000),
        lambda: fake.pay(stripe_id, 30000),
        lambda: fake.pay(stripe_id),
    )
    return [seen_after(happen, look, stripe_id) for happen in happenings]


def seen_after(happen, look, stripe_id):
    """Let something happen, and look."""
    happen()
    return look(stripe_id)


def sights_until_void(books, stripe_id):
    """Look at an invoice after each thing that happens to it until it is void."""
    fake, look = books.fake, books.desk.receiver().look
    happenings = (
        lambda: None,
        lambda: fake.fail_payment(stripe_id),
        lambda: fake.mark_uncollectible(stripe_id),
        lambda: fake.void(stripe_id),
    )
    return [seen_after(happen, look, stripe_id) for happen in happenings]


def shuffled(count):
    """Draw the positions of sights, some of them twice, some never."""
    return st.lists(st.integers(0, count - 1), min_size=1, max_size=2 * count)


def test_payments_only_add_up(stripe_books):
    """In whatever order an invoice is seen, what is recorded is the most that any sight showed, and never less."""
    numbers, receiver = several(stripe_books), stripe_books.desk.receiver()

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(shuffled(5))
    def check(order):
        number = next(numbers)
        sights = sights_until_paid(stripe_books, stripe_books.mirrored(number)["id"])
        most = 0
        for position in order:
            assert receiver.apply(sights[position]) is Seen.APPLIED
            most = max(most, PAID[position])
            assert stripe_books.paid(number) == most
        known = stripe_books.billing.stripe_records.statuses([number])[number]
        assert known.status == ("paid" if 4 in order else "open")
        assert stripe_books.status(number) == ("paid" if most == 1200 else "partly_paid" if most else "open")

    check()
    assert stripe_books.left() == {}


def test_a_void_invoice_stays_void(stripe_books):
    """Once it was seen void it is credited, once; a stale sight brings neither money nor life back."""
    numbers, receiver = several(stripe_books), stripe_books.desk.receiver()

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(shuffled(4))
    def check(order):
        number = next(numbers)
        sights = sights_until_void(stripe_books, stripe_books.mirrored(number)["id"])
        for position in order:
            receiver.apply(sights[position])
        notes = stripe_books.billing.receivables.credit_notes(invoice=number)
        assert len(notes) == (3 in order)
        known = stripe_books.billing.stripe_records.statuses([number])[number]
        assert known.status == ("void" if 3 in order else "uncollectible" if 2 in order else "open")

    check()


def test_a_draft_that_is_seen_after_the_payment_changes_nothing(stripe_books):
    """The oldest sight of all comes last."""
    stripe_books.add("C1")
    number = stripe_books.bill()["C1"].number
    stripe_books.push()
    receiver, stripe_id = stripe_books.desk.receiver(), stripe_books.mirrored(number)["id"]
    stripe_books.fake.pay(stripe_id)
    receiver.apply(receiver.look(stripe_id))
    stripe_books.fake.tamper(stripe_id, status="draft", amount_paid=0)
    assert receiver.apply(receiver.look(stripe_id)) is Seen.APPLIED
    assert stripe_books.status(number) == "paid"
    assert stripe_books.billing.stripe_records.statuses([number])[number].status == "paid"


def test_what_is_paid_is_never_withdrawn(stripe_books):
    """Stripe voids nothing that is paid; an answer that says so is not believed."""
    stripe_books.add("C1")
    number = stripe_books.bill()["C1"].number
    stripe_books.push()
    receiver, stripe_id = stripe_books.desk.receiver(), stripe_books.mirrored(number)["id"]
    stripe_books.fake.pay(stripe_id)
    receiver.apply(receiver.look(stripe_id))
    stripe_books.fake.tamper(stripe_id, status="void")
    receiver.apply(receiver.look(stripe_id))
    assert stripe_books.billing.receivables.credit_notes() == []
    assert stripe_books.status(number) == "paid"
