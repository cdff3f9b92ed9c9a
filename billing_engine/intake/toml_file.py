"""TOML files checked against a pydantic model, with messages that a finance person can act on."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from billing_engine.errors import InvalidFileError

Model = TypeVar("Model", bound=BaseModel)

_LARGEST_FILE_BYTES = 1_000_000


class Table(BaseModel):
    """A TOML table: unknown keys are refused, values are not bent into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


def _exact(value: object) -> object:
    """Take TOML's whole numbers and decimals as Decimal; floats never occur (`parse_float`)."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("allowed is a number such as 50 or 49.90")  # noqa: TRY004 - pydantic collects ValueError only
    number = Decimal(value)
    if not number.is_finite() or number < 0 or number > 10**9:
        raise ValueError("allowed is 0 to 1,000,000,000")
    return number


Amount = Annotated[Decimal, BeforeValidator(_exact)]
"""An exact number from 0 up."""


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read and check a file; raises InvalidFileError with all problems at once."""
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise InvalidFileError(str(path), [f"the file is larger than {_LARGEST_FILE_BYTES:,} bytes"])
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise InvalidFileError(str(path), [f"can not be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise InvalidFileError(str(path), [f"is not UTF-8 at byte {error.start}"]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidFileError(str(path), [f"is no valid TOML: {error}"]) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidFileError(str(path), [_in_words(problem) for problem in error.errors()]) from error


def _in_words(problem: ErrorDetails) -> str:
    where = _key_path(problem["loc"])
    match problem["type"]:
        case "extra_forbidden":
            return (
                f"{where}: unknown key; price_lists/README.md and the comments of `billing-engine init` name all keys"
            )
        case "missing":
            return f"{where}: is missing"
        case _:
            message = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
            found = problem["input"]
            return f"{where}: {message}" + ("" if isinstance(found, dict) else f"; found {_shorten(found)}")


def _key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".") or "file"


def _shorten(found: Any) -> str:
    text = str(found) if isinstance(found, Decimal) else repr(found)
    return text if len(text) <= 80 else text[:77] + "..."
