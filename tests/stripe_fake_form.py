"""Decoding of nested form parameters, and checkers that accept only what the API accepts."""

import re
from decimal import Decimal
from urllib.parse import parse_qsl

from stripe_fake_errors import invalid

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INTEGER = re.compile(r"-?\d{1,15}")
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?")
_PERCENTAGE = re.compile(r"\d{1,3}(?:\.\d{1,4})?")


def decode(text):
    """Turn `lines[0][period][start]=1` into nested dicts and lists of strings."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError as error:
        raise invalid(f"Invalid form data: {error}") from error
    params, nested = {}, False
    for name, value in pairs:
        if "[" in name or "]" in name:
            nested = True
            _put(params, _steps(name), value, name)
        elif name in params:
            raise invalid(f"Parameter given twice: {name}", name)
        else:
            params[name] = value
    return _lists(params) if nested else params


def _steps(name):
    match = _NAME.fullmatch(name)
    if not match:
        raise invalid(f"Invalid parameter name: {name}", name)
    return [match[1], *match[2][1:-1].split("][")]


def _put(params, steps, value, name):
    for step in steps[:-1]:
        params = params.setdefault(step, {})
        if not isinstance(params, dict):
            raise invalid(f"Invalid parameter: {name}", name)
    last = steps[-1] or str(len(params))
    if last in params:
        raise invalid(f"Parameter given twice: {name}", name)
    params[last] = value


def _lists(value):
    """Turn dicts with indices for keys into lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}


def _plain(value, name):
    if not isinstance(value, str):
        raise invalid(f"Invalid value: {name} must be a plain value", name)
    if value == "":
        raise invalid(
            f"You passed an empty string for '{name}', and '{name}' cannot be unset.", name, "parameter_invalid_empty"
        )
    return value


def integer(value, name):
    if not _INTEGER.fullmatch(_plain(value, name)):
        raise invalid(f"Invalid integer: {value}", name, "parameter_invalid_integer")
    return int(value)


def natural(value, name):
    number = integer(value, name)
    if number < 0:
        raise invalid(f"Invalid non-negative integer: {value}", name, "parameter_invalid_integer")
    return number


def decimal(value, name):
    if not _DECIMAL.fullmatch(_plain(value, name)):
        raise invalid(f"Invalid decimal: {value}", name)
    return Decimal(value)


def percentage(value, name):
    if not _PERCENTAGE.fullmatch(_plain(value, name)) or Decimal(value) > 100:
        raise invalid(f"Invalid percentage: {value}", name)
    return Decimal(value)


def boolean(value, name):
    if _plain(value, name) not in {"true", "false"}:
        raise invalid(f"Invalid boolean: {value}", name)
    return value == "true"


def limit(value, name):
    number = integer(value, name)
    if not 1 <= number <= 100:
        raise invalid("Limit must be between 1 and 100", name, "parameter_invalid_integer")
    return number


def text(most=5000):
    def check(value, name):
        if len(_plain(value, name)) > most:
            raise invalid(f"Invalid string: {value[:20]}...; must be at most {most} characters", name)
        return value

    return check


def choice(*words):
    def check(value, name):
        if _plain(value, name) not in words:
            raise invalid(f"Invalid {name}: must be one of {', '.join(words)}", name)
        return value

    return check


def unsettable(check):
    """Accept an empty string as well: it clears the field, and arrives as None."""
    return lambda value, name: None if value == "" else check(value, name)


def array(check, most=None):
    def check_all(value, name):
        if not isinstance(value, list):
            raise invalid(f"Invalid array: {name}", name)
        if most and len(value) > most:
            raise invalid(f"Array {name} exceeded maximum {most} allowed elements.", name)
        return [check(item, f"{name}[{index}]") for index, item in enumerate(value)]

    return check_all


def record(fields, required=()):
    """Return a checker of a hash that knows all its fields."""

    def check(value, name=""):
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {name}", name)
        checked = {}
        for key, item in value.items():
            path = f"{name}[{key}]" if name else key
            if key not in fields:
                raise invalid(f"Received unknown parameter: {path}", path, "parameter_unknown")
            checked[key] = fields[key](item, path)
        for key in required:
            if key not in checked:
                path = f"{name}[{key}]" if name else key
                raise invalid(f"Missing required param: {path}.", path, "parameter_missing")
        return checked

    return check


def metadata(value, name):
    """Accept metadata; an empty value deletes its key, and arrives as None."""
    if value == "":
        return None
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if len(value) > 50:
        raise invalid("You can only have up to 50 metadata keys", name)
    for key, item in value.items():
        if len(key) > 40:
            raise invalid(f"Metadata keys can be up to 40 characters long: {key}", name)
        if not isinstance(item, str) or len(item) > 500:
            raise invalid(f"Metadata values must be strings of up to 500 characters: {key}", f"{name}[{key}]")
    return {key: item or None for key, item in value.items()}


def unmodelled(value, name):
    """Refuse loudly what Stripe knows and this fake does not."""
    raise invalid(f"stripe_fake does not model the parameter {name}", name)


_SPAN = record({"gt": integer, "gte": integer, "lt": integer, "lte": integer})


def span(value, name):
    """Accept a moment, or bounds of moments, and return a predicate."""
    if isinstance(value, str):
        moment = integer(value, name)
        return lambda at: at == moment
    bounds = _SPAN(value, name)
    low = max(bounds.get("gte", 0), bounds.get("gt", -1) + 1)
    high = min(bounds.get("lte", 10**15), bounds.get("lt", 10**15) - 1)
    return lambda at: low <= at <= high
