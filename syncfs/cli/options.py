"""The options of the command line, and how they become a `Syncer`'s arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any, TypeVar

import click

from syncfs.core.settings import Mode

__all__ = [
    "PLACE_OPTION",
    "RUN_OPTIONS",
    "STATE_OPTIONS",
    "VOICE_OPTIONS",
    "choices",
    "complete_delete",
    "syncer_arguments",
    "with_options",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Option = Callable[[Any], Any]

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_POLICY = r"(?P<policy>[A-Za-z0-9][A-Za-z0-9._-]*(?::[A-Za-z][\w-]*=.*)?)"
_SECRET = re.compile(r"(?i)user|login|name|pass|secret|token|key|auth")


def _rate(_: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Bytes per second, with K, M or G for powers of 1,024; None as it is."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?", value, re.IGNORECASE)
    rate = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if rate < 1:
        raise click.BadParameter(
            f"{value!r} is not a rate; write bytes per second, like 500K or 2.5M", param=param
        )
    return rate


def _max_delete(_: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    """An int for so many files, `"N%"` for a share; None as it is."""
    if value is None or (re.fullmatch(r"\d+(?:\.\d+)?%", value) and float(value[:-1]) <= 100):
        return value
    if re.fullmatch(r"\d+", value):
        return int(value)
    raise click.BadParameter(
        f"{value!r} is neither a number of files nor a percentage from 0% to 100%", param=param
    )


def _storage_options(_: click.Context, param: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Filesystem options by key.

    `true` and `false` become booleans and numbers numbers, which is what filesystems expect of
    `verify=false` and `timeout=30`; whatever names or proves somebody stays text, since a password may
    be `12345`.
    """
    options: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            # Not the word itself: it may be a password that lacks its key.
            raise click.BadParameter("write KEY=VALUE", param=param)
        if _SECRET.search(key):
            options[key] = text
        elif text in ("true", "false"):
            options[key] = text == "true"
        elif re.fullmatch(r"-?\d+", text):
            options[key] = int(text)
        elif re.fullmatch(r"-?\d+\.\d+", text):
            options[key] = float(text)
        else:
            options[key] = text
    return options


def choices(_: click.Context, param: click.Parameter, words: tuple[str, ...]) -> dict[str, str]:
    """How to settle conflicts, by path."""
    by_path: dict[str, str] = {}
    for word in words:
        path, equals, choice = word.rpartition("=")
        if not (path and equals) or choice not in ("src", "dst", "keep-both"):
            raise click.BadParameter(f"{word}: write PATH=src, PATH=dst or PATH=keep-both", param=param)
        if by_path.setdefault(path, choice) != choice:
            raise click.BadParameter(f"both {by_path[path]} and {choice} for {path}; give one", param=param)
    return by_path


def _lines(_: click.Context, __: click.Parameter, files: tuple[IO[str], ...]) -> tuple[str, ...]:
    """All lines of some files; read at once, for click closes them."""
    return tuple(line.rstrip("\r\n") for file in files for line in file)


def _place_option(side: str) -> _Option:
    return click.option(
        f"--{side}-option",
        f"{side}_options",
        callback=_storage_options,
        multiple=True,
        metavar="KEY=VALUE",
        help=f"For {side.upper()}'s filesystem, as password=env:NAME (read from the environment).",
    )


PLACE_OPTION = click.option(
    "--option",
    "place_options",
    callback=_storage_options,
    multiple=True,
    metavar="KEY=VALUE",
    help="For the place's filesystem, as password=env:NAME (read from the environment).",
)

STATE_OPTIONS: Sequence[_Option] = (
    click.option(
        "--state",
        metavar="FILE|URL|store:NAME|auto|none",
        help="Where to remember what both sides agreed on [auto: a file of this pair's own]. At a URL for "
        "machines without a disk of their own; store:NAME for a plugin's. With none, every run is a first "
        "run.",
    ),
    click.option(
        "--state-option",
        "state_options",
        callback=_storage_options,
        multiple=True,
        metavar="KEY=VALUE",
        help="For the filesystem of a state at a URL, as --src-option.",
    ),
    _place_option("src"),
    _place_option("dst"),
)
"""What tells which pair, and where its state is."""

VOICE_OPTIONS: Sequence[_Option] = (
    click.option(
        "--json", "as_json", is_flag=True, help="Print JSON on stdout, in one piece, and nothing else."
    ),
    click.option(
        "--jsonl",
        "as_jsonl",
        is_flag=True,
        help="Print a JSON object a line as things happen, the report last.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
    click.option(
        "-v", "--verbose", count=True, help="Log the run; -vv every request, and tracebacks of bugs."
    ),
    click.option(
        "-p", "plugins_off", metavar="no:NAME", multiple=True, help="Leave a plugin out (repeatable)."
    ),
)
"""How the command speaks, and with which plugins."""

RUN_OPTIONS: Sequence[_Option] = (
    click.option(
        "--delete",
        type=click.Choice(["none", "synced", "extra"]),
        metavar="[=none|synced|extra]",
        help="Remove what is gone from the other side. --delete or --delete=synced: what both sides once had "
        "and is unchanged since [so in sync]. --delete=extra: everything that the sender lacks (push, pull). "
        "--delete=none: nothing [so in push, pull].",
    ),
    click.option(
        "--max-delete",
        callback=_max_delete,
        metavar="N|N%",
        help="Refuse a run that removes more files, or a larger share [50%].",
    ),
    click.option(
        "--include", multiple=True, metavar="PATTERN", help="Sync only what matches; gitignore syntax."
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave alone what matches, on both sides; wins over --include.",
    ),
    click.option(
        "--exclude-from",
        multiple=True,
        type=click.File("r", encoding="utf-8-sig", errors="surrogateescape"),
        callback=_lines,
        metavar="FILE",
        help="Read such patterns from a file, one a line.",
    ),
    click.option(
        "--keep-filtered",
        is_flag=True,
        help="Do not forget the state of what is excluded: for a single run with other filters.",
    ),
    click.option(
        "--compare",
        metavar="NAME",
        help="How contents are compared where the state does not tell [auto]; `syncfs plugins` lists all. "
        "Options follow a plugin's name, here and elsewhere: NAME:KEY=VALUE,KEY=VALUE.",
    ),
    click.option(
        "--on-conflict",
        multiple=True,
        metavar="[PATTERN=]POLICY",
        help="Who wins where both sides changed: newer, older, larger, smaller, src, dst, keep-both, skip, "
        "fail, or a plugin's [newer]. The first PATTERN that matches counts.",
    ),
    click.option(
        "--discard-loser", is_flag=True, help="Put a conflict's loser into the trash, not beside the winner."
    ),
    click.option(
        "--verify", is_flag=True, help="Read the contents of both sides instead of trusting the state."
    ),
    click.option(
        "--trash/--no-trash",
        default=True,
        help="Keep what is removed for 30 days, for `syncfs restore` [--trash].",
    ),
    click.option(
        "--executor", metavar="NAME", help="Where transfers run [threads]; `syncfs plugins` lists all."
    ),
    click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="The most transfers at once [32]."),
    click.option(
        "--bwlimit",
        callback=_rate,
        metavar="RATE",
        help="The most bytes per second; K, M, G for 1,024 and its powers.",
    ),
    click.option(
        "--lease",
        "lease_s",
        type=click.FloatRange(min=3),
        metavar="SECONDS",
        help="Hold a lease on the remote side, which two machines share: others are refused while this run "
        "goes on, and for SECONDS if it dies.",
    ),
    click.option(
        "--owner",
        metavar="NAME",
        help="Who holds that lease: one that the same owner left behind is taken over at once.",
    ),
)
"""What a run does."""


def with_options(*groups: Sequence[_Option]) -> Callable[[_Command], _Command]:
    """Add groups of options to a command, in the order in which its help shows them."""

    def decorate(command: _Command) -> _Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


def complete_delete(words: Iterable[str]) -> list[str]:
    """Spell a bare `--delete` out, so that it cannot swallow the word that follows it.

    >>> complete_delete(["push", "--delete", "a", "b", "--", "--delete"])
    ['push', '--delete=synced', 'a', 'b', '--', '--delete']
    """
    completed = list(words)
    end = completed.index("--") if "--" in completed else len(completed)
    return ["--delete=synced" if word == "--delete" else word for word in completed[:end]] + completed[end:]


def syncer_arguments(options: Mapping[str, Any], mode: Mode | None = None) -> dict[str, Any]:
    """Turn parsed options into `Syncer`'s keyword arguments, leaving out what was not given.

    Args:
        options: By click's parameter names; of one, two or all groups.
        mode: What they are for.

    Raises:
        click.UsageError: They contradict each other.
    """
    if mode is Mode.SYNC and options.get("delete") == "extra":
        raise click.UsageError("--delete=extra mirrors one way; use push or pull, or sync --delete=synced")
    state = options.get("state")
    arguments: dict[str, Any] = {
        name: options[name]
        for name in ("delete", "max_delete", "compare", "executor", "jobs", "bwlimit", "lease_s", "owner")
        if options.get(name) is not None
    }
    arguments |= {name: True for name in ("verify", "keep_filtered") if options.get(name)}
    if state is not None:
        arguments["state"] = None if state == "none" else state
    for name in ("src_options", "dst_options", "state_options"):
        if options.get(name):
            arguments[name] = options[name]
    if options.get("include"):
        arguments["include"] = tuple(options["include"])
    # Patterns of files first: in gitignore's rules the last match wins, and the command line should.
    if exclude := (*options.get("exclude_from", ()), *options.get("exclude", ())):
        arguments["exclude"] = exclude
    if options.get("on_conflict"):
        arguments["on_conflict"] = _policies(options["on_conflict"])
    if options.get("discard_loser"):
        arguments["keep_loser"] = False
    if options.get("trash") is False:
        arguments["trash"] = False
    return arguments


def _policies(words: Sequence[str]) -> str | dict[str, str]:
    """One policy's name, or a mapping from patterns to names whose last pattern is the bare one's."""
    by_pattern: dict[str, str] = {}
    bare = None
    for word in words:
        # A policy's options hold equals signs too, so what can be a bare policy is one.
        match = re.fullmatch(_POLICY, word) or re.fullmatch(f"(?:(?P<pattern>.+?)=)?{_POLICY}", word)
        if match is None:
            raise click.UsageError(f"--on-conflict {word}: write POLICY or PATTERN=POLICY")
        pattern, policy = match.groupdict().get("pattern"), match["policy"]
        if pattern:
            by_pattern.setdefault(pattern, policy)
        elif bare is not None and bare != policy:
            raise click.UsageError(f"--on-conflict: both {bare} and {policy} for everything; give one")
        else:
            bare = policy
    if not by_pattern:
        assert bare is not None
        return bare
    if bare is not None:
        by_pattern.setdefault("*", bare)
    return by_pattern
