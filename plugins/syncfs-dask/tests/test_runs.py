"""Runs on workers: the same reports as at home, and what they say where something is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client, LocalCluster
from syncfs_dask import Dask, strategy

from syncfs import ConfigError, SyncAbortedError, Syncer
from syncfs.testing import Tree, read_tree, write_tree
from syncfs.testing.executors import facts_of

Target = Callable[[str], tuple[Any, Path]]

TREE: Tree = {**{f"d{number % 4}/f{number}": f"{number}" for number in range(60)}, "empty/": None}


def at(cluster: LocalCluster) -> Dask:
    return Dask(address=cluster.scheduler_address, shared=True)


def test_runs_report_what_runs_in_threads_do(target: Target, tmp_path: Path, cluster: LocalCluster) -> None:
    reports: list[list[dict[str, Any]]] = []
    trees = []
    for name, executor in (("here", None), ("there", at(cluster))):
        dst, root = target(f"b-{name}")
        src = tmp_path / f"a-{name}"
        write_tree(src, TREE)
        syncer = Syncer(src, dst, state=tmp_path / f"state-{name}", executor=executor, on_conflict="dst")
        facts = [facts_of(syncer.push()), facts_of(syncer.sync())]
        write_tree(src, {"d0/f0": "edited here", "new": "new", "d3/f3": "mine"})
        write_tree(root, {"d1/f1": "edited there", "d3/f3": "hers, longer"})
        (src / "d2" / "f2").unlink()
        (src / "d1" / "f5").rename(src / "d1" / "renamed")
        facts += [facts_of(syncer.sync()), facts_of(syncer.sync()), facts_of(syncer.pull())]
        for fact in facts:
            for conflict in fact["conflicts"]:
                del conflict["src"]["mtime_ns"], conflict["dst"]["mtime_ns"]
                conflict["outcome"] = conflict["outcome"].partition(" as ")[0]  # the name holds the time
        reports.append(facts)
        trees.append(sorted(str(content) for content in seen(src).values()))
        assert seen(src) == seen(root)
    assert reports[0] == reports[1]
    assert trees[0] == trees[1]
    assert [fact["copied"] for fact in reports[0]][:2] == [60, 0]


def seen(root: Path) -> Tree:
    return {path: content for path, content in read_tree(root).items() if not path.startswith(".syncfs")}


def test_a_cluster_of_its_own_is_closed_with_the_run(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", TREE)
    (tmp_path / "b").mkdir()
    before = workers_here()
    syncer = Syncer(tmp_path / "a", tmp_path / "b", state=None, executor="dask:workers=1,threads=2", jobs=4)
    assert syncer.push().copied == 60
    assert workers_here() == before
    assert syncer.push().changed == 0, "which needs no cluster"


def workers_here() -> set[int]:
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if "spawn_main" in " ".join(child.cmdline())}


def test_a_directory_of_this_machine_is_sent_to_a_scheduler_only_where_it_is_shared(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    (tmp_path / "b").mkdir()
    executor = "dask:address=tcp://127.0.0.1:1"
    with pytest.raises(ConfigError, match=r"src: .* is a directory of this machine"):
        Syncer(tmp_path / "a", tmp_path / "b", state=None, executor=executor).push()


def test_a_scheduler_that_does_not_answer_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "_CONNECT_S", 0.5)
    write_tree(tmp_path / "a", {"f": "f"})
    (tmp_path / "b").mkdir()
    executor = Dask(address="tcp://127.0.0.1:1", shared=True)
    with pytest.raises(
        SyncAbortedError, match=r"dask: the scheduler tcp://127.0.0.1:1 has no worker"
    ) as caught:
        Syncer(tmp_path / "a", tmp_path / "b", state=None, executor=executor).push()
    assert caught.value.retryable


def test_numbers_of_workers_below_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="workers and threads"), Dask(workers=-1).open(4):
        pass


def test_a_named_secret_is_looked_up_on_the_worker(
    tmp_path: Path, apache: Any, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    monkeypatch.setenv("SYNCFS_TEST_SECRET", "s3cret")  # here, but not in workers that run already
    url = apache.folder().url.replace("http", "webdav", 1)
    options = {"username": "ann", "password": "env:SYNCFS_TEST_SECRET"}
    syncer = Syncer(tmp_path / "a", url, dst_options=options, state=None, executor=at(cluster))
    with pytest.raises(SyncAbortedError, match="the environment variable SYNCFS_TEST_SECRET is not set"):
        syncer.push()
    with Client(cluster, set_as_default=False) as client:
        client.run(exec, "import os; os.environ['SYNCFS_TEST_SECRET'] = 's3cret'")
    assert syncer.push().copied == 1


def test_no_log_and_no_repr_shows_what_was_sent(cluster: LocalCluster) -> None:
    strategy_ = at(cluster)
    with strategy_.open(2) as executor:
        with pytest.raises(TypeError):
            executor.submit(os.strerror, "s3cret").result(30)
        with Client(cluster, set_as_default=False) as client:
            logs = f"{client.get_worker_logs()}{client.get_scheduler_logs()}"
        assert "Compute Failed" in logs, "or there is nothing to look at"
        assert "s3cret" not in f"{logs}{executor!r}{strategy_!r}{vars(executor)}"
