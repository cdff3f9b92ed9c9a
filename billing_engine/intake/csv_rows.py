"""CSV files read row by row: good rows come out checked, bad ones with file, line, column and reason."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

LONGEST_FIELD = 10_000


class Rejected(NamedTuple):
    """Something that was not taken in, or only with a warning."""

    file: str
    line: int
    column: str
    reason: str


class Row(BaseModel):
    """Columns of one file; an empty field counts as missing. Further columns of a file are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)


RowT = TypeVar("RowT", bound=Row)


class Parsed(NamedTuple, Generic[RowT]):
    """A good row, the line where it begins, and the columns of its file: an empty one differs from one not there."""

    line: int
    row: RowT
    columns: frozenset[str]


def read_rows(path: Path, model: type[RowT], rejected: list[Rejected]) -> Iterator[Parsed[RowT]]:
    """Stream the good rows of a file; the bad ones are added to `rejected`.

    A file that lacks a column that it needs is rejected as a whole, one that is no UTF-8 or no CSV from there on.
    """
    try:
        with path.open("rb") as file:
            yield from _read_open_file(file, path.name, model, rejected)
    except OSError as error:
        rejected.append(Rejected(path.name, 0, "", f"the file can not be read: {error.strerror}"))


def _read_open_file(
    file: Iterable[bytes], name: str, model: type[RowT], rejected: list[Rejected]
) -> Iterator[Parsed[RowT]]:
    lines = csv.reader(_decoded(file), strict=True)
    line = 1
    try:
        header = next(lines, [])
        problem = _check_header(header, model)
        if problem is not None:
            rejected.append(Rejected(name, 1, *problem))
            return
        columns = [column.strip() for column in header]
        line = lines.line_num + 1
        for fields in lines:
            if any(field.strip() for field in fields):
                parsed = _parse_row(fields, columns, model, name, line, rejected)
                if parsed is not None:
                    yield Parsed(line, parsed, frozenset(columns))
            line = lines.line_num + 1
    except UnicodeDecodeError:
        rejected.append(
            Rejected(name, lines.line_num + 1, "", "from here on the file is not UTF-8; save it as CSV UTF-8")
        )
    except csv.Error as error:
        rejected.append(Rejected(name, line, "", f"from here on the file is no valid CSV: {error}"))


def _decoded(file: Iterable[bytes]) -> Iterator[str]:
    """Decode line by line, so that a bad byte is found in its own line."""
    for number, line in enumerate(file):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8")


def _check_header(header: list[str], model: type[Row]) -> tuple[str, str] | None:
    columns = [column.strip() for column in header]
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    missing = [name for name in required if name not in columns]
    repeated = sorted({column for column in columns if column and columns.count(column) > 1})
    if repeated:
        return repeated[0], "the column stands twice in the header"
    if missing and len(columns) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "", "the fields must be separated by commas"
    if missing:
        return missing[0], f"the header lacks {', '.join(missing)}; found {', '.join(columns)[:200] or 'nothing'}"
    return None


def _parse_row(
    fields: list[str], columns: list[str], model: type[RowT], name: str, line: int, rejected: list[Rejected]
) -> RowT | None:
    if len(fields) != len(columns):
        reason = f"the row has {len(fields)} fields, the header {len(columns)}"
        rejected.append(Rejected(name, line, "", reason))
        return None
    values = {column: text for column, field in zip(columns, fields, strict=True) if (text := field.strip())}
    with_nul = [column for column, text in values.items() if "\0" in text]
    if with_nul:
        rejected.extend(Rejected(name, line, column, "contains a NUL character") for column in with_nul)
        return None
    too_long = [column for column, text in values.items() if len(text) > LONGEST_FIELD]
    if too_long:
        reason = f"longer than {LONGEST_FIELD:,} characters"
        rejected.extend(Rejected(name, line, column, reason) for column in too_long)
        return None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for problem in error.errors():
            column = str(problem["loc"][0]) if problem["loc"] else ""
            rejected.append(Rejected(name, line, column, _in_words(problem["type"], problem["msg"], problem["input"])))
        return None


def _in_words(kind: str, message: str, found: object) -> str:
    if kind == "missing":
        return "is empty"
    shown = repr(found) if len(str(found)) <= 60 else repr(str(found)[:57] + "...")
    return f"{message.removeprefix('Value error, ')}; found {shown}"
