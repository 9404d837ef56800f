"""The task, called alone and run by Prefect's own engine against a server of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness
from syncfs_prefect import sync_pair

import syncfs


@pytest.fixture(scope="module", autouse=True)
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A temporary Prefect server and database."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, Any]:
    """A folder with one file, an empty one, and a state of their own."""
    src, dst = tmp_path / "src", tmp_path / "dst"
    src.mkdir()
    dst.mkdir()
    (src / "a.txt").write_text("one")
    return {
        "src_url": str(src),
        "dst_url": str(dst),
        "choices": {"state": str(tmp_path / "state.sqlite")},
    }


def test_the_function_alone_pushes_and_reports(pair: dict[str, Any], tmp_path: Path) -> None:
    report = sync_pair.fn(**pair)
    assert report["copied"] == 1 and report["ok"]
    assert (tmp_path / "dst" / "a.txt").read_text() == "one"


def test_a_flow_runs_it_as_often_as_it_is_called(pair: dict[str, Any], tmp_path: Path) -> None:
    @flow
    def nightly() -> list[int]:
        first = sync_pair(**pair)["copied"]
        (tmp_path / "src" / "b.txt").write_text("two")
        # The same parameters again: an answer from a cache would miss the new file.
        return [first, sync_pair(**pair)["copied"], sync_pair(**pair)["copied"]]

    assert nightly() == [1, 1, 0]
    assert (tmp_path / "dst" / "b.txt").read_text() == "two"


def test_what_may_pass_is_tried_again(
    pair: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = syncfs.run, []

    def unreachable_once(*args: Any, **choices: Any) -> dict[str, Any]:
        calls.append(args)
        if len(calls) == 1:
            raise syncfs.EndpointUnavailableError("unreachable", retryable=True)
        return real(*args, **choices)

    monkeypatch.setattr(syncfs, "run", unreachable_once)

    @flow
    def nightly() -> int:
        copied: int = sync_pair.with_options(retry_delay_seconds=0)(**pair)["copied"]
        return copied

    assert nightly() == 1
    assert len(calls) == 2


def test_a_missing_source_fails_at_once(pair: dict[str, Any], tmp_path: Path) -> None:
    @flow
    def nightly() -> None:
        sync_pair(**pair | {"src_url": str(tmp_path / "nowhere")})

    with pytest.raises(syncfs.EndpointUnavailableError, match="nowhere"):
        nightly()
