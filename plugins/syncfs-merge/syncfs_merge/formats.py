"""Formats with a structure: read as values, merged as values, written with as little change as can be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from syncfs_merge.values import MISSING, Clash, is_same, merge_values

__all__ = ["Format", "Unfit", "format_of", "merge_structure"]


class Unfit(Exception):
    """A text that is not of its format, or holds what a merge by structure would lose."""


class Format(Protocol):
    """One format."""

    name: str

    def read(self, text: str) -> Any:
        """The values in a text.

        Raises:
            Unfit: It does not parse, or not unambiguously.
        """
        ...

    def merge(self, base: str, left: str, right: str, merged: Any) -> str:
        """Write the merged values into one side's document.

        Raises:
            Unfit, Clash: That would lose what is no value: a comment, a layout.
        """
        ...


def format_of(path: str) -> Format | None:
    """The format of a path by its suffix; None for plain text, and where what it needs is not installed."""
    suffix = path.rpartition(".")[2].lower()
    if suffix == "json":
        return Json()
    if suffix == "toml":
        return Toml()
    if suffix in ("yaml", "yml"):
        return Yaml()
    return None


class Json:
    """JSON by the standard library; indentation and the order of keys stay the left side's."""

    name = "JSON"

    def read(self, text: str) -> Any:
        """The value in a text; a key that is there twice is no merge's to choose from."""
        try:
            return json.loads(
                text, object_pairs_hook=_unique, parse_float=_exact_float, parse_constant=_refused
            )
        except (ValueError, RecursionError) as error:
            raise Unfit(str(error)) from None

    def merge(self, base: str, left: str, right: str, merged: Any) -> str:
        """Write the values in the left side's way, where that is a way that `json` has."""
        for options in _json_styles(left):
            if json.dumps(self.read(left), **options) == left.strip():
                head, tail = left[: len(left) - len(left.lstrip())], left[len(left.rstrip()) :]
                return head + json.dumps(merged, **options) + tail
        raise Unfit("the layout is none that could be written again")


def _json_styles(text: str) -> list[dict[str, Any]]:
    found = re.search(r"\n([ \t]+)", text)
    indent = None if found is None else found[1]
    separators = [(",", ": "), (",", ":")] if indent else [(", ", ": "), (",", ":")]
    return [
        {"indent": indent, "separators": each, "ensure_ascii": is_ascii}
        for each in separators
        for is_ascii in (False, True)
    ]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _exact_float(text: str) -> float:
    number = float(text)
    if Decimal(text) != Decimal(repr(number)):
        raise ValueError(f"{text} is no number that can be written again")
    return number


def _refused(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


class Toml:
    """TOML, read by the standard library and edited by `tomlkit`, which keeps comments and layout."""

    name = "TOML"

    def read(self, text: str) -> Any:
        """The values in a text."""
        import tomllib

        try:
            return tomllib.loads(text)
        except ValueError as error:
            raise Unfit(str(error)) from None

    def merge(self, base: str, left: str, right: str, merged: Any) -> str:
        """Edit one side's document."""
        try:
            import tomlkit
        except ImportError:
            raise Unfit("tomlkit is not installed") from None

        def edit(text: str) -> str:
            document = tomlkit.parse(text)
            _edit(document, self.read(text), merged)
            written: str = tomlkit.dumps(document)
            return written

        return _edited(base, left, right, edit)


class Yaml:
    """YAML by `ruamel.yaml`, which keeps comments; no anchors, no several documents in one file."""

    name = "YAML"

    def read(self, text: str) -> Any:
        """The values in a text."""
        try:
            from ruamel.yaml import YAML
            from ruamel.yaml.error import YAMLError
            from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken
        except ImportError:
            raise Unfit("ruamel.yaml is not installed") from None
        try:
            # An anchor's node is in several places: to edit one edits all.
            if any(isinstance(each, AliasToken | AnchorToken | TagToken) for each in YAML().scan(text)):
                raise Unfit("it holds anchors or tags")
            return YAML(typ="safe", pure=True).load(text)
        except (YAMLError, ValueError, RecursionError) as error:
            raise Unfit(str(error)) from None

    def merge(self, base: str, left: str, right: str, merged: Any) -> str:
        """Edit one side's document, where writing it again unedited gives it as it is."""

        def edit(text: str) -> str:
            old = self.read(text)
            for indent in ((2, 4, 2), (2, 2, 0), (4, 6, 4), (4, 4, 0), (4, 4, 2)):
                if _yaml_written(text, indent) == text:
                    return _yaml_written(text, indent, lambda document: _edit(document, old, merged))
            raise Unfit("the layout is none that could be written again")

        return _edited(base, left, right, edit)


def _yaml_written(
    text: str,
    indent: tuple[int, int, int],
    edit: Callable[[Any], None] | None = None,
) -> str:
    """A document read and written, edited in between."""
    import io

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    yaml.indent(mapping=indent[0], sequence=indent[1], offset=indent[2])
    yaml.explicit_start = text.startswith("---")
    try:
        document = yaml.load(text)
        if edit is not None:
            edit(document)
        written = io.StringIO()
        yaml.dump(document, written)
    except (YAMLError, ValueError, TypeError, AttributeError) as error:
        raise Unfit(str(error)) from None
    return written.getvalue()


def _edited(base: str, left: str, right: str, edit: Callable[[str], str]) -> str:
    """Edit the document of the side that changed more than values, if only one did."""
    if _comments(right) == _comments(base):
        return edit(left)
    if _comments(left) == _comments(base):
        return edit(right)
    raise Unfit("both sides changed comments")


def _comments(text: str) -> list[str]:
    """Everything that may be a comment: too much rather than too little."""
    return sorted(re.findall(r"#.*", text))


def _edit(document: Any, old: Any, new: Any) -> None:
    """Make a document's values the merged ones, touching nothing else.

    Args:
        document: The mapping to edit.
        old: The document's values.
        new: What they are to be.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise Clash
    for key in [key for key in old if key not in new]:
        del document[key]
    for key, value in new.items():
        before = old.get(key, MISSING)
        if is_same(before, value):
            continue
        if isinstance(before, dict) and isinstance(value, dict):
            _edit(document[key], before, value)
        else:
            document[key] = value


def merge_structure(format: Format, base: str, left: str, right: str, lines: str | None) -> str:
    """Merge three texts of one format.

    Args:
        format: Which.
        base: What both were made from.
        left: One side's.
        right: The other side's.
        lines: What a merge of the lines gives; None when it is not clean.

    Raises:
        Unfit, Clash: There is no merge that is sure.
    """
    merged = merge_values(*(format.read(each) for each in (base, left, right)))
    if lines is not None:
        try:
            if is_same(format.read(lines), merged):
                return lines
        except Unfit:
            pass  # two lines of the same key, say: each side has added it
    written = format.merge(base, left, right, merged)
    if not is_same(format.read(written), merged):
        raise Unfit("what was written is not what was merged")
    return written
