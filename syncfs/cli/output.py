"""Where the command line's words go: stdout for what was asked for, stderr for everything else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, TextIO

from syncfs.cli.exits import exit_of_error, lines_of_error
from syncfs.cli.words import conflict_line, plan_lines, plan_summary, problem_line, report_lines
from syncfs.core.action import RecordAgreement, action_to_dict
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report

__all__ = ["Output", "tame_streams"]


def tame_streams() -> None:
    """Make both streams escape what they cannot encode instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a replaced or detached stream
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How one command speaks.

    Attributes:
        as_json: One JSON object on stdout.
        as_jsonl: One JSON object a line on stdout, the report last.
        quiet: Only what went wrong.
        verbose: 0, 1 (log the run) or 2 (log requests, show tracebacks of bugs).
        hint_extra: Deletions were asked for, and extras that stay deserve a word.
    """

    as_json: bool = False
    as_jsonl: bool = False
    quiet: bool = False
    verbose: int = 0
    hint_extra: bool = False

    @property
    def for_programs(self) -> bool:
        """Whether stdout is for a program."""
        return self.as_json or self.as_jsonl

    def say(self, line: str) -> None:
        """Tell the user something meanwhile."""
        if not self.quiet:
            _write(sys.stderr, [line])

    def print(self, lines: Iterable[str]) -> None:
        """Print what was asked for; a reader that went away is no error."""
        _write(sys.stdout, lines)

    def print_json(self, value: Any) -> None:
        """Print one JSON value in one line."""
        _write(sys.stdout, [json.dumps(value)])

    def events(self, events: Sequence[Event]) -> None:
        """Print a batch of events, if anybody wants them."""
        if self.as_jsonl:
            _write(sys.stdout, (json.dumps(event.to_dict()) for event in events))

    def bar(self) -> AbstractContextManager[Any]:
        """A progress bar if stderr is a terminal that nothing else is written to meanwhile, else None."""
        shared = self.as_jsonl and sys.stdout.isatty()
        dumb = os.environ.get("TERM") in ("dumb", "unknown")
        if self.quiet or self.verbose or shared or dumb or not sys.stderr.isatty():
            return nullcontext()
        from syncfs.cli.progress import Bar

        return Bar(sys.stderr)

    def plan(self, plan: Plan) -> None:
        """Print what would happen: each action with its reason, then the summary."""
        if self.as_jsonl:
            actions = (action for action in plan if not isinstance(action, RecordAgreement))
            _write(sys.stdout, (json.dumps({"event": "action", **action_to_dict(a)}) for a in actions))
        elif not self.as_json:
            if not self.quiet:
                self.print(plan_lines(plan))
            self.print(plan_summary(plan, hint_extra=self.hint_extra))

    def report(self, report: Report) -> None:
        """Print what happened, in the form that was asked for."""
        if self.for_programs:
            self._object(report.to_dict())
        elif not self.quiet:
            self.print(report_lines(report, hint_extra=self.hint_extra))
        else:
            _write(sys.stderr, map(problem_line, report.problems))
            _write(sys.stderr, map(conflict_line, report.open_conflicts))

    def error(self, error: BaseException) -> None:
        """Say what went wrong; for programs as an object on stdout too, with the report as far as it got."""
        report = getattr(error, "report", None)
        if self.for_programs:
            data = report.to_dict() if isinstance(report, Report) else {}
            lines = [line.removeprefix("syncfs: ") for line in lines_of_error(error)]
            self._object(
                {
                    **data,
                    "ok": False,
                    "error": {
                        "kind": type(error).__name__,
                        "message": "; ".join(lines),
                        "retryable": bool(getattr(error, "retryable", False)),
                        "exit_code": int(exit_of_error(error)),
                    },
                }
            )
        elif isinstance(report, Report) and report.changed and not self.quiet:
            self.print(report_lines(report, hint_extra=False))
        _write(sys.stderr, lines_of_error(error))

    def _object(self, data: dict[str, Any]) -> None:
        """Print the report, marked as such among events."""
        self.print_json({"event": "report", **data} if self.as_jsonl else data)


def _write(stream: TextIO, lines: Iterable[str]) -> None:
    """Write lines and flush; once the reader is gone, write into the void."""
    encoding = stream.encoding or "utf-8"
    try:
        for line in lines:
            stream.write(f"{_shaped(line, encoding)}\n")
        stream.flush()
    except BrokenPipeError:
        # The buffer still holds what could not be written, and the interpreter flushes it at exit.
        void = os.open(os.devnull, os.O_WRONLY)
        os.dup2(void, stream.fileno())
        os.close(void)


def _shaped(line: str, encoding: str) -> str:
    """Write arrows as ASCII where the terminal has none: escapes would hide the flow."""
    if line.isascii():
        return line
    for sign, plain in (("→", "->"), ("↔", "<->")):
        try:
            sign.encode(encoding)
        except UnicodeEncodeError:
            line = line.replace(sign, plain)
    return line
