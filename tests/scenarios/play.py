"""Play a scenario: edits, a run, what came of it, and the oracles' questions."""

from __future__ import annotations

import itertools
import random
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from syncfs.cli.exits import exit_of, exit_of_error
from syncfs.core.action import Action, MoveAside, Rename
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.paths import is_temporary
from syncfs.core.plan import Plan, stage_of
from syncfs.core.report import Report
from syncfs.errors import ConfigError, SyncfsError
from syncfs.store.location import open_store
from syncfs.testing import FaultyFileSystem, Node, Tree
from tests.scenarios import oracles
from tests.scenarios.oracles import SIDES, Ran, World
from tests.scenarios.places import Place, Stamps, short, visible
from tests.scenarios.scenario import (
    ANY,
    LOCAL,
    MEMORY,
    AnotherRun,
    Cancels,
    Dies,
    Edits,
    Fault,
    Fs,
    Hides,
    Http,
    Meanwhile,
    Raises,
    Scenario,
    Step,
    Unlistable,
    as_edits,
    includes,
)
from tests.scenarios.staged import Death, Staged, run_and_die
from tests.scenarios.wrapped import Hook, Rewrite
from tests.servers.proxy import Proxy
from tests.servers.server import wait_until

ROUNDS = 3
"""So many runs at most until one finds nothing to do (oracle 9)."""

QUIET_LOOKS = 8
"""So many looks in a row that see the same, and a server is at rest."""

Trace = list[tuple[str, str, str, str]]


@dataclass(slots=True)
class Outcome:
    """How a command ended."""

    exit: int
    report: Report | None = None
    error: Exception | None = None

    @property
    def conflicts(self) -> dict[str, str]:
        found = self.report.conflicts if self.report else ()
        return {short(each.path): "open" if each.is_open else "settled" for each in found}

    @property
    def problems(self) -> dict[str, str]:
        found = self.report.problems if self.report else ()
        return {short(each.path): each.kind for each in found}

    @property
    def words(self) -> str:
        """Everything that users are told."""
        told = [str(self.error)] if self.error else []
        if self.report:
            told += [*self.report.notices, *(str(problem) for problem in self.report.problems)]
        return "\n".join(told)


@dataclass(slots=True)
class Play:
    """One scenario on one pair of places.

    Attributes:
        scenario: Which.
        pair: Where.
        places: `src`, `dst`, and `third` where the scenario has one.
        home: For what lies outside the roots.
        states: For the state files.
        way: `run`, `applied` (a plan that went through JSON) or `shuffled` (with its independent actions in
            another order).
        edits_first: Which side's edits come first in time.
        proxy: Before dst, where a step has faults of HTTP.
        faulty: Dst's filesystem, where a step has faults of it.
    """

    scenario: Scenario
    pair: str
    places: Mapping[str, Place]
    home: Path
    states: Path
    way: str = "run"
    edits_first: str = "src"
    proxy: Proxy | None = None
    faulty: FaultyFileSystem | None = None
    agreed: dict[str, Node] = field(default_factory=dict)
    agreed_before: dict[str, Node] = field(default_factory=dict)
    traces: list[Trace] = field(default_factory=list)
    started_ns: int = field(default_factory=lambda: time.time_ns() - 3 * 3600 * 10**9)
    minutes: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    last_run: str = ""

    def perform(self) -> None:
        """All steps, each with its expectations and the oracles."""
        self.begin()
        for number, step in enumerate(self.scenario.steps, 1):
            try:
                for _ in range(step.times):
                    self.do(step)
            except AssertionError as error:
                error.add_note(f"step {number} of {self.scenario} on {self.pair}, {self.way}")
                raise
        self.end()

    def begin(self) -> None:
        """Make both sides and what they agree on."""
        outside = self.home / "outside"
        outside.mkdir()
        (outside / "precious").write_text("not ours")
        before = self.scenario.before
        if before is not None:
            self.places["src"].edit(as_edits(before), lambda: self.started_ns, "")
            report = self.syncer({}).sync()
            assert report.ok, report
            self.last_run = report.run
            world = self.world()
            assert [visible(world.trees[side]) for side in SIDES] == [before, before]
            self.agreed = oracles.agreement(world, {})

    # -- one step ----------------------------------------------------------------------------------

    def do(self, step: Step) -> None:
        """Edits, a run, what came of it."""
        self.edit(step)
        happenings = _Happenings(self, step)
        try:
            syncer = self.syncer(step.options, step.between, happenings)
        except ConfigError as error:
            assert exit_of_error(error) == step.exit, error
            return
        if not step.faults and step.between == SIDES:
            self.ask_purity(syncer, step)
        before = self.world()
        happenings.begin()
        try:
            outcome = self.command(syncer, step, happenings)
        finally:
            happenings.end()
        if step.faults:
            self.rest()
        after = self.world()
        self.expect(step, outcome, before, after)
        if step.between == SIDES:
            self.ask_oracles(step, syncer, outcome, before, after, happenings)
        if step.settles and not step.faults and step.stale is None and step.between == SIDES:
            self.ask_idempotence(step)
        assert [each.name for each in (self.home / "outside").iterdir()] == ["precious"]
        assert (self.home / "outside/precious").read_text() == "not ours"

    def rest(self) -> None:
        """Wait until a server is done with a request that broke off: it notices that in its own time."""
        if self.pair in (LOCAL, MEMORY):
            return
        seen: list[list[Stamps]] = []

        def is_at_rest() -> bool:
            try:
                seen.append([self.places[side].stamps() for side in SIDES])
            except FileNotFoundError:  # one of the server's own files, gone between two looks
                return False
            last = seen[-QUIET_LOOKS:]
            if any("/.davfs.tmp" in path for stamps in seen[-1] for path in stamps):
                return False  # mod_dav_fs has a PUT in the making
            return len(last) == QUIET_LOOKS and all(each == last[0] for each in last)

        wait_until(is_at_rest, "the server has settled", timeout_s=30)

    def edit(self, step: Step) -> None:
        """Everything that users did since the last run."""
        sides = [("src", step.src), ("dst", step.dst), ("third", step.third)]
        if self.edits_first == "dst":
            sides[:2] = [sides[1], sides[0]]
        for side, edits in sides:
            if edits:
                self.places[side].edit(as_edits(edits), self.now, self.last_run)
        self.edit_state(step.state)

    def edit_state(self, what: str) -> None:
        state, kept = self.state(SIDES), self.states / "kept.sqlite"
        match what:
            case "missing":
                state.unlink()
                self.agreed = {}
            case "damaged":
                state.write_bytes(b"\0" * 4096 + state.read_bytes()[4096:])
                self.agreed = {}
            case "cut":
                state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
                self.agreed = {}
            case "foreign":
                open_store(
                    str(self.states / "foreign.sqlite"), "file:///elsewhere", "file:///nowhere"
                ).close()
                shutil.copy(self.states / "foreign.sqlite", state)
                self.agreed = {}
            case "kept":
                shutil.copy(state, kept)
                self.agreed_before = self.agreed
            case "restored":
                shutil.copy(kept, state)
                self.agreed = self.agreed_before

    def now(self) -> int:
        """The time of one more edit: a minute after the last."""
        return self.started_ns + next(self.minutes) * 60 * 10**9

    def command(self, syncer: Staged, step: Step, happenings: _Happenings) -> Outcome:
        name, *words = step.command.split(" ")
        try:
            if happenings.death is not None:
                return self.die(step, happenings.death)
            if name in ("resolve", "restore"):
                report = getattr(syncer, name)(*words)
            elif step.stale is not None or (self.way in ("applied", "shuffled") and not step.faults):
                report = syncer.apply(self.plan(syncer, step))
            else:
                report = getattr(syncer, name)()
        except (SyncfsError, OSError) as error:
            found = getattr(error, "report", None)
            return Outcome(int(exit_of_error(error)), found, error)
        self.last_run = report.run or self.last_run
        return Outcome(int(exit_of(report.problems, report.conflicts)), report)

    def plan(self, syncer: Staged, step: Step) -> Plan:
        """A plan as another process would get it, after which time goes on."""
        plan = Plan.from_json(syncer.plan(step.command).to_json())
        for side, edits in zip(SIDES, step.stale or (), strict=False):
            self.places[side].edit(as_edits(edits), self.now, self.last_run)
        if self.way == "shuffled":
            plan = replace(plan, actions=_shuffled(plan.actions))
        return plan

    def die(self, step: Step, death: Death) -> Outcome:
        given, options = self.arguments(step.options, step.between)
        return Outcome(run_and_die(given, options, step.command, death))

    # -- what must be true -------------------------------------------------------------------------

    def expect(self, step: Step, outcome: Outcome, before: World, after: World) -> None:
        """Hold the outcome against the table."""
        said = outcome.words
        assert outcome.exit == step.exit, f"exit {outcome.exit}, not {step.exit}: {outcome.error or said}"
        for side, expected in (("src", step.at_src), ("dst", step.at_dst), ("third", step.at_third)):
            if expected is None and side in step.between:
                expected = step.both
            found = visible(after.trees[side])
            if expected is None and side in step.between:
                expected = visible(before.trees[side])
            if self.pair not in (LOCAL, MEMORY) and any(each.faults for each in self.scenario.steps):
                # What is left of a write that broke off goes with the next run that plans for itself, where
                # the server was still writing it when we removed it.
                found = {path: node for path, node in found.items() if not _is_temporary(path)}
            if expected is not None and expected is not ANY:
                assert found == dict(sorted(expected.items())), (
                    f"{side} after the run: {_differences(expected, found)}\n{said}"
                )
        if outcome.report is not None:
            assert outcome.conflicts == dict(step.conflicts)
            kinds = {
                path: "*" if step.problems.get(path) == "*" else kind
                for path, kind in outcome.problems.items()
            }
            assert kinds == dict(step.problems), said
            if includes(step.counted_on, self.pair):
                counts = {name: getattr(outcome.report, name) for name in step.counts}
                assert counts == dict(step.counts)
        assert step.notice in said or self.way != "run"

    def ask_purity(self, syncer: Staged, step: Step) -> None:
        """5: a plan writes nothing anywhere. Its trace is kept for 11."""
        if step.command not in ("push", "pull", "sync"):
            return
        before = self.world()
        try:
            plan = syncer.plan(step.command)
        except (SyncfsError, OSError):
            return
        finally:
            oracles.nothing_was_written(before, self.world())
        self.traces.append([_trace(action) for action in plan])

    def ask_oracles(
        self,
        step: Step,
        syncer: Staged,
        outcome: Outcome,
        before: World,
        after: World,
        happenings: _Happenings,
    ) -> None:
        """1, 2, 3 and 10."""
        strangers = {side: set(happenings.strangers[side]) for side in SIDES}
        for side, edits in zip(SIDES, step.stale or (), strict=False):
            strangers[side] |= _paths_of(edits)
        ran = Ran(
            before=before,
            after=after,
            agreed=self.agreed,
            strangers=strangers,
            selection=syncer.selection,
            options={**self.scenario.options, **step.options},
            problems=outcome.problems,
            conflicts=outcome.conflicts,
            ok=outcome.exit == 0 and outcome.report is not None,
            mode=step.command,
        )
        oracles.no_content_is_lost(ran)
        oracles.no_file_is_partial(ran)
        if step.command != "restore":
            oracles.deletions_have_evidence(ran)
        oracles.isolated(ran)
        has_state = ran.options.get("state", "") is not None
        if has_state and not step.is_blind and not any(strangers.values()):
            oracles.converged(ran, self.recorded(syncer) if ran.ok and ran.mode == "sync" else ())
        self.agreed = oracles.agreement(after, self.agreed, folds=self.scenario.kind.startswith("folds"))
        for other, path in happenings.published:
            # A stranger edited what we had just written there: for a moment both sides were the same.
            self.agreed[path] = after.trees[other][path]

    def ask_idempotence(self, step: Step) -> None:
        """4: the same again does nothing."""
        before = self.world()
        command = step.command if step.command in ("push", "pull", "sync") else "sync"
        outcome = self.command(
            self.syncer(step.options), Step(command=command, options=step.options), _Happenings(self, Step())
        )
        oracles.nothing_was_written(before, self.world())
        if outcome.report is not None:
            assert (outcome.report.changed, outcome.report.bytes_transferred) == (0, 0)

    def end(self) -> None:
        """9: without faults everything settles within a few runs, and then nothing is written any more."""
        step = self.scenario.steps[-1]
        if not (step.faults or step.stale is not None):
            return
        command = step.command if step.command in ("push", "pull", "sync") else "sync"
        self.settle(command, step.options, step.between)

    def settle(
        self, command: str, options: Mapping[str, Any], between: tuple[str, str] = ("src", "dst")
    ) -> Outcome:
        """Run until a run changes nothing; how the last one ended."""
        for _ in range(ROUNDS + 1):
            before = self.world()
            outcome = self.command(
                self.syncer(options, between),
                Step(command=command, options=options, between=between),
                _Happenings(self, Step()),
            )
            after = self.world()
            if (
                all(after.stamps[side] == before.stamps[side] for side in SIDES)
                and after.state == before.state
            ):
                return outcome
        raise AssertionError(f"still not settled after {ROUNDS} runs")

    # -- what is there -----------------------------------------------------------------------------

    def world(self) -> World:
        """Everything, as it is now."""
        state = self.state(SIDES)
        return World(
            trees={name: place.everything() for name, place in self.places.items()},
            stamps={name: place.stamps() for name, place in self.places.items()},
            state=state.read_bytes() if state.exists() else None,
        )

    def state(self, between: tuple[str, str] | Sequence[str]) -> Path:
        return self.states / f"{between[0]}-{between[1]}.sqlite"

    def recorded(self, syncer: Staged) -> set[str]:
        """The paths that the base holds."""
        left, right = syncer.identities
        store = open_store(str(self.state(SIDES)), left, right, read_only=True)
        try:
            return {short(path).replace(self.places["src"].src, "{root}") for path, _ in store.load_tree("")}
        finally:
            store.close()

    def arguments(
        self, options: Mapping[str, Any], between: tuple[str, str] | Sequence[str] = SIDES
    ) -> tuple[tuple[Any, Any], dict[str, Any]]:
        """What a Syncer is made of."""
        src, dst = (self.places[name] for name in between)
        given = dst.given if self.faulty is None or between[1] != "dst" else self.faulty
        if self.proxy is not None and between[1] == "dst":
            given = self.proxy.url.replace("http://", "webdav://", 1)
        return (src.given, given), {
            "state": str(self.state(between)),
            "src_path": src.path,
            "dst_path": dst.path,
            "names": (src.name, dst.name),
            "kind": self.scenario.kind,
            **self.scenario.options,
            **options,
        }

    def syncer(
        self,
        options: Mapping[str, Any],
        between: tuple[str, str] | Sequence[str] = SIDES,
        happenings: _Happenings | None = None,
    ) -> Staged:
        given, arguments = self.arguments(options, between)
        if happenings is not None:
            arguments |= {
                "hooks": tuple(happenings.hook_of(name) for name in SIDES),
                "rewrites": tuple(happenings.rewrite_of(name) for name in SIDES),
                "cancel": happenings.cancel,
            }
        return Staged(*given, **arguments)


class _Happenings:
    """What goes wrong during one step, and what it did."""

    def __init__(self, play: Play, step: Step) -> None:
        self.play, self.step = play, step
        self.cancel = threading.Event()
        self.strangers: dict[str, set[str]] = {"src": set(), "dst": set()}
        self.published: list[tuple[str, str]] = []
        self.armed = False
        self.death: Death | None = None
        self.seen: dict[int, int] = {}
        self.lock = threading.Lock()
        for fault in step.faults:
            if isinstance(fault, Fault) and isinstance(fault.happens, Dies):
                self.death = Death(
                    side=SIDES.index(fault.side), call=fault.call, path=fault.path, nth=fault.nth
                )

    def begin(self) -> None:
        """From now on things go wrong."""
        self.armed = True
        for fault in self.step.faults:
            if isinstance(fault, Http):
                assert self.play.proxy is not None
                call = self._stranger("dst", fault.edits) if fault.edits else None
                self.play.proxy.add(fault.make(call) if call is not None else fault.make())
            elif isinstance(fault, Fs):
                assert self.play.faulty is not None
                self.play.faulty.faults.append(fault.make())

    def end(self) -> None:
        """No more."""
        self.armed = False
        fired: list[int] = []
        if self.play.proxy is not None and self.step.faults:
            fired += [fault.fired for fault in self.play.proxy.faults]
            self.play.proxy.clear_faults()
        if self.play.faulty is not None:
            fired += [fault.fired for fault in self.play.faulty.faults]
            self.play.faulty.faults.clear()
        assert all(fired), "a fault never happened"

    def _stranger(self, side: str, edits: Edits) -> Callable[[], None]:
        def edit() -> None:
            self.strangers[side] |= _paths_of(edits)
            self.play.places[side].edit(as_edits(edits), self.play.now, "")

        return edit

    def _due(self, side: str, call: str, path: str, *, over: bool = False) -> list[Fault]:
        if not self.armed:
            return []
        due = []
        with self.lock:
            for number, fault in enumerate(self.step.faults):
                if not isinstance(fault, Fault) or (fault.side, fault.call) != (side, call):
                    continue
                is_after = isinstance(fault.happens, Meanwhile) and fault.happens.after
                if fault.path not in (None, path) or is_after is not over:
                    continue
                self.seen[number] = seen = self.seen.get(number, 0) + 1
                if seen == fault.nth or (fault.every and seen > fault.nth):
                    due.append(fault)
        return due

    def hook_of(self, side: str) -> Hook:
        def hook(call: str, path: str, over: bool) -> None:
            for fault in self._due(side, call, path, over=over):
                match fault.happens:
                    case Raises(error):
                        raise error()
                    case Meanwhile(edits):
                        self._stranger(side, edits)()
                        if over and call == "write":
                            self.published.append(("dst" if side == "src" else "src", path))
                    case Cancels():
                        self.cancel.set()
                    case AnotherRun(between, command, expected):
                        other = self.play.command(
                            self.play.syncer({}, between),
                            Step(command=command, between=between),
                            _Happenings(self.play, Step()),
                        )
                        assert other.exit == expected, other
                        for name in set(between) & set(SIDES):
                            self.strangers[name] |= set(visible(self.play.places[name].everything()))

        return hook

    def rewrite_of(self, side: str) -> Rewrite:
        def rewrite(path: str, listing: Listing) -> Listing:
            for fault in self._due(side, "listing", path):
                match fault.happens:
                    case Unlistable(refused):
                        status = ListingStatus.REFUSED if refused else ListingStatus.FAILED
                        return Listing(status=status, reason="it is drawn so")
                    case Hides(name):
                        shown = {each: entry for each, entry in listing.entries.items() if each != name}
                        return replace(listing, entries=shown)
            return listing

        return rewrite


def _paths_of(edits: Edits) -> set[str]:
    return {
        path.rstrip("/")
        for edit in as_edits(edits)
        for path in (getattr(edit, "path", ""), getattr(edit, "to", ""))
        if path
    }


def _differences(expected: Mapping[str, Node], found: Tree) -> str:
    """Which paths are not as they should be, and how: shortened, as contents may be long."""
    return ", ".join(
        f"{path} is {found.get(path, 'missing')!r:.60}, not {expected.get(path, 'missing')!r:.60}"
        for path in sorted({*expected, *found})
        if found.get(path, "missing") != expected.get(path, "missing")
    )


def _is_temporary(path: str) -> bool:
    return is_temporary(path.rpartition("/")[2])


def _trace(action: Action) -> tuple[str, str, str, str]:
    to = action.to if isinstance(action, Rename | MoveAside) else ""
    return action.verb, action.side.label, action.path, to


def _shuffled(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The same stages, each in another order (8)."""
    chance = random.Random(8)
    shuffled: list[Action] = []
    for _, stage in itertools.groupby(actions, key=stage_of):
        group = list(stage)
        chance.shuffle(group)
        shuffled += group
    return tuple(shuffled)
