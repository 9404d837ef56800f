"""The command line, `syncfs`: the words of the library's API, one process's exit code and streams.

stdout holds what was asked for (a summary, a plan, JSON) and nothing else; stderr holds what the user
should know meanwhile (the flow, warnings, a progress bar, errors). Every error is one line,
`syncfs: ...`; exit codes are those of `syncfs.cli.exits`.

Decisions:
    `--version` is answered before click is imported: a bare interpreter takes 18 ms here and click adds
    48 ms. Everything heavy (fsspec, pluggy, sqlite3, rich) is imported by the command that needs it.

    The garbage collector looks less often, and at the end not at all: nearly everything that a run makes
    is let go without it, and what was loaded stays to the end anyway. To look through that ever again while
    it grew, and once more before the interpreter ended, took 26 of 160 ms. Only in a process of our own:
    whoever calls `main` with words keeps the collector as it is.

    `--delete`'s value comes only after `=`. An option whose value is optional swallows the next word in
    click as in argparse, so `--delete A B` would lose its source; the bare word is completed before
    click reads it.

    JSON on stdout is ASCII. Terminals that are not UTF-8 get backslash escapes for what they cannot
    show, and such an escape inside a JSON string would break it; a file name that is no valid Unicode
    survives as an escaped surrogate.

    A reader that goes away (`| head`) silences stdout and nothing else: a run that is moving files
    finishes, and its exit code tells how it went.

    Names are escaped for people wherever a character is not printable, so that a file's name can
    neither forge a line of output nor steer a terminal.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

__all__ = ["main"]


_OBJECTS = 50_000
"""So many new objects that others may refer to make the collector look."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after the program's name; None: those of the process.

    Returns:
        The exit code, see `syncfs.cli.exits.Exit`.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--version"], ["-V"]):
        from syncfs._version import __version__

        print(f"syncfs {__version__}")
        return 0
    is_own = argv is None
    try:
        if is_own:
            gc.set_threshold(_OBJECTS)
        from syncfs.cli.run import run

        return run(words)
    except KeyboardInterrupt:  # before or after the part that handles SIGINT itself
        return 130
    finally:
        if is_own:
            gc.freeze()
