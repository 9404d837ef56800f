"""What `syncfs probe` shows: what a place can do, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from syncfs.cli.output import Output
from syncfs.cli.words import printable
from syncfs.endpoint.endpoint import Finding, Learning
from syncfs.endpoint.explained import explained

__all__ = ["probe_place"]


def probe_place(output: Output, place: str, options: Mapping[str, Any] | None) -> None:
    """Find out what a place can do, and print it."""
    from syncfs.endpoint.resolve import resolve

    endpoint = resolve(place, options=options, side="src")
    endpoint.check_root()
    if not isinstance(endpoint, Learning):
        found = explained(endpoint.capabilities)
        _show(output, endpoint.url, found, found)
        return
    relied = endpoint.findings if endpoint.is_settled else None
    output.say(f"probing {printable(endpoint.url)} in a scratch place that is removed again")
    endpoint.learn(anew=True)
    _show(output, endpoint.url, endpoint.findings, relied or endpoint.findings)


def _show(output: Output, url: str, found: Sequence[Finding], relied: Sequence[Finding]) -> None:
    """Print what was found, beside what a run relies on where that is another."""
    if output.for_programs:
        output.print_json(
            {
                "url": url,
                "found": {each.name: each.value for each in found},
                "relied_on": {each.name: each.value for each in relied},
                "consequences": {each.name: each.consequence for each in relied if each.consequence},
            }
        )
    else:
        output.print(_lines(found, relied))


def _lines(found: Sequence[Finding], relied: Sequence[Finding]) -> Iterator[str]:
    rows = [("capability", "found", "so syncfs")]
    for each, used in zip(found, relied, strict=True):
        words = used.consequence
        if each.value != used.value:
            careful = f"relies on {_worded(used.value)}: not every server of this kind does so"
            words = f"{careful}; {words}" if words else careful
        rows.append((each.name, _worded(each.value), words))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, value, words in rows:
        yield f"{name.ljust(widths[0])}  {value.ljust(widths[1])}  {words}".rstrip()


def _worded(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "not known"
        case []:
            return "none"
        case list():
            return " ".join(map(_character, value)) if len(value) < 12 else _character(value[0]) + " and more"
        case _:
            return printable(str(value))


def _character(text: str) -> str:
    return repr(text) if not text.isprintable() else text
