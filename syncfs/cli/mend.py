"""What earlier runs left to the user: conflicts to settle, removals to take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from syncfs.cli.exits import Exit, exit_of
from syncfs.cli.output import Output
from syncfs.cli.tables import open_conflict_lines
from syncfs.cli.words import printable
from syncfs.core.event import Event
from syncfs.core.report import Report
from syncfs.errors import ConfigError

if TYPE_CHECKING:
    from syncfs.syncer import Syncer

__all__ = ["Returned", "list_conflicts", "restore", "settle"]


def list_conflicts(output: Output, syncer: Syncer, settled: Sequence[Report] = ()) -> Exit:
    """List the conflicts that are open; in JSON together with the reports of those just settled."""
    still_open = syncer.conflicts()
    if output.as_json:
        output.print_json({"conflicts": still_open, "settled": [report.to_dict() for report in settled]})
    elif output.as_jsonl:
        for conflict in still_open:
            output.print_json({"event": "conflict", **conflict})
    elif still_open or not (settled or output.quiet):
        output.print(open_conflict_lines(still_open))
    return Exit.CONFLICT if still_open else Exit.DONE


def settle(output: Output, syncer: Syncer, choices: Mapping[str, str]) -> Exit:
    """Settle conflicts, each by its choice, and list what is open then.

    Raises:
        ConfigError: Some path has no open conflict; then none is settled.
    """
    contested = {conflict["path"] for conflict in syncer.conflicts()}
    for path in choices:
        if path not in contested:
            raise ConfigError(f"no conflict is open under {path!r}; without --resolve they are listed")
    reports = []
    for path, choice in choices.items():
        report = syncer.resolve(path, choice)
        reports.append(report)
        if not output.as_json:
            output.report(replace(report, mode="resolve"))
    left = list_conflicts(output, syncer, reports)
    codes = {exit_of(report.problems, report.conflicts) for report in reports}
    return Exit.FAILED if Exit.FAILED in codes else left


class Returned:
    """Listens to a restoration: what came back, and under which name."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.places: list[dict[str, str]] = []

    def __call__(self, events: Sequence[Event]) -> None:
        """Take a batch of events."""
        self._output.events(events)
        for event in events:
            if event.action == "restore" and event.side is not None:
                self.places.append({"path": event.path, "side": event.side.label})


def restore(output: Output, syncer: Syncer, run: str | None, returned: Returned) -> Exit:
    """Put back what a run removed, and say under which names it came back.

    Args:
        output: Where to say it.
        syncer: The pair, whose progress goes to `returned`.
        run: The run's id; None for the last one that removed something.
        returned: Hears of each file.
    """
    report = syncer.restore(run)
    if output.as_json:
        output.print_json({**report.to_dict(), "restored": returned.places})
    else:
        if not (output.as_jsonl or output.quiet):
            output.print(f"restored  {printable(each['path'])} on {each['side']}" for each in returned.places)
        output.report(report)
    return exit_of(report.problems, report.conflicts)
