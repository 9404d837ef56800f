"""The benchmark at a fiftieth of its size: what it measures exactly, and never a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.cases import CASES, Lab
from tests.benchmarks.rounds import Case, Results, play, rows, table
from tests.benchmarks.trees import count_files
from tests.servers.server import ServerMissingError

SCALE = 0.02
FILES, DIRECTORIES = 40, 2
MEMORY_BYTES = 90_000_000


def played(name: str, *peers: str) -> tuple[Case, Results]:
    try:
        with Lab(SCALE) as lab:
            case = CASES[name](lab)
            case.contenders = [each for each in case.contenders if each.name in ("syncfs", *peers)]
            return case, play(case, 1, lab.environment, lambda _: None)
    except ServerMissingError as error:
        pytest.skip(str(error))


def test_a_first_push_costs_a_request_a_file_and_two_a_directory() -> None:
    case, results = played("push", "curl, bare PUTs")
    (own,) = results["syncfs"]
    assert [cost.requests for cost in results.get("curl, bare PUTs", ())] in ([FILES], [])
    # And for the root: PROPFIND 404, MKCOL, the listings before and after, the one that ends the run.
    assert own.requests is not None
    assert FILES + 2 * DIRECTORIES <= own.requests <= FILES + 2 * DIRECTORIES + 6
    assert 9_000_000 < own.peak_bytes < MEMORY_BYTES
    printed = table(case, list(rows(case, results)))
    assert "| syncfs | 1 |" in printed
    assert "fsspec.generic.rsync is left out: " in printed


def test_a_pull_costs_a_request_a_file_and_one_a_directory() -> None:
    _, results = played("pull")
    (own,) = results["syncfs"]
    assert own.requests == FILES + DIRECTORIES + 1
    assert own.peak_bytes < MEMORY_BYTES


def test_nothing_changed_costs_a_request_a_directory() -> None:
    _, results = played("unchanged-lag")
    (own,) = results["syncfs"]
    assert own.requests == DIRECTORIES + 1


def test_a_local_copy_arrives_whole(tmp_path: Path) -> None:
    with Lab(0.001) as lab:
        case = CASES["local-copy"](lab)
        case.contenders = [each for each in case.contenders if each.name in ("syncfs", "cp -a")]
        results = play(case, 2, lab.environment, lambda _: None)
    assert [len(costs) for costs in results.values()] == [2, 2]


def test_a_tool_that_fails_or_does_half_of_it_ends_the_benchmark(tmp_path: Path) -> None:
    with Lab(0.001) as lab:
        case = CASES["local-copy"](lab)
        tree = lab.tree(100_000, 2_000, 128)
        assert count_files(tree) == 100
        contender = case.contenders[0]
        ready = contender.prepare(0)
        assert ready.check is not None
        with pytest.raises(RuntimeError, match="0 of 100 files arrived"):
            ready.check()
        with pytest.raises(RuntimeError, match="failed"):
            lab.run(["sh", "-c", "exit 3"])
