"""The resource and the asset, run by Dagster's own engine."""

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, job, materialize, op
from syncfs_dagster import SyncPair, sync_asset

import syncfs


@pytest.fixture
def pair(tmp_path: Path) -> SyncPair:
    """A folder with one file, an empty one, and a state of their own."""
    src, dst = tmp_path / "src", tmp_path / "dst"
    src.mkdir()
    dst.mkdir()
    (src / "a.txt").write_text("one")
    return SyncPair(src_url=str(src), dst_url=str(dst), choices={"state": str(tmp_path / "state.sqlite")})


def materialized(pair: SyncPair, **options: Any) -> ExecuteInProcessResult:
    return materialize([sync_asset("documents")], resources={"syncfs": pair}, **options)


def counts(result: ExecuteInProcessResult) -> dict[str, Any]:
    [event] = result.asset_materializations_for_node("documents")
    return {key: value.value for key, value in event.metadata.items()}


def test_an_asset_is_materialized_by_a_push_and_tells_the_counts(pair: SyncPair, tmp_path: Path) -> None:
    assert counts(materialized(pair))["copied"] == 1
    assert (tmp_path / "dst" / "a.txt").read_text() == "one"


def test_a_second_materialization_does_nothing(pair: SyncPair) -> None:
    materialized(pair)
    again = counts(materialized(pair))
    assert again["copied"] == again["removed"] == again["renamed"] == 0


def test_a_job_calls_the_resource_with_choices_of_its_own(pair: SyncPair, tmp_path: Path) -> None:
    (tmp_path / "src" / "b.log").write_text("noise")

    @op
    def push(syncfs: SyncPair) -> int:
        copied: int = syncfs.run("push", exclude=["*.log"])["copied"]
        return copied

    @job(resource_defs={"syncfs": pair})
    def nightly() -> None:
        push()

    assert nightly.execute_in_process().output_for_node("push") == 1


def test_a_missing_source_fails_and_is_not_repeated(pair: SyncPair, tmp_path: Path) -> None:
    gone = SyncPair(src_url=str(tmp_path / "nowhere"), dst_url=pair.dst_url, choices=pair.choices)
    result = materialized(gone, raise_on_error=False, instance=DagsterInstance.ephemeral())
    assert not result.success
    [failure] = result.filter_events(lambda event: event.is_step_failure)
    assert "nowhere" in str(failure.step_failure_data.user_failure_data.description)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


def test_what_may_pass_asks_for_a_retry(pair: SyncPair, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = syncfs.run, []

    def unreachable_once(*args: Any, **choices: Any) -> dict[str, Any]:
        calls.append(args)
        if len(calls) == 1:
            raise syncfs.EndpointUnavailableError("unreachable", retryable=True)
        return real(*args, **choices)

    monkeypatch.setattr(syncfs, "run", unreachable_once)
    monkeypatch.setattr("syncfs_dagster.resource._WAIT_S", 0)
    result = materialized(pair)
    assert counts(result)["copied"] == 1
    assert [event for event in result.all_events if event.is_step_up_for_retry]
