"""`syncfs.run`: JSON in and out, and what many workers at once do to each other."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest

import syncfs
from syncfs import (
    ConfigError,
    EndpointUnavailableError,
    IncompleteSyncError,
    LockedError,
    StoreError,
    Syncer,
    UnsafePlanError,
)
from syncfs.core.problem import Problem
from syncfs.core.report import Report
from syncfs.task import LARGEST_BYTES, _cut
from syncfs.testing import read_tree, write_tree
from tests.servers.proxy import Fault, Meanwhile, Proxy, Reply
from tests.servers.server import Folder

ROOT = Path(__file__).parent.parent
PATIENCE_S = 300
"""A busy machine takes long to start five processes."""
TREE = {"a.txt": "a", "deep/b.txt": "b"}


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))


def dav(folder: Folder, path: str = "") -> str:
    return folder.url.replace("http", "webdav", 1) + path


def start(machine: Path, *others: dict[str, Any], **arguments: Any) -> subprocess.Popen[str]:
    """A worker whose locks and states are those of one machine; it does all that it is given at once."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.task_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "SYNCFS_STATE_DIR": str(machine), "SYNCFS_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert worker.stdin is not None
    worker.stdin.write(json.dumps([arguments, *others]))
    worker.stdin.close()
    worker.stdin = None
    return worker


def all_ended(worker: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, err = worker.communicate(timeout=PATIENCE_S)
    assert worker.returncode == 0, err
    results: list[dict[str, Any]] = json.loads(out)
    return results


def ended(worker: subprocess.Popen[str]) -> dict[str, Any]:
    (result,) = all_ended(worker)
    return result


# -- one worker --------------------------------------------------------------------------------------


def test_it_takes_everything_that_a_syncer_takes_and_json_can_say() -> None:
    taken = set(inspect.signature(syncfs.run).parameters)
    no_json = {"self", "src_fs", "dst_fs", "src_path", "dst_path", "plugins", "progress", "cancel"}
    assert set(inspect.signature(Syncer).parameters) - no_json <= taken


def test_a_second_run_does_nothing(webdav_server: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "a", TREE)
    first = syncfs.run(str(tmp_path / "a"), dav(webdav_server))
    assert (first["ok"], first["copied"], first["retryable"]) == (True, 2, False)
    assert json.loads(json.dumps(first)) == first
    again = syncfs.run(str(tmp_path / "a"), dav(webdav_server))
    assert [again[name] for name in ("copied", "removed", "renamed", "made_directories")] == [0] * 4
    assert {name: text for name, text in webdav_server.read().items() if ".syncfs" not in name} == TREE


def test_secrets_are_taken_from_the_environment_and_told_to_nobody(
    wsgidav_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path / "a", TREE)
    monkeypatch.setenv("MY_PASSWORD", "s3cret")
    options = {"username": "ann", "password": "env:MY_PASSWORD"}
    result = syncfs.run(
        str(tmp_path / "a"),
        dav(wsgidav_folder, "data"),
        dst_options=options,
        state=dav(wsgidav_folder, "x.sqlite"),
        state_options=options,
        report_url=dav(wsgidav_folder, "report.jsonl"),
        report_options=options,
    )
    assert result["copied"] == 2
    assert "s3cret" not in json.dumps(result)
    assert not [
        path for path in wsgidav_folder.root.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()
    ]
    monkeypatch.delenv("MY_PASSWORD")
    with pytest.raises(ConfigError, match="the environment variable MY_PASSWORD is not set"):
        syncfs.run(str(tmp_path / "a"), dav(wsgidav_folder), dst_options=options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "copy"}, "mode: 'copy' is unknown"),
        ({"compare": "digets"}, "Did you mean 'digest'"),
        ({"executor": "dsk"}, "no executor is named 'dsk'.*threads"),
        ({"state": "store:nothing"}, "no state store is named 'nothing'"),
        ({"state_options": {"a": 1}}, "state_options are for a state at a URL"),
        ({"report_url": "report.jsonl"}, "names no file in a directory"),
        ({"jobs": "many"}, "jobs: a whole number"),
        ({"lease_s": 1}, "lease_s: at least 3"),
    ],
)
def test_wrong_arguments_are_told_in_one_line_before_anything_is_done(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    write_tree(tmp_path, {"a/f": "f", "b/": None})
    with pytest.raises(ConfigError, match=message) as caught:
        syncfs.run(str(tmp_path / "a"), str(tmp_path / "b"), **arguments)
    assert "\n" not in str(caught.value)
    assert not caught.value.retryable
    assert read_tree(tmp_path / "b") == {}


def test_a_filesystem_is_no_url(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="src_url: a URL or a path as text"):
        syncfs.run(fsspec.filesystem("memory"), str(tmp_path))


def test_what_is_raised_pickles_and_says_whether_to_retry(wsgidav_folder: Folder, tmp_path: Path) -> None:
    here = str(tmp_path / "a")
    write_tree(tmp_path / "a", TREE)
    write_tree(tmp_path / "b", {"a.txt": "other"})

    def raised(*places: str, **arguments: Any) -> Any:
        with pytest.raises(syncfs.SyncfsError) as caught:
            syncfs.run(*places, **arguments)
        back = pickle.loads(pickle.dumps(caught.value))
        assert (type(back), str(back)) == (type(caught.value), str(caught.value))
        assert back.retryable == caught.value.retryable
        return back

    away = raised(here, "webdav://127.0.0.1:9/dav")
    assert (type(away), away.retryable, away.side) == (EndpointUnavailableError, True, "dst")
    missing = raised(str(tmp_path / "no"), here)
    assert (type(missing), missing.retryable) == (EndpointUnavailableError, False)
    state = raised(here, dav(wsgidav_folder), state="webdav://127.0.0.1:9/x.sqlite")
    assert (type(state), state.retryable) == (StoreError, True)
    conflict = raised(here, str(tmp_path / "b"), on_conflict="skip", state=None, compare="content")
    assert (type(conflict), conflict.retryable) == (IncompleteSyncError, False)
    assert conflict.report.open_conflicts
    left = syncfs.run(here, str(tmp_path / "b"), on_conflict="skip", state=None, check=False)
    assert (left["ok"], left["retryable"]) == (False, False)
    with Proxy(wsgidav_folder.url, Fault(Reply(503), method="PUT", every=True)) as proxy:
        busy = raised(here, proxy.url.replace("http", "webdav", 1), lease_s=None)
    assert busy.retryable
    assert syncfs.run(here, str(tmp_path / "c"))["ok"]
    for name in TREE:
        (tmp_path / "a" / name).unlink()
    refused = raised(here, str(tmp_path / "c"), delete="synced", max_delete=1)
    assert (type(refused), refused.retryable) == (UnsafePlanError, False)
    assert refused.reasons


def test_a_long_report_is_cut_to_size_and_whole_at_its_url(tmp_path: Path) -> None:
    names = [f"{'é' * 60}-{number:04}.txt" for number in range(600)]
    write_tree(tmp_path / "a", dict.fromkeys(names, "mine"))
    write_tree(tmp_path / "b", dict.fromkeys(names, "theirs"))
    result = syncfs.run(
        str(tmp_path / "a"),
        str(tmp_path / "b"),
        on_conflict="fail",
        check=False,
        report_url=f"{tmp_path}/report.jsonl",
    )
    assert len(json.dumps(result)) <= LARGEST_BYTES
    shown = {name: len(result[name]) for name in ("conflicts", "problems")}
    assert min(shown.values()) > 20
    assert {name: shown[name] + result["truncated"][name] for name in shown} == dict.fromkeys(shown, 600)
    *events, report = map(json.loads, (tmp_path / "report.jsonl").read_text().splitlines())
    assert events[0]["event"] == "planned"
    assert {conflict["path"] for conflict in report["conflicts"]} == set(names)


@pytest.mark.parametrize("count", [0, 1, 50, 5_000])
def test_a_result_never_exceeds_its_limit(count: int) -> None:
    problems = tuple(
        Problem(path="\U0001f680" * 1_000, side=None, message="\n" * 3_000) for _ in range(count)
    )
    report = Report(mode="push", problems=problems, notices=("x" * 20_000,) * (count % 7))
    result = _cut(report.to_dict())
    assert len(json.dumps(result)) <= LARGEST_BYTES
    for name, whole in (("problems", problems), ("notices", report.notices)):
        assert len(result[name]) + result.get("truncated", {}).get(name, 0) == len(whole)


def test_a_report_goes_to_its_url_also_when_the_run_stops_and_replaces_what_is_there(
    apache_folder: Folder, tmp_path: Path
) -> None:
    write_tree(tmp_path / "a", TREE)
    there: dict[str, Any] = {"report_url": dav(apache_folder, "r.jsonl")}
    assert syncfs.run(str(tmp_path / "a"), str(tmp_path / "b"), **there)["report_url"].endswith("/r.jsonl")
    for name in TREE:
        (tmp_path / "a" / name).unlink()
    with pytest.raises(UnsafePlanError):
        syncfs.run(str(tmp_path / "a"), str(tmp_path / "b"), delete="synced", max_delete=1, **there)
    lines = str(apache_folder.read()["r.jsonl"]).splitlines()
    assert json.loads(lines[-1])["error"].startswith("2 of 2 files would be removed in dst")


def test_a_report_that_cannot_be_written_stops_nothing_that_was_begun(
    apache_folder: Folder, tmp_path: Path
) -> None:
    write_tree(tmp_path / "a", TREE)
    with pytest.raises(EndpointUnavailableError):
        syncfs.run(str(tmp_path / "a"), str(tmp_path / "b"), report_url="webdav://127.0.0.1:9/r.jsonl")
    assert not (tmp_path / "b").exists()
    with Proxy(apache_folder.url, Fault(Reply(507), method="PUT", every=True)) as proxy:
        url = proxy.url.replace("http", "webdav", 1) + "r.jsonl"
        result = syncfs.run(str(tmp_path / "a"), str(tmp_path / "b"), report_url=url)
    assert result["copied"] == 2
    assert "the report could not be written" in result["notices"][0]


# -- many workers ------------------------------------------------------------------------------------


def test_twenty_workers_of_different_pairs_all_succeed(apache_folder: Folder, tmp_path: Path) -> None:
    pairs = {f"p{number}": {f"f{number}.txt": str(number)} for number in range(20)}
    for name, tree in pairs.items():
        write_tree(tmp_path / "from" / name, tree)
    apache_folder.write({**{f"{name}/": None for name in pairs}, "states/": None})
    tasks: list[dict[str, Any]] = [
        {
            "src_url": str(tmp_path / "from" / name),
            "dst_url": dav(apache_folder, name),
            "state": dav(apache_folder, f"states/{name}.sqlite"),
        }
        for name in pairs
    ]
    workers = [start(tmp_path / "machine", *tasks[at + 1 : at + 4], **tasks[at]) for at in range(0, 20, 4)]
    results = [result for worker in workers for result in all_ended(worker)]
    assert [(result.get("ok"), result.get("copied")) for result in results] == [(True, 1)] * 20, results
    for name, tree in pairs.items():
        assert read_tree(apache_folder.root / name).items() >= tree.items()


@pytest.mark.parametrize("where", ["one machine", "five machines"])
def test_of_five_workers_of_one_pair_one_wins_and_four_may_try_again(
    wsgidav_folder: Folder, tmp_path: Path, where: str
) -> None:
    write_tree(tmp_path / "from", TREE)
    wsgidav_folder.write({"data/": None})
    release, held = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        assert release.wait(PATIENCE_S)

    slow = Fault(Meanwhile(hold), method="PUT", path_regex="/data/[^.]")
    with Proxy(wsgidav_folder.url, slow) as proxy:
        url = proxy.url.replace("http", "webdav", 1)
        workers = [
            start(
                tmp_path / ("machine" if where == "one machine" else f"machine{number}"),
                src_url=str(tmp_path / "from"),
                dst_url=f"{url}data",
                state="auto" if where == "one machine" else f"{url}state.sqlite",
            )
            for number in range(5)
        ]
        try:
            with ThreadPoolExecutor(5) as pool:
                futures = [pool.submit(ended, worker) for worker in workers]
                assert held.wait(PATIENCE_S)
                losers = sum_up(futures, 4)
                release.set()
                results = [future.result() for future in futures]
        finally:
            release.set()
    assert len(losers) == 4
    assert {(each["raised"], each["retryable"]) for each in losers} == {("LockedError", True)}, losers
    winner = next(each for each in results if "raised" not in each)
    assert (winner["ok"], winner["copied"]) == (True, 2)
    again = ended(
        start(tmp_path / "another", src_url=str(tmp_path / "from"), dst_url=dav(wsgidav_folder, "data"))
    )
    assert (again["ok"], again["copied"]) == (True, 0)


def sum_up(futures: list[Any], count: int) -> list[dict[str, Any]]:
    """The first so many results."""
    from concurrent.futures import as_completed

    done = as_completed(futures, timeout=PATIENCE_S)
    return [next(done).result() for _ in range(count)]


def test_a_retry_is_not_blocked_by_its_dead_predecessor(apache_folder: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "from", TREE)
    apache_folder.write({"data/": None})
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        release.wait(PATIENCE_S)

    arguments = {"src_url": str(tmp_path / "from"), "owner": "nightly/docs/2026-11-24"}
    fault = Fault(Meanwhile(hold), method="PUT", path_regex="/data/(a|deep)", every=True)
    with Proxy(apache_folder.url, fault) as proxy:
        arguments |= {
            "dst_url": proxy.url.replace("http", "webdav", 1) + "data",
            "state": proxy.url.replace("http", "webdav", 1) + "state.sqlite",
        }
        try:
            dead = start(tmp_path / "machine1", **arguments)
            assert held.wait(PATIENCE_S)
            dead.kill()
            dead.communicate(timeout=PATIENCE_S)
            proxy.faults.clear()
            # Another machine and another task must believe that it is alive.
            stranger = ended(start(tmp_path / "machine2", **{**arguments, "owner": "somebody"}))
            assert (stranger.get("raised"), stranger["retryable"]) == ("LockedError", True)
            assert "nightly/docs/2026-11-24" in stranger["said"]
            # Its own machine knows that it is dead, its own task does anywhere.
            assert ended(start(tmp_path / "machine1", **{**arguments, "owner": "somebody"}))["ok"]
            apache_folder.write(
                {"data/.syncfs/lease": json.dumps({"owner": arguments["owner"], "lease_s": 600})}
            )
            assert ended(start(tmp_path / "machine3", **arguments))["ok"]
        finally:
            release.set()
    assert not (apache_folder.root / "data" / ".syncfs" / "lease").exists()
    assert read_tree(apache_folder.root / "data").items() >= TREE.items()


def test_a_lock_is_told_as_such(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", TREE)
    (tmp_path / "b").mkdir()
    raised: list[BaseException] = []

    def again(_: Any) -> None:
        try:
            syncfs.run(str(tmp_path / "a"), str(tmp_path / "b"))
        except LockedError as error:
            raised.append(error)

    assert Syncer(tmp_path / "a", tmp_path / "b", progress=again).push().copied == 2
    assert raised
    assert all(error.retryable for error in raised if isinstance(error, LockedError))
