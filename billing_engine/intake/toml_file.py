"""TOML files checked against a pydantic model, with messages that a finance person can act on."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from billing_engine.errors import InvalidFileError

File = TypeVar("File", bound="Table")

_LARGEST_FILE_BYTES = 1_000_000


class Table(BaseModel):
    """A TOML table: unknown keys are refused, values are not bent into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def misfits(cls, data: dict[str, Any]) -> list[str]:  # noqa: ARG003 - for files to override
        """Check what needs several keys at once, on the raw data, so that it is said whatever else is wrong."""
        return []


def exact(value: object) -> Decimal:
    """Take TOML's whole numbers and decimals as Decimal; floats never occur (`parse_float`)."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("allowed is a number such as 50 or 49.90")  # noqa: TRY004 - pydantic collects ValueError only
    number = Decimal(value)
    if not number.is_finite() or number < 0 or number > 10**9:
        raise ValueError("allowed is 0 to 1,000,000,000")
    if number != round(number, 9):
        raise ValueError("allowed are up to 9 decimals")
    return number


Amount = Annotated[Decimal, BeforeValidator(exact)]
"""An exact number from 0 up."""


def load_toml(path: Path) -> dict[str, Any]:
    """Read a file's raw data; raises InvalidFileError when it can not be read."""
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise InvalidFileError(str(path), [f"the file is larger than {_LARGEST_FILE_BYTES:,} bytes"])
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise InvalidFileError(str(path), [f"can not be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise InvalidFileError(str(path), [f"is not UTF-8 at byte {error.start}"]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidFileError(str(path), [f"is no valid TOML: {error}"]) from error
    except (ValueError, ArithmeticError) as error:  # figures that Python will not read
        raise InvalidFileError(str(path), ["has a number with too many digits"]) from error


def check_toml(path: Path, data: dict[str, Any], model: type[File]) -> File:
    """Check raw data against a model; raises InvalidFileError with all problems at once."""
    misfits = model.misfits(data)
    try:
        file = model.model_validate(data)
    except ValidationError as error:
        problems = [line for problem in error.errors() for line in _in_words(problem, model)]
        raise InvalidFileError(str(path), problems + misfits) from error
    if misfits:
        raise InvalidFileError(str(path), misfits)
    return file


_ALLOWED = {
    "string_type": "allowed is a text in quotes",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "allowed are small letters, digits, - and _, a letter first",
    "int_type": "allowed is a whole number",
    "bool_type": "allowed is true or false",
    "date_type": "allowed is a day such as 2026-01-01, without quotes",
    "list_type": "allowed is a list in [ ]",
    "dict_type": "allowed is a table",
    "model_type": "allowed is a table",
    "too_short": "must not be empty",
}
"""Pydantic's kinds of error in the words of somebody who writes a file."""


def _in_words(problem: ErrorDetails, model: type[BaseModel]) -> list[str]:
    """Say where, what was found and what is allowed; a check may have found several things, a line each."""
    path = _key_path(problem["loc"])
    where = f"{path}: " if path else ""
    match problem["type"]:
        case "extra_forbidden":
            return [f"{where}unknown key; allowed: {', '.join(_allowed_keys(model, problem['loc'][:-1]))}"]
        case "missing":
            return [f"{where}is missing"]
        case kind:
            message = _ALLOWED.get(kind, problem["msg"].removeprefix("Value error, "))
            found = problem["input"]
            suffix = "" if isinstance(found, dict | BaseModel) else f"; found {_shorten(found)}"
            return [f"{where}{line}{suffix}" for line in message.splitlines()]


def _key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".").removesuffix(".[key]")


def _allowed_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Name the keys of the table at that place, by following the annotations that describe it."""
    annotation: Any = model
    for step in location:
        table = _table_in(annotation)
        if table is not None and step in _fields(table):
            annotation = _fields(table)[str(step)]
    table = _table_in(annotation)
    return sorted(_fields(table)) if table is not None else []


def _fields(table: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in table.model_fields.items()}


def _table_in(annotation: Any) -> type[BaseModel] | None:
    """Find the table inside `dict[str, list[Table]]` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_in(part)) is not None), None)


def _shorten(found: Any) -> str:
    text = repr(found) if isinstance(found, str) else str(found)
    return text if len(text) <= 80 else text[:77] + "..."
