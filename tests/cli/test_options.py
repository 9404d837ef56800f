"""From words to `Syncer`'s arguments."""

from pathlib import Path
from typing import Any

import click
import pytest

from syncfs.cli.options import RUN_OPTIONS, STATE_OPTIONS, complete_delete, syncer_arguments, with_options
from syncfs.core.settings import Mode


@click.command()
@click.argument("places", nargs=-1)
@with_options(RUN_OPTIONS, STATE_OPTIONS)
def parsed(**options: Any) -> dict[str, Any]:
    return options


def arguments(*words: str, mode: Mode | None = None) -> dict[str, Any]:
    options = parsed.main(complete_delete(words), standalone_mode=False)
    return syncer_arguments(options, mode)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", {}),
        ("--delete", {"delete": "synced"}),
        ("--delete=synced", {"delete": "synced"}),
        ("--delete=extra", {"delete": "extra"}),
        ("--delete=none", {"delete": "none"}),
        ("--max-delete 7", {"max_delete": 7}),
        ("--max-delete 7.5%", {"max_delete": "7.5%"}),
        ("--include *.md --include *.txt", {"include": ("*.md", "*.txt")}),
        ("--exclude *.log", {"exclude": ("*.log",)}),
        ("--compare size", {"compare": "size"}),
        ("--on-conflict skip", {"on_conflict": "skip"}),
        ("--on-conflict *.md=keep-both", {"on_conflict": {"*.md": "keep-both"}}),
        (
            "--on-conflict skip --on-conflict a=b=src --on-conflict *.md=dst",
            {"on_conflict": {"a=b": "src", "*.md": "dst", "*": "skip"}},
        ),
        ("--discard-loser", {"keep_loser": False}),
        ("--verify", {"verify": True}),
        ("--trash", {}),
        ("--no-trash", {"trash": False}),
        ("--jobs 4", {"jobs": 4}),
        ("--bwlimit 1000", {"bwlimit": 1000}),
        ("--bwlimit 1.5k", {"bwlimit": 1536}),
        ("--bwlimit 2MiB", {"bwlimit": 2 * 1024**2}),
        ("--bwlimit 1G", {"bwlimit": 1024**3}),
        ("--state none", {"state": None}),
        ("--state auto", {"state": "auto"}),
        ("--state s.sqlite", {"state": "s.sqlite"}),
        ("--keep-filtered", {"keep_filtered": True}),
        (
            "--dst-option password=12345 --dst-option timeout=30 --dst-option verify=false --dst-option a=b",
            {"dst_options": {"password": "12345", "timeout": 30, "verify": False, "a": "b"}},
        ),
        ("--src-option token=env:TOKEN", {"src_options": {"token": "env:TOKEN"}}),
        ("--state s3://b/x --state-option anon=true", {"state": "s3://b/x", "state_options": {"anon": True}}),
        ("--executor few:most=2 --owner nightly", {"executor": "few:most=2", "owner": "nightly"}),
        ("--on-conflict merge:markers=true", {"on_conflict": "merge:markers=true"}),
        (
            "--on-conflict *.md=merge:markers=true,base=a=b --on-conflict skip",
            {"on_conflict": {"*.md": "merge:markers=true,base=a=b", "*": "skip"}},
        ),
        ("--src-option a=b=c", {"src_options": {"a": "b=c"}}),
    ],
)
def test_options_become_the_arguments_of_the_same_words(words: str, expected: dict[str, Any]) -> None:
    assert arguments(*words.split()) == expected


def test_patterns_of_files_come_before_those_of_the_command_line_which_may_take_them_back(
    tmp_path: Path,
) -> None:
    (tmp_path / "ignore").write_bytes(b"# logs\n*.log\r\n\nodd-\xff\n")
    words = ("--exclude", "!keep.log", "--exclude-from", str(tmp_path / "ignore"))
    assert arguments(*words) == {"exclude": ("# logs", "*.log", "", "odd-\udcff", "!keep.log")}


@pytest.mark.parametrize(
    "words",
    [
        "--delete=all",
        "--max-delete 101%",
        "--max-delete many",
        "--max-delete -1",
        "--on-conflict =src",
        "--on-conflict *.md=",
        "--on-conflict src --on-conflict dst",
        "--jobs 0",
        "--bwlimit fast",
        "--bwlimit 0",
        "--src-option verify",
        "--src-option =x",
        "--exclude-from /no/such/file",
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(words: str) -> None:
    with pytest.raises(click.UsageError):
        arguments(*words.split())


def test_a_storage_option_without_a_key_is_not_repeated_in_the_message() -> None:
    with pytest.raises(click.UsageError) as caught:
        arguments("--src-option", "s3cret")
    assert "s3cret" not in caught.value.format_message()


def test_an_exact_mirror_is_refused_both_ways_only() -> None:
    assert arguments("--delete=extra", mode=Mode.PULL) == {"delete": "extra"}
    with pytest.raises(click.UsageError, match="one way"):
        arguments("--delete=extra", mode=Mode.SYNC)


def test_the_bare_delete_swallows_nothing() -> None:
    options = parsed.main(complete_delete(["--delete", "A", "B"]), standalone_mode=False)
    assert (options["delete"], options["places"]) == ("synced", ("A", "B"))


def test_a_directory_named_delete_can_be_said_after_two_dashes() -> None:
    options = parsed.main(complete_delete(["--", "--delete", "B"]), standalone_mode=False)
    assert (options["delete"], options["places"]) == (None, ("--delete", "B"))


def test_a_lease_is_asked_for_in_seconds() -> None:
    assert syncer_arguments({"lease_s": 60.0})["lease_s"] == 60.0
