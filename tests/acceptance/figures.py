"""Figures that tests measured, printed at the end of a run; also those of xdist's workers."""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

KILLS = ("kills", "while bytes were moving", "partial files", "lost files", "rituals")
"""What `record_property("kills", ...)` counts, in this order."""


class Record(Protocol):
    """pytest's fixture `record_property`; what it is given travels from worker to controller."""

    def __call__(self, name: str, value: object) -> None: ...


def in_words(counts: list[int]) -> str:
    """The counts of kills as a line."""
    return ", ".join(f"{count} {what}" for count, what in zip(counts, KILLS, strict=True))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `figures`, and the sum of all `kills`."""
    lines = [str(line) for line in _recorded(terminalreporter, "figures")]
    kills = list(_recorded(terminalreporter, "kills"))
    if kills:
        total = [sum(column) for column in zip(*kills, strict=True)]
        lines.append(f"all servers and directions: {in_words(total)}")
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


def _recorded(terminalreporter: pytest.TerminalReporter, name: str) -> Iterator[Any]:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for key, value in getattr(report, "user_properties", []):
                if key == name and getattr(report, "when", "") == "call":
                    yield value
