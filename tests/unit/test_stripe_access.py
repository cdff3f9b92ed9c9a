"""Keys: from the environment alone, shown to nobody, and live ones only when somebody says so."""

import pytest

from billing_engine.errors import StripeAccessError
from billing_engine.stripe_sync.access import StripeAccess, read_access

TEST, LIVE = "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"


@pytest.mark.parametrize("key", [TEST, "rk_test_1"])
def test_a_test_key_opens_the_account(key):
    """Spaces around it are those of a careless copy."""
    access = read_access({"STRIPE_API_KEY": f" {key}\n"})
    assert (access.key, access.is_live, access.base) == (key, False, "")


@pytest.mark.parametrize("key", [LIVE, "rk_live_1", "sk_org_live_1"])
def test_a_live_key_needs_to_be_meant(key):
    """Real money moves only with --live."""
    with pytest.raises(StripeAccessError, match="--live") as refused:
        read_access({"STRIPE_API_KEY": key})
    assert key not in str(refused.value)
    assert read_access({"STRIPE_API_KEY": key}, live=True).is_live


@pytest.mark.parametrize(
    ("environment", "webhooks", "said"),
    [
        ({}, False, ["STRIPE_API_KEY is not set"]),
        ({"STRIPE_API_KEY": "  "}, True, ["STRIPE_API_KEY is not set", "STRIPE_WEBHOOK_SECRET is not set"]),
        ({"STRIPE_API_KEY": "sk_test_\u00fc"}, False, ["STRIPE_API_KEY is no key"]),
        ({"STRIPE_API_KEY": "sk_test_a b"}, False, ["STRIPE_API_KEY is no key"]),
    ],
)
def test_all_that_is_missing_is_said_at_once(environment, webhooks, said):
    """One message says which variable, and what is to be in it."""
    with pytest.raises(StripeAccessError) as refused:
        read_access(environment, webhooks=webhooks)
    assert [line.partition(";")[0].partition(":")[0] for line in str(refused.value).splitlines()] == said


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:12111", "http://localhost:1/", "http://[::1]:80", "https://proxy.example"]
)
def test_a_stand_in_may_be_here_or_behind_tls(base):
    """STRIPE_API_BASE names a stand-in."""
    assert read_access({"STRIPE_API_KEY": TEST, "STRIPE_API_BASE": base}).base == base


@pytest.mark.parametrize(
    "base",
    [
        "http://stand-in.example",
        "http://127.0.0.1.example:80",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "http://",
        "http://[::1",
        "https://user@127.0.0.1@evil.example",
        "https://stand-in.example?key=1",
    ],
)
def test_no_key_goes_over_an_open_line_to_another_machine(base):
    """Anything else than TLS, or this machine, is refused."""
    with pytest.raises(StripeAccessError, match="STRIPE_API_BASE"):
        read_access({"STRIPE_API_KEY": TEST, "STRIPE_API_BASE": base})


def test_secrets_are_shown_to_nobody():
    """Neither a traceback's repr nor a message that somebody else wrote holds them."""
    access = StripeAccess(TEST, "whsec_secret", "http://127.0.0.1:1")
    assert TEST not in repr(access)
    assert "whsec" not in repr(access)
    assert access.hide(f"No such key: {TEST}, whsec_secret") == "No such key: ***, ***"
    assert StripeAccess().hide("nothing to hide") == "nothing to hide"
