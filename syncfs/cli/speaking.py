"""One command's frame: its output, its log, and what becomes of an exception."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from syncfs.cli.exits import Exit, exit_of_error
from syncfs.cli.output import Output
from syncfs.cli.words import printable
from syncfs.endpoint.redact import redact
from syncfs.errors import SyncfsError

__all__ = ["speaking"]


class _Handler(logging.Handler):
    """Writes the log to whatever stderr is at that moment: above a progress bar while there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        _tell(record.levelname.lower(), record.getMessage())


def speaking(body: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a command its `Output` as first argument instead of the options that describe it.

    Exceptions are said through that output and become an exit code; those of click pass.
    """

    @wraps(body)
    def command(*, as_json: bool, as_jsonl: bool, quiet: bool, verbose: int, **options: Any) -> Exit:
        if as_json and as_jsonl:
            raise click.UsageError("--json prints one object and --jsonl one a line; give one of them")
        output = Output(
            as_json=as_json,
            as_jsonl=as_jsonl,
            quiet=quiet,
            verbose=verbose,
            hint_extra=options.get("delete") == "synced",
        )
        logger, handler = logging.getLogger("syncfs"), _Handler()
        level_before = logger.level
        logger.addHandler(handler)
        logger.setLevel(
            logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
        )
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                return body(output, **options)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            if verbose > 1 and not isinstance(error, SyncfsError | OSError):
                sys.stderr.write(redact("".join(traceback.format_exception(error))))
            output.error(error)
            return exit_of_error(error)
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level_before)

    return command


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    _tell("warning", str(message))


def _tell(level: str, message: str) -> None:
    sys.stderr.write(f"syncfs: {level}: {printable(redact(message))}\n")
