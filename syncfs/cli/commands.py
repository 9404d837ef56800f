"""The commands; each is a few lines between options and `Syncer`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import click

from syncfs._version import __version__
from syncfs.cli.exits import Exit, exit_of
from syncfs.cli.files import write_private
from syncfs.cli.options import RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS, syncer_arguments, with_options
from syncfs.cli.output import Output
from syncfs.cli.speaking import speaking
from syncfs.cli.tables import history_lines, history_object, plugin_lines
from syncfs.cli.words import flow_line
from syncfs.cli.work import finish, make_manager, make_syncer, plan_pair, run_pair, working
from syncfs.core.plan import Plan
from syncfs.core.settings import Mode
from syncfs.errors import ConfigError

__all__ = ["commands"]

DRY_RUN = click.option("-n", "--dry-run", is_flag=True, help="Say what would happen, and why; do nothing.")


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """Keep two directories in step, wherever they are.

    SRC is always first, whatever the direction, so that one pair has one state. Places are paths or URLs:
    ~/docs, webdavs://host/dav/docs, s3://bucket/docs.
    """


@commands.command()
@click.argument("src")
@click.argument("dst")
@with_options([DRY_RUN], RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def push(output: Output, **options: Any) -> Exit:
    """Copy what is new or changed at SRC to DST."""
    return run_pair(output, Mode.PUSH, **options)


@commands.command()
@click.argument("src")
@click.argument("dst")
@with_options([DRY_RUN], RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def pull(output: Output, **options: Any) -> Exit:
    """Copy what is new or changed at DST to SRC."""
    return run_pair(output, Mode.PULL, **options)


@commands.command()
@click.argument("src")
@click.argument("dst")
@with_options([DRY_RUN], RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def sync(output: Output, **options: Any) -> Exit:
    """Carry changes of both sides to the other."""
    return run_pair(output, Mode.SYNC, **options)


@commands.command("plan")
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@click.argument("src")
@click.argument("dst")
@click.option("--out", metavar="F", help="Write the plan here, for `syncfs apply F`.")
@click.option("--exit-code", is_flag=True, help="Exit with 10 when there is something to do.")
@with_options(RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def plan(
    output: Output, mode: str, src: str, dst: str, out: str | None, exit_code: bool, **options: Any
) -> Exit:
    """Say what a run would do, and why; with --out, for a later `apply`."""
    planned = plan_pair(output, Mode(mode), src=src, dst=dst, **options)
    if out is not None:
        write_private(out, planned.to_json())
    if output.as_json:
        output.print([planned.to_json()])
    else:
        output.plan(planned)
    code = exit_of(planned.problems, planned.conflicts)
    return Exit.PENDING if exit_code and planned.changes and code is not Exit.FAILED else code


@commands.command("apply")
@click.argument("file", type=click.File("rb"))
@with_options(STATE_OPTIONS[1:], VOICE_OPTIONS)
@speaking
def apply(output: Output, file: IO[bytes], plugins_off: Sequence[str], **options: Any) -> Exit:
    """Do what a plan says; what has changed since is left alone and reported.

    A plan holds no credentials: they come from the options, a keyring or netrc, as for any run.
    """
    try:
        planned = Plan.from_json(file.read().decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise ConfigError(f"{file.name}: {error}") from None
    arguments = {**planned.options, **syncer_arguments(options)}
    output.say(flow_line(planned.mode, planned.src, planned.dst))
    with working(output) as hooks:
        report = make_syncer(planned.src, planned.dst, {**arguments, **hooks}, plugins_off).apply(planned)
    return finish(output, report)


@commands.command()
@click.argument("src")
@click.argument("dst")
@with_options(STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def history(output: Output, src: str, dst: str, plugins_off: Sequence[str], **options: Any) -> Exit:
    """List the runs of a pair, newest first."""
    runs = make_syncer(src, dst, syncer_arguments(options), plugins_off).history()
    if output.as_json:
        output.print_json([history_object(run) for run in runs])
    elif output.as_jsonl:
        for run in runs:
            output.print_json(history_object(run))
    else:
        output.print(history_lines(runs))
    return Exit.DONE


@commands.command()
@with_options(VOICE_OPTIONS)
@speaking
def plugins(output: Output, plugins_off: Sequence[str]) -> Exit:
    """List what can be chosen by name: comparators, policies, filters."""
    rows = make_manager(plugins_off).listing()
    if output.as_json:
        output.print_json([row._asdict() for row in rows])
    else:
        output.print(plugin_lines(rows))
    return Exit.DONE
