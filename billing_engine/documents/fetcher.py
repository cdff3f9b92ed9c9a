"""What a page may load: the fonts of the installation and pictures that stand in the page itself. Nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from billing_engine.documents.fonts import font_file
from billing_engine.documents.logo import read_data_uri

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcher

_SHOWN = 200
"""Characters of an address that a message repeats."""


def refusing_fetcher(problems: list[str]) -> URLFetcher:
    """Make a fetcher for one page, which notes what it refused."""
    fetcher: URLFetcher = _fetcher_class()(problems)
    return fetcher


@cache
def _fetcher_class() -> type[Any]:
    from weasyprint.urls import (  # noqa: PLC0415 - a machine without Pango can still rate
        FatalURLFetchingError,
        URLFetcher,
        URLFetcherResponse,
    )

    class RefusingFetcher(URLFetcher):
        def __init__(self, problems: list[str]) -> None:
            super().__init__(allowed_protocols=())  # type: ignore[no-untyped-call]
            self._problems = problems

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            del headers
            try:
                kind, content = _allowed(url)
            except (OSError, ValueError) as error:
                # Inside SVG even a fatal error is swallowed, so the note counts, not the exception.
                self._problems.append(str(error))
                raise FatalURLFetchingError(str(error)) from error
            return URLFetcherResponse(url, content, {"Content-Type": kind})  # type: ignore[no-untyped-call]

    return RefusingFetcher


def _allowed(url: str) -> tuple[str, bytes]:
    font = font_file(url)
    if font is not None:
        return "font/ttf", font
    if not url.startswith("data:"):
        raise ValueError(f"the page refers to {url[:_SHOWN]!r}; a document must not load anything")
    try:
        return read_data_uri(url)
    except ValueError as error:
        raise ValueError(f"a picture in the page can not be used: {error}") from error
