"""Merge values: mappings key by key, lists as lines are, everything else as a whole."""

from __future__ import annotations

from typing import Any

from syncfs_merge.text import merge_lines

__all__ = ["Clash", "is_same", "merge_values"]


class _Missing:
    """No value under that key."""


MISSING = _Missing()


class Clash(Exception):
    """Both sides changed one value to something else."""


def merge_values(base: Any, left: Any, right: Any) -> Any:
    """Merge three values of JSON's kind.

    Raises:
        Clash: Both sides changed one value, and not to the same.
    """
    if is_same(left, right) or is_same(right, base):
        return left
    if is_same(left, base):
        return right
    if isinstance(left, dict) and isinstance(right, dict):
        return _merge_mappings(base if isinstance(base, dict) else {}, left, right)
    if isinstance(base, list) and isinstance(left, list) and isinstance(right, list):
        return _merge_lists(base, left, right)
    raise Clash


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type: `1`, `1.0` and `true` are three values."""
    return _spelled(one) == _spelled(other)


def _merge_mappings(base: dict[Any, Any], left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    merged = {}
    for key in [*left, *(key for key in right if key not in left)]:
        value = merge_values(*(each.get(key, MISSING) for each in (base, left, right)))
        if value is not MISSING:
            merged[key] = value
    return merged


def _merge_lists(base: list[Any], left: list[Any], right: list[Any]) -> list[Any]:
    known = {_spelled(item): item for item in (*base, *left, *right)}
    merged = merge_lines(*([_spelled(item) for item in each] for each in (base, left, right)))
    if merged is None:
        raise Clash
    return [known[each] for each in merged]


def _spelled(value: Any) -> str:
    """A text that is equal for equal values only; the order of keys does not count."""
    if isinstance(value, dict):
        # Keys of one type: YAML's may be numbers beside texts.
        items = sorted((_spelled(key), _spelled(item)) for key, item in value.items())
        return "{" + ",".join(f"{key}:{item}" for key, item in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_spelled, value)) + "]"
    return f"{type(value).__name__}:{value!r}"
