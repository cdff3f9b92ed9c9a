"""Every exception of the engine; the docstring of each is its default message."""

from __future__ import annotations

import inspect


class BillingError(Exception):
    """Something about billing went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)))


class InvalidFileError(BillingError):
    """A price list or settings file can not be used.

    `problems` holds one sentence each: where, what was found, what is allowed.
    """

    def __init__(self, path: str, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))


class UnknownPriceListError(BillingError):
    """No price list of that name is in force on that day."""


class UnknownPackageError(BillingError):
    """The price list has no package of that name."""


class UnknownCurrencyError(BillingError):
    """The currency is not an ISO 4217 code that the engine knows."""


class MixedCurrenciesError(BillingError):
    """A customer and its contracts are in several currencies; one invoice has one."""


class LocalTimeError(BillingError):
    """A local time does not exist, or exists twice, in its time zone."""


class InputFolderError(BillingError):
    """The input folder can not be read at all."""


class BilledMeanwhileError(BillingError):
    """An entry was billed while a change of it was imported; import again."""


class DatabaseMissingError(BillingError):
    """There is no database yet; `billing-engine import` or `billing-engine db upgrade` makes one."""


class SettingsMissingError(BillingError):
    """There are no settings, and issuing needs a seller; `billing-engine init` writes a file to start from."""


class DatabaseUrlError(BillingError):
    """The database URL can not be used; write it as sqlite:///billing.db or postgresql://user:password@host/database."""


class DatabaseBusyError(BillingError):
    """The database was busy with the work of others, each time it was tried; try again."""


class SchemaVersionError(BillingError):
    """The database is not at the version of this program; `billing-engine db upgrade` brings it there."""


class InvoiceNotFoundError(BillingError):
    """There is no invoice of that number."""


class PriceListChangedError(BillingError):
    """A price list that was used on an issued invoice was changed; write a new version with its own valid_from."""


class RenderingError(BillingError):
    """A document could not be rendered."""


class CreditSpentError(BillingError):
    """A credit is not there, or has less left than is to be taken of it."""


class ClaimError(BillingError):
    """A claim is not there, or can not be decided like that."""


class CreditNoteError(BillingError):
    """A credit note is not there, or can not be issued like that."""


class InvalidTextError(BillingError):
    """An id, a name or a note has characters, or as many of them, as can not be kept."""


class PaymentError(BillingError):
    """A payment can not be recorded like that."""


class DateOrderError(BillingError):
    """A document would be dated before the last one of its series."""


class PlanChangedError(BillingError):
    """The plan is not the one that was approved: its input changed since."""


class OpenMonthError(BillingError):
    """An earlier month has to be billed first."""


class NumberTakenError(BillingError):
    """A number was given already, by another series."""


class SelfCheckError(BillingError):
    """What was about to be issued contradicts itself; nothing was written."""


class NotParkedError(BillingError):
    """The customer is not parked in that month."""


class TaxError(BillingError):
    """It can not be told how something is taxed, or the law wants a field that is missing."""


class EInvoiceError(BillingError):
    """An e-invoice can not be written, or a file is none."""


class MailError(BillingError):
    """An invoice can not be mailed."""


class StripeAccessError(BillingError):
    """Stripe can not be asked: there is no key, or it is not accepted."""


class StripeRefusedError(BillingError):
    """Stripe can not have that, or said no.

    `stripe_id` is the object there that somebody has to look at; empty where there is none.
    """

    def __init__(self, message: str | None = None, stripe_id: str = "") -> None:
        self.stripe_id = stripe_id
        super().__init__(message)


class StripeSilentError(BillingError):
    """Stripe gave no clear answer, each time it was asked; try again."""


class SignatureError(BillingError):
    """An event was not signed with the secret of the webhook, or too long ago."""
