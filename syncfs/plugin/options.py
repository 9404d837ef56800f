"""A strategy with options, in one word: `size-band:percent=5,floor=100`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from syncfs.errors import ConfigError

__all__ = ["IS_OPTION", "made_with", "options_of", "split_word"]

IS_OPTION = "is_option"
"""In a field's metadata: False keeps users from setting it, since `bind` does."""

_OPTION = re.compile(r'([A-Za-z][\w-]*)=(\[[^\]]*\]|\{[^}]*\}|"(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')


def split_word(word: str) -> tuple[str, dict[str, str]]:
    """Take a word apart into a strategy's name and its options.

    Raises:
        ConfigError: What follows the colon is no list of options.

    >>> split_word("newer"), split_word("years:first=2019,names=[1, 2]")
    (('newer', {}), ('years', {'first': '2019', 'names': '[1, 2]'}))
    """
    name, colon, rest = word.partition(":")
    options: dict[str, str] = {}
    position = 0
    while position < len(rest) or (colon and not options):
        found = _OPTION.match(rest, position)
        if found is None:
            raise ConfigError(f"{word!r}: write NAME:KEY=VALUE, and a comma between two options")
        key = found[1].replace("-", "_")
        if key in options:
            raise ConfigError(f"{word!r}: gives {key} twice")
        options[key] = found[2]
        position = found.end()
    return name, options


def options_of(strategy: type[Any]) -> dict[str, Any]:
    """A strategy's options with their defaults: those fields of its dataclass that a user may set."""
    if not is_dataclass(strategy):
        return {}
    return {
        field.name: field.default
        for field in fields(strategy)
        if field.init and field.metadata.get(IS_OPTION, True)
    }


def made_with(strategy: type[Any], texts: Mapping[str, str], what: str) -> Any:
    """Make a strategy with options that are given as text.

    A value is JSON where it can be read as such (a list becomes a tuple), else text; text where the field
    is declared as `str`.

    Args:
        strategy: Its class.
        texts: The options.
        what: What to call it in messages.

    Raises:
        ConfigError: It has no such option, or refuses a value.
        TypeError: It cannot be made without arguments.
    """
    known = options_of(strategy)
    if unknown := sorted(set(texts) - set(known)):
        have = f"its options are {', '.join(known)}" if known else "it has none"
        raise ConfigError(f"{what} has no option {', '.join(unknown)}; {have}")
    if not texts:
        return strategy()
    hints = get_type_hints(strategy)
    values = {key: text if hints.get(key) is str else _value(text) for key, text in texts.items()}
    for key, value in values.items():
        _demand_type(value, hints.get(key), f"{what}: {key}")
    try:
        return strategy(**values)
    except ConfigError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what}: {' '.join(str(error).split())}") from error


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return tuple(value) if isinstance(value, list) else value


def _demand_type(value: Any, hint: Any, what: str) -> None:
    """Refuse what a plain type cannot hold; what is declared otherwise is the strategy's own to check."""
    wanted = {bool: (bool,), int: (int,), float: (int, float)}.get(hint)
    if wanted is None:
        return
    # In Python a bool is an int; for a user `true` is no number.
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{what}: {value!r} is no {hint.__name__}")
