"""The commands; each is a few lines between options and `Syncer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

import click

from syncfs._version import __version__
from syncfs.cli.exits import Exit, exit_of
from syncfs.cli.files import write_private
from syncfs.cli.options import (
    PLACE_OPTION,
    RUN_OPTIONS,
    STATE_OPTIONS,
    VOICE_OPTIONS,
    choices,
    syncer_arguments,
    with_options,
)
from syncfs.cli.output import Output
from syncfs.cli.speaking import speaking
from syncfs.cli.words import flow_line
from syncfs.cli.work import finish, make_manager, make_syncer, plan_pair, run_pair, working
from syncfs.core.plan import Plan
from syncfs.core.settings import Mode
from syncfs.errors import ConfigError

__all__ = ["commands"]

DRY_RUN = click.option("-n", "--dry-run", is_flag=True, help="Say what would happen, and why; do nothing.")

EXIT_CODES = """\b
Exit codes:
    0  done, or nothing to do
    1  some paths failed
    2  the command or its options are wrong
    3  some path still differs because of a conflict
    4  refused: the run would not have been safe; nothing was written
    5  another run works on this pair
    6  an endpoint is missing, unreachable or refuses the credentials
  130  interrupted
"""


def _examples(*lines: str) -> str:
    """Examples for the end of a command's help, kept as they are by click's marker."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


@click.group(
    no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """Keep two directories in step, wherever they are.

    SRC is always first, whatever the direction, so that one pair has one state. Places are paths or URLs:
    ~/docs, webdavs://host/dav/docs, s3://bucket/docs. `syncfs COMMAND --help` has examples.
    """


@commands.command(
    epilog=_examples(
        "syncfs push ~/docs webdavs://ann@nas.example/docs",
        "syncfs push -n --delete ~/docs webdavs://ann@nas.example/docs",
        "syncfs push --include '*.md' --exclude drafts/ ~/docs /mnt/backup/docs",
        "syncfs push . webdavs://nas.example/x --dst-option password=env:PASSWORD",
    )
)
@click.argument("src")
@click.argument("dst")
@with_options([DRY_RUN], RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def push(output: Output, **options: Any) -> Exit:
    """Copy what is new or changed at SRC to DST.

    SRC is only read. What was changed at DST meanwhile is a conflict and is never overwritten unseen.
    """
    return run_pair(output, Mode.PUSH, **options)


@commands.command(
    epilog=_examples(
        "syncfs pull ~/docs webdavs://ann@nas.example/docs",
        "syncfs pull --delete ~/docs webdavs://ann@nas.example/docs",
    )
)
@click.argument("src")
@click.argument("dst")
@with_options([DRY_RUN], RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def pull(output: Output, **options: Any) -> Exit:
    """Copy what is new or changed at DST back to SRC.

    The places keep the order that they have in a push: SRC, here the one that is written, comes first. DST
    is only read.
    """
    return run_pair(output, Mode.PULL, **options)


@commands.command(
    epilog=_examples(
        "syncfs sync ~/docs webdavs://ann@nas.example/docs",
        "syncfs sync --on-conflict '*.md=keep-both' --on-conflict newer ~/docs /mnt/docs",
    )
)
@click.argument("src")
@click.argument("dst")
@with_options([DRY_RUN], RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def sync(output: Output, **options: Any) -> Exit:
    """Carry changes of both sides to the other.

    What one side changed, removed or renamed since the last run is done on the other too. The first run
    removes nothing. Where both changed a file, --on-conflict says who wins; the other version is kept
    beside it.
    """
    return run_pair(output, Mode.SYNC, **options)


@commands.command(
    "plan",
    short_help="Say what a run would do, and why.",
    epilog=_examples(
        "syncfs plan push ~/docs webdavs://ann@nas.example/docs --out docs.plan",
        "syncfs apply docs.plan",
        "syncfs plan sync ~/docs /mnt/docs --exit-code || echo changes are pending",
    ),
)
@click.argument("mode", type=click.Choice([mode.value for mode in Mode]))
@click.argument("src")
@click.argument("dst")
@click.option("--out", metavar="F", help="Write the plan to this file, for `syncfs apply F`.")
@click.option("--exit-code", is_flag=True, help="Exit with 10 when there is something to do.")
@with_options(RUN_OPTIONS, STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def plan(
    output: Output, mode: str, src: str, dst: str, out: str | None, exit_code: bool, **options: Any
) -> Exit:
    """Say what a run would do, and why; nothing is written to SRC or DST."""
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
    """Do what a plan says.

    What has changed since is left alone and reported; the next run decides it afresh. A plan holds no
    credentials: they come from the options, a keyring or netrc, as for any run.
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


@commands.command(short_help="List the runs of a pair, newest first.")
@click.argument("src")
@click.argument("dst")
@with_options(STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def history(output: Output, src: str, dst: str, plugins_off: Sequence[str], **options: Any) -> Exit:
    """List the runs of a pair, newest first, with what each removed and `restore` can bring back."""
    from syncfs.cli.tables import history_lines, history_object

    runs = make_syncer(src, dst, syncer_arguments(options), plugins_off).history()
    if output.as_json:
        output.print_json([history_object(run) for run in runs])
    elif output.as_jsonl:
        for run in runs:
            output.print_json(history_object(run))
    else:
        output.print(history_lines(runs))
    return Exit.DONE


@commands.command(
    "conflicts",
    epilog=_examples(
        "syncfs conflicts ~/docs webdavs://ann@nas.example/docs",
        "syncfs conflicts ~/docs webdavs://ann@nas.example/docs --resolve plan.md=src",
    ),
)
@click.argument("src")
@click.argument("dst")
@click.option(
    "--resolve",
    "resolved",
    callback=choices,
    multiple=True,
    metavar="PATH=src|dst|keep-both",
    help="Settle this conflict: whose version takes the path, on both sides. The other one is kept beside "
    "it, on both sides too. Repeatable.",
)
@with_options(STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def conflicts(
    output: Output,
    src: str,
    dst: str,
    resolved: Mapping[str, str],
    plugins_off: Sequence[str],
    **options: Any,
) -> Exit:
    """List the conflicts that the last run left open, or settle some.

    Exits with 3 while some are open.
    """
    from syncfs.cli.mend import list_conflicts, settle

    arguments = syncer_arguments(options)
    if not resolved:
        return list_conflicts(output, make_syncer(src, dst, arguments, plugins_off))
    with working(output) as hooks:
        return settle(output, make_syncer(src, dst, {**arguments, **hooks}, plugins_off), resolved)


@commands.command(
    "restore",
    epilog=_examples(
        "syncfs history ~/docs webdavs://ann@nas.example/docs",
        "syncfs restore ~/docs webdavs://ann@nas.example/docs",
    ),
)
@click.argument("src")
@click.argument("dst")
@click.argument("run", required=False)
@with_options(STATE_OPTIONS, VOICE_OPTIONS)
@speaking
def restore_command(
    output: Output, src: str, dst: str, run: str | None, plugins_off: Sequence[str], **options: Any
) -> Exit:
    """Put back what a run removed, from the trash of both sides.

    RUN is its id, as `syncfs history` shows it; without one it is the last run that removed something. What
    stands in a file's place meanwhile stays, and the restored file comes beside it.
    """
    from syncfs.cli.mend import Returned, restore

    returned = Returned(output)
    arguments = {**syncer_arguments(options), "progress": returned}
    return restore(output, make_syncer(src, dst, arguments, plugins_off), run, returned)


@commands.command(
    short_help="Find out what a place can do.",
    epilog=_examples(
        "syncfs probe webdavs://ann@nas.example/docs",
        "syncfs probe webdavs://nas.example/docs --option username=ann --option password=env:PASSWORD",
    ),
)
@click.argument("url")
@with_options([PLACE_OPTION], VOICE_OPTIONS)
@speaking
def probe(output: Output, url: str, place_options: Mapping[str, Any], plugins_off: Sequence[str]) -> Exit:
    """Find out what a place can do, and what syncfs therefore does there.

    On a WebDAV server it is tried out, in a scratch directory at URL that is removed again. A push or a
    sync does the same once, where it does not know the kind of server, and remembers what it found for 30
    days. What it should not believe goes into --dst-option capabilities='{"NAME": VALUE}', with names and
    values as --json shows them.
    """
    from syncfs.cli.probing import probe_place

    probe_place(output, url, place_options)
    return Exit.DONE


@commands.command()
@with_options(VOICE_OPTIONS)
@speaking
def plugins(output: Output, plugins_off: Sequence[str]) -> Exit:
    """List what plugins offer: comparators, policies, filters, executors, state stores, guards, and more.

    In brackets: the options that may follow a name, as in --compare NAME:KEY=VALUE, with their defaults.
    """
    from syncfs.cli.tables import plugin_lines

    rows = make_manager(plugins_off).listing()
    if output.as_json:
        output.print_json([row._asdict() for row in rows])
    else:
        output.print(plugin_lines(rows))
    return Exit.DONE
