"""Run contenders in turn, round by round, and keep what each run cost."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.server import Server

_MEASURE = Path(__file__).with_name("measure.py")
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Cost:
    """What one run of one command cost."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    requests: int | None = None


@dataclass(frozen=True)
class Turn:
    """One contender's part of one round.

    Attributes:
        command: What is run and timed.
        cleanup: What to remove afterwards.
        check: Raises when the command did not do its work.
        stdin: What the command reads.
        cwd: Where it runs.
    """

    command: Sequence[str]
    cleanup: Sequence[Path] = ()
    check: Callable[[], None] | None = None
    cwd: Path | None = None


@dataclass(frozen=True)
class Contender:
    """One tool in one case.

    Attributes:
        name: As the table shows it.
        prepare: Makes ready for a round, outside the timing: fresh trees where they are needed.
        most_rounds: Fewer rounds than the others, for one that takes very long.
    """

    name: str
    prepare: Callable[[int], Turn]
    most_rounds: int = 1 << 30


@dataclass
class Case:
    """One piece of work that every contender does.

    Attributes:
        name: What the command line calls it.
        title: What is done, in words.
        contenders: The first is syncfs; the second the one that ratios are given of.
        server: Whose log tells the requests; None for none.
        left_out: Peers that cannot take part, and why.
        targets: The most that syncfs may take of another's time, as issue and README promise it.
        keeps_all: What was made is removed after the last round and not between them. ext4 gives no inode
            that was freed in the last minute, and looks at every one of them anew for each that it gives:
            for 2,000 files that was 1 s of 1.7 s of Apache's processor time, on top of everyone's figure.
    """

    name: str
    title: str
    contenders: list[Contender]
    server: Server | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    keeps_all: bool = False


Results = dict[str, list[Cost]]


def run_command(command: Sequence[str], environment: dict[str, str], cwd: Path | None = None) -> Cost:
    """Run a whole process and measure it; raises when it fails."""
    with tempfile.NamedTemporaryFile(prefix="syncfs-cost-") as output, tempfile.TemporaryFile() as said:
        subprocess.run(
            [sys.executable, "-I", "-S", str(_MEASURE), output.name, *command],
            env=environment,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            cwd=cwd,
        )
        cost = json.loads(Path(output.name).read_text())
        if cost.pop("code") != 0:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read()[-3000:].decode(errors='replace')}")
    return Cost(**cost)


def play(case: Case, rounds: int, environment: dict[str, str], say: Callable[[str], object]) -> Results:
    """Run a case: A B C, A B C, ...

    Returns:
        The costs of each contender, round by round.
    """
    results: Results = {contender.name: [] for contender in case.contenders}
    made: list[Path] = []
    for turn in range(rounds):
        for contender in case.contenders:
            if turn >= contender.most_rounds:
                continue
            ready = contender.prepare(turn)
            if case.server is not None:
                case.server.clear_requests()
            os.sync()  # what was prepared is not to be written during the timing
            cost = run_command(ready.command, environment, ready.cwd)
            if case.server is not None:
                cost = Cost(cost.wall_s, cost.cpu_s, cost.peak_bytes, len(case.server.requests()))
            if ready.check is not None:
                ready.check()
            made += ready.cleanup
            if not case.keeps_all:
                _remove(made)
            results[contender.name].append(cost)
            say(f"  {case.name} round {turn + 1}: {contender.name} {cost.wall_s:.2f} s\n")
    _remove(made)
    return results


def _remove(paths: list[Path]) -> None:
    while paths:
        with suppress(FileNotFoundError):
            shutil.rmtree(paths.pop())


def rows(case: Case, results: Results) -> Iterator[dict[str, Any]]:
    """Sum up: one row for each contender, medians."""
    own = statistics.median(cost.wall_s for cost in results[case.contenders[0].name])
    for contender in case.contenders:
        costs = results[contender.name]
        requests = [cost.requests for cost in costs if cost.requests is not None]
        wall_s = statistics.median(cost.wall_s for cost in costs)
        yield {
            "contender": contender.name,
            "rounds": len(costs),
            "wall_s": round(wall_s, 4),
            "fastest_s": round(min(cost.wall_s for cost in costs), 4),
            "slowest_s": round(max(cost.wall_s for cost in costs), 4),
            "cpu_s": round(statistics.median(cost.cpu_s for cost in costs), 4),
            "peak_mb": round(statistics.median(cost.peak_bytes for cost in costs) / 1e6, 1),
            "requests": statistics.median_low(requests) if requests else None,
            "syncfs_takes": round(own / wall_s, 3),
            "target": case.targets.get(contender.name),
        }


def table(case: Case, summary: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table, with what was left out below."""
    lines = [
        f"### {case.name}: {case.title}",
        "",
        "| | rounds | median s | fastest-slowest | CPU s | peak MB | requests | syncfs takes | target |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary:
        requests = "" if row["requests"] is None else f"{row['requests']:,}"
        target = "" if row["target"] is None else f"≤ {row['target']}"
        lines.append(
            f"| {row['contender']} | {row['rounds']} | {row['wall_s']:.2f} | "
            f"{row['fastest_s']:.2f}-{row['slowest_s']:.2f} | {row['cpu_s']:.2f} | {row['peak_mb']:.0f} | "
            f"{requests} | {row['syncfs_takes']:.2f} | {target} |"
        )
    lines += [""] + [f"{name} is left out: {why}" for name, why in case.left_out.items()]
    return "\n".join(lines) + "\n"
