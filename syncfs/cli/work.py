"""What the commands that plan or move something share: make a `Syncer`, watch it, say how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from syncfs.cli.exits import Exit, exit_of
from syncfs.cli.interrupt import interruptible
from syncfs.cli.options import syncer_arguments
from syncfs.cli.output import Output
from syncfs.cli.words import flow_line, is_remote
from syncfs.core.event import Event
from syncfs.core.plan import Plan
from syncfs.core.report import Report
from syncfs.core.settings import Mode

if TYPE_CHECKING:
    from syncfs.plugin import Plugins
    from syncfs.syncer import Syncer

__all__ = ["finish", "make_manager", "make_syncer", "plan_pair", "run_pair", "working"]


def run_pair(output: Output, mode: Mode, *, src: str, dst: str, dry_run: bool, **options: Any) -> Exit:
    """Push, pull or sync; or, in a dry run, say what that would do."""
    if dry_run:
        planned = plan_pair(output, mode, src=src, dst=dst, **options)
        output.plan(planned)
        if output.for_programs:
            output.report(_foreseen(planned))
        return exit_of(planned.problems, planned.conflicts)
    arguments = _prepare(output, mode, src, dst, options)
    with working(output) as hooks:
        syncer = make_syncer(src, dst, {**arguments, **hooks}, options["plugins_off"])
        report = {Mode.PUSH: syncer.push, Mode.PULL: syncer.pull, Mode.SYNC: syncer.sync}[mode]()
    return finish(output, report)


def plan_pair(output: Output, mode: Mode, *, src: str, dst: str, **options: Any) -> Plan:
    """Make the plan of a run."""
    arguments = _prepare(output, mode, src, dst, options)
    with working(output) as hooks:
        return make_syncer(src, dst, {**arguments, **hooks}, options["plugins_off"]).plan(mode.value)


def make_syncer(src: str, dst: str, arguments: Mapping[str, Any], plugins_off: Sequence[str]) -> Syncer:
    """Make the `Syncer`, with a plugin manager of its own only where plugins are left out."""
    from syncfs.syncer import Syncer

    plugins = make_manager(plugins_off) if plugins_off else None
    return Syncer(src, dst, plugins=plugins, **arguments)


def make_manager(plugins_off: Sequence[str]) -> Plugins:
    """Load all plugins but those that `-p no:NAME` names.

    Raises:
        click.UsageError: A word is not of that form.
    """
    from syncfs.plugin import PluginManager

    for word in plugins_off:
        if not word.startswith("no:") or word == "no:":
            raise click.UsageError(f"-p {word}: write no:NAME to leave a plugin out")
    return PluginManager.create(disabled=[word.removeprefix("no:") for word in plugins_off])


@contextmanager
def working(output: Output) -> Iterator[dict[str, Any]]:
    """Show progress and listen to Ctrl-C while the block runs; gives the `Syncer`'s arguments for both."""
    with interruptible() as cancel, output.bar() as bar:

        def progress(events: Sequence[Event]) -> None:
            output.events(events)
            if bar is not None:
                bar.handle(events)

        yield {"cancel": cancel, "progress": progress}


def finish(output: Output, report: Report) -> Exit:
    """Say what a run did, and give its exit code."""
    output.report(report)
    return exit_of(report.problems, report.conflicts)


def _prepare(output: Output, mode: Mode, src: str, dst: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Check what can be checked without looking at either side, and name the flow."""
    if mode is Mode.PULL and is_remote(src) and not is_remote(dst):
        raise click.UsageError(
            "pull copies DST to SRC, and would overwrite the remote SRC from the local DST: "
            "swap them, or use push"
        )
    arguments = syncer_arguments(options, mode)
    output.say(flow_line(mode, src, dst))
    return arguments


def _foreseen(plan: Plan) -> Report:
    """What a run would report if everything in the plan succeeded."""
    sums = plan.summary()
    return Report(
        mode=plan.mode.value,
        copied=sums["copy"],
        removed=sums["remove"],
        renamed=sums["rename"] + sums["keep_aside"],
        made_directories=sums["make_directories"],
        skipped=plan.skipped,
        bytes_transferred=sums["bytes"],
        conflicts=plan.conflicts,
        problems=plan.problems,
        extra=plan.extra,
        untracked=plan.untracked,
        dry_run=True,
    )
