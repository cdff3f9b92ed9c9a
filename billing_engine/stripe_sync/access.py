"""Access to a Stripe account: keys, which come from the environment alone and are shown to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from billing_engine.errors import StripeAccessError

KEY, SECRET, BASE = "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"
"""The environment variables."""

_LIVE = "_live_"
"""In all keys that move real money, of whatever kind."""


@dataclass(frozen=True, slots=True)
class StripeAccess:
    """What opens an account; a `repr` shows no secret."""

    key: str = field(repr=False, default="")
    webhook_secret: str = field(repr=False, default="")
    base: str = ""
    """Address of a stand-in; empty is Stripe's own."""

    @property
    def is_live(self) -> bool:
        """Tell whether the key moves real money."""
        return _LIVE in self.key

    @property
    def is_local(self) -> bool:
        """Tell whether the stand-in is on this machine."""
        return bool(self.base) and _is_loopback(urlsplit(self.base).hostname or "")

    def hide(self, message: str) -> str:
        """Take the secrets out of a message, whoever wrote it."""
        for secret in (self.key, self.webhook_secret):
            if secret:
                message = message.replace(secret, "***")
        return message


def read_access(environment: Mapping[str, str], *, live: bool = False, webhooks: bool = False) -> StripeAccess:
    """Take the keys from the environment; raises StripeAccessError with all that is wrong with them."""
    access = StripeAccess(
        environment.get(KEY, "").strip(), environment.get(SECRET, "").strip(), environment.get(BASE, "").strip()
    )
    problems = [*_key_problems(access, live=live), *_base_problems(access)]
    if webhooks and not access.webhook_secret:
        problems.append(f"{SECRET} is not set; Stripe shows it with the webhook endpoint")
    if problems:
        raise StripeAccessError("\n".join(problems))
    return access


def _key_problems(access: StripeAccess, *, live: bool) -> list[str]:
    if not access.key:
        return [f"{KEY} is not set; put the secret key of your account into it"]
    if not access.key.isascii() or not access.key.isprintable() or " " in access.key:
        return [f"{KEY} is no key: it holds characters that no key has"]
    if access.is_live and not live:
        return [f"{KEY} is a live key, which moves real money; say --live if you mean it"]
    return []


def _base_problems(access: StripeAccess) -> list[str]:
    """Send a key over an open line to nobody but this machine."""
    if not access.base:
        return []
    try:
        parts = urlsplit(access.base)
        known = parts.hostname or ""
    except ValueError:
        known = ""
    if not known or parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username:
        return [f"{BASE} is no address such as http://127.0.0.1:12111"]
    if parts.scheme == "http" and not _is_loopback(known):
        return [f"{BASE} sends the key over an open line; allowed are https, and http on this machine"]
    return []


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
