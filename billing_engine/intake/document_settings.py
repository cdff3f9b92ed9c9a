"""How the settings say what documents look like, and which server takes mail."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from billing_engine.intake.toml_file import Table
from billing_engine.model.document import LANGUAGES
from billing_engine.model.settings import DocumentTerms

Text = Annotated[str, Field(max_length=300)]


def _colour(text: str) -> str:
    if re.fullmatch(r"(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6})?", text, re.ASCII) is None:
        raise ValueError("allowed is a colour such as #1f4d5c")
    return text


def _language(text: str) -> str:
    if text and text not in LANGUAGES:
        raise ValueError(f"allowed: {', '.join(LANGUAGES)}")
    return text


def _host(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.:-]{0,253}", text, re.ASCII) is None:
        raise ValueError("allowed is the name of a server such as smtp.example.com")
    return text


class DocumentsTable(Table):
    """The settings' [documents]; paths are relative to the file."""

    templates: Text = ""
    logo: Text = ""
    brand_colour: Annotated[str, AfterValidator(_colour)] = ""
    second_language: Annotated[str, AfterValidator(_language)] = ""
    footer: Text = ""
    sepa_qr: bool | None = None

    def terms(self, folder: Path) -> DocumentTerms:
        """Return the terms, with paths from the folder of the file."""
        return DocumentTerms(
            templates=folder / self.templates if self.templates else None,
            logo=folder / self.logo if self.logo else None,
            brand_colour=self.brand_colour,
            second_language=self.second_language,
            footer=self.footer,
            sepa_qr=self.sepa_qr,
        )


class MailTable(Table):
    """The settings' [mail]."""

    host: Annotated[str, AfterValidator(_host)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Text = ""
    sender: Text = ""
    copy_to: Text = ""
