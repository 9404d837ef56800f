"""From words to an exit code: parse, dispatch, and say what was wrong with the words."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from syncfs.cli.commands import commands
from syncfs.cli.exits import Exit
from syncfs.cli.options import complete_delete
from syncfs.cli.output import tame_streams
from syncfs.cli.words import printable
from syncfs.endpoint.redact import redact

__all__ = ["run"]


def run(words: Sequence[str]) -> int:
    """Run one command line; see `syncfs.cli.main`."""
    tame_streams()
    try:
        # Not click's own `main`: it prints several lines for an error, and takes a reader that went
        # away for a reason to stop a run.
        with commands.make_context("syncfs", complete_delete(words)) as context:
            return int(commands.invoke(context))
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.ClickException as error:
        asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "syncfs"
        text = printable(redact(" ".join(error.format_message().split()).rstrip(".")))
        sys.stderr.write(f"syncfs: {text} (see {asked} --help)\n")
        return Exit.USAGE
    except click.Abort:
        return Exit.INTERRUPTED
