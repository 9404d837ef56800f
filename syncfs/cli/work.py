"""What the commands that plan or move something share: make a `Syncer`, watch it, say how it ended."""

from __future__ import annotations

import os
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
    arguments = _prepare(output, mode, src, dst, options)
    from syncfs.cli.overheard import Overheard

    overheard = Overheard()
    try:
        with working(output) as hooks:
            syncer = make_syncer(
                src, dst, {**arguments, **hooks}, options["plugins_off"], [overheard] if dry_run else []
            )
            runs = {Mode.PUSH: syncer.push, Mode.PULL: syncer.pull, Mode.SYNC: syncer.sync}
            report = runs[mode](dry_run=dry_run)
    finally:
        # Also when a guard refuses it: what it refuses is what the user wants to see.
        if overheard.plan is not None:
            output.plan(overheard.plan)
    if not dry_run or output.for_programs:
        output.report(report)
    return exit_of(report.problems, report.conflicts)


def plan_pair(output: Output, mode: Mode, *, src: str, dst: str, **options: Any) -> Plan:
    """Make the plan of a run; its options are what `apply` needs besides credentials."""
    arguments = _prepare(output, mode, src, dst, options)
    with working(output) as hooks:
        syncer = make_syncer(src, dst, {**arguments, **hooks}, options["plugins_off"])
        return syncer.plan(mode.value).with_options(**portable(arguments))


def make_syncer(
    src: str,
    dst: str,
    arguments: Mapping[str, Any],
    plugins_off: Sequence[str],
    plugins: Sequence[object] = (),
) -> Syncer:
    """Make the `Syncer`, with the plugins that were left on and some of our own."""
    from syncfs.syncer import Syncer

    return Syncer(src, dst, plugins=make_manager(plugins_off, plugins), **arguments)


def make_manager(plugins_off: Sequence[str], plugins: Sequence[object] = ()) -> Plugins:
    """Load all plugins but those that `-p no:NAME` names.

    Raises:
        click.UsageError: A word is not of that form.
    """
    from syncfs.plugin import load

    for word in plugins_off:
        if not word.startswith("no:") or word == "no:":
            raise click.UsageError(f"-p {word}: write no:NAME to leave a plugin out")
    return load(plugins, disabled=[word.removeprefix("no:") for word in plugins_off])


def portable(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What of a `Syncer`'s arguments may be written into a plan, for another process elsewhere.

    Of storage options only numbers, booleans and references to the environment: whatever else there is
    may be a secret.
    """
    from syncfs.store.location import is_url

    kept = dict(arguments)
    state = kept.get("state")
    if state not in (None, "auto") and not is_url(state) and not state.startswith("store:"):
        kept["state"] = os.path.abspath(os.path.expanduser(state))
    for name in ("src_options", "dst_options", "state_options"):
        if name in kept:
            kept[name] = {key: value for key, value in kept[name].items() if _is_no_secret(value)}
    return kept


def _is_no_secret(value: Any) -> bool:
    return value.startswith("env:") if isinstance(value, str) else True


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
