"""Every request of a run times every fault: `python -m tests.faults.sweep`.

Prints what it counted, and every law that was broken; exits 1 if any was. See the package for what is played
and `--help` for how to choose a part of it.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

from tests.faults.case import MODES, Golden, Result, Stage
from tests.faults.kinds import ONCE, STICKY, Kind
from tests.faults.servers import SERVERS, USUAL, stages


class Case(NamedTuple):
    """Which fault at which request of which run."""

    mode: str
    kind: Kind
    number: int
    """Of the request, from 1."""


@dataclass
class Count:
    """What was counted."""

    cases: int = 0
    runs: int = 0
    injected: int = 0
    fired: int = 0
    losses: int = 0
    broken: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, case: Case, result: Result) -> None:
        """Take one case's result."""
        self.cases += 1
        self.injected += 1
        self.runs += result.runs
        self.fired += result.fired > 0
        self.by_kind[case.kind.name] += 1
        self.codes.update(result.codes[:1])
        self.losses += any(words.startswith("lost") for words in result.complaints)
        if result.fired == 0:
            result.complaints.append("silent: the fault did not happen")
        if result.complaints:
            self.broken += 1
            what = f"{case.mode} {case.kind.name!r} at request {case.number}, exits {result.codes}"
            self.failures.append("\n    ".join([what, *result.complaints, *result.said.splitlines()]))

    def __str__(self) -> str:
        return (
            f"{self.cases} cases, {self.injected} faults injected, {self.fired} of them happened, "
            f"{self.runs} runs, {self.losses} losses, {self.broken} cases with a broken law"
        )


def all_cases(golden: Mapping[str, Golden], kinds: Sequence[Kind]) -> list[Case]:
    """Every fault at every request that it can disturb."""
    return [
        Case(mode, kind, index)
        for mode, run in golden.items()
        for index, request in enumerate(run.requests, 1)
        for kind in kinds
        if kind.can_disturb(request)
    ]


def sweep(
    on: Sequence[Stage], golden: Mapping[str, Golden], cases: Sequence[Case], tell: Callable[[str], None]
) -> Count:
    """Play cases on stages, one at a time on each."""
    count = Count()
    free: SimpleQueue[Stage] = SimpleQueue()
    for stage in on:
        free.put(stage)

    def play(case: Case) -> Result:
        stage = free.get()
        try:
            return stage.play(case.mode, case.kind, case.number, golden[case.mode])
        finally:
            free.put(stage)

    with ThreadPoolExecutor(len(on)) as pool:
        for case, result in zip(cases, pool.map(play, cases), strict=True):
            failures = len(count.failures)
            count.add(case, result)
            for failure in count.failures[failures:]:
                tell(failure)
            if count.cases % 100 == 0:
                tell(f"... {count}")
    return count


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.sweep", description=__doc__)
    parser.add_argument("--server", choices=[*SERVERS, "all", "usual"], default="usual")
    parser.add_argument("--mode", choices=[*MODES, "all"], default="sync")
    parser.add_argument("--kind", help="only faults whose name contains this")
    parser.add_argument("--index", type=int, help="only the request with this number, from 1")
    parser.add_argument("--sticky", action="store_true", help="faults that also meet what the client repeats")
    parser.add_argument("--sample", type=int, help="so many cases drawn at random instead of all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="syncfs's own --jobs")
    parser.add_argument("--workers", type=int, default=4, help="cases at once")
    options = parser.parse_args()
    kinds = [kind for kind in (STICKY if options.sticky else ONCE) if (options.kind or "") in kind.name]
    modes = MODES if options.mode == "all" else (options.mode,)
    is_clean = True
    for name in {"all": SERVERS, "usual": USUAL}.get(options.server, (options.server,)):
        with SERVERS[name]() as server, stages(server, options.workers, jobs=options.jobs) as on:
            started_s = time.monotonic()
            golden = {mode: on[0].golden(mode) for mode in modes}
            for mode, run in golden.items():
                print(f"{name} {mode}: {run.actions} actions, {len(run.requests)} requests, exit {run.code}")
            cases = all_cases(golden, kinds)
            if options.index:
                cases = [case for case in cases if case.number == options.index]
            if options.sample is not None:
                cases = random.Random(options.seed).sample(cases, min(options.sample, len(cases)))
            print(f"{name}: {len(cases)} cases", flush=True)
            count = sweep(on, golden, cases, lambda line: print(line, flush=True))
            is_clean &= count.broken == 0 and count.losses == 0 and count.fired == count.injected
            print(
                f"{name}: {count}; {time.monotonic() - started_s:.0f} s; exits {dict(count.codes)}",
                flush=True,
            )
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
