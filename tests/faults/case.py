"""One disturbed run with all that belongs to it: before, the fault, after, the clean run, the quiet run."""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.support import dav
from tests.faults.kinds import Kind
from tests.faults.oracle import Before, broken, unsettled
from tests.faults.trees import Files, Seen, edit_here, edit_there, see, unstamped, write_base
from tests.faults.zygote import Ran, Zygote
from tests.servers.faults import Fault
from tests.servers.proxy import Proxy
from tests.servers.server import Request, Server

MODES = ("sync", "push", "pull")
_WORDS = {"sync": ("sync",), "push": ("push", "--delete"), "pull": ("pull", "--delete")}
_WRITABLE = {"sync": (True, True), "push": (False, True), "pull": (True, False)}
_RUN_S = 120.0


@dataclass(frozen=True)
class Golden:
    """What the run does when nothing disturbs it.

    Attributes:
        requests: In their order.
        code: Its exit code.
        actions: How many it counted.
        files: What each side holds afterwards.
        directories: The same of directories.
    """

    requests: tuple[Request, ...]
    code: int
    actions: int
    files: tuple[Files, Files]
    directories: tuple[frozenset[str], frozenset[str]]


@dataclass
class Result:
    """What became of one case.

    Attributes:
        fired: How often the fault happened.
        runs: How many processes ran.
        codes: The exit codes of the disturbed, the clean and the quiet run.
        complaints: The laws that were broken, in words.
    """

    fired: int = 0
    runs: int = 0
    codes: list[int] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0
    said: str = ""


def done(ran: Ran) -> int:
    """How much a run did, by its own report; -1 when it did not come as far as reporting."""
    report = json.loads(ran.out) if ran.out.startswith("{") else {"copied": -1}
    return sum(report.get(what, 0) for what in ("copied", "removed", "renamed", "made_directories"))


class Stage:
    """Where the cases of one worker play: a directory of ours, a folder of a server's, a proxy between."""

    def __init__(self, server: Server, home: Path, zygote: Zygote, *, jobs: int = 1) -> None:
        self.server, self.home, self.zygote, self.jobs = server, home, zygote, jobs
        self.folder = server.folder()
        url = getattr(server, "direct_url", "") or server.url
        self.proxy = Proxy(url)
        self.proxy.start()
        self.url = dav(self.proxy.url + self.folder.url.rstrip("/").rpartition("/")[2])
        self.roots = (home / "src", self.folder.root)

    def close(self) -> None:
        """End the proxy and leave nothing on the disk."""
        self.proxy.stop()
        self._remove()

    def _remove(self) -> None:
        for path in (*self.roots, self.home / "state"):
            shutil.rmtree(path, ignore_errors=True)

    def clear(self) -> None:
        """Begin anew: no faults, two empty sides, no state."""
        self.proxy.clear_faults()
        self._remove()
        for root in self.roots:
            root.mkdir()

    def prepare(self) -> Before:
        """Two sides in step, and then edited."""
        self.clear()
        for root in self.roots:
            write_base(root)
        self.server.adopt(self.folder.root)
        ran = self.run("sync")
        assert ran.code == 0 and ran.err.count("\n") <= 2, ran
        edit_here(self.roots[0])
        edit_there(self.roots[1])
        self.server.adopt(self.folder.root)
        self.proxy.clear_requests()
        return Before(self.look())

    def look(self) -> tuple[Seen, Seen]:
        """What is at both sides."""
        return see(self.roots[0]), see(self.roots[1])

    def golden(self, mode: str) -> Golden:
        """The undisturbed run."""
        self.prepare()
        ran = self.run(mode)
        requests = tuple(self.proxy.requests())
        left, right = self.look()
        quiet = self.run(mode)
        assert (quiet.code, done(quiet)) == (ran.code, 0), (ran, quiet)
        return Golden(
            requests,
            ran.code,
            done(ran),
            (unstamped(left.files), unstamped(right.files)),
            (left.directories, right.directories),
        )

    def play(self, mode: str, kind: Kind, index: int, golden: Golden) -> Result:
        """Disturb the request with this index, counted from 1, and see what becomes of it."""
        started_s = time.monotonic()
        result = Result()
        before = self.prepare()
        fault = self.proxy.add(Fault(kind.action, nth=index, sticks=kind.sticks))
        disturbed = self.run(mode)
        self.proxy.clear_faults()
        result.fired = fault.fired
        corrupt = fault.hit[0] if kind.is_corruption and fault.hit else ""
        writable = _WRITABLE[mode]
        complaints = list(broken(before, self.look(), golden.files, writable, corrupt=corrupt))

        verify = ("--verify",) if corrupt == "GET" else ()
        clean = self.run(mode, *verify)
        after = self.look()
        complaints += broken(before, after, golden.files, writable, corrupt=corrupt)
        complaints += unsettled(after, golden.files, golden.directories, loose=bool(verify))
        quiet = self.run(mode)
        last = self.look()
        if done(quiet) != 0 or last[:2] != after[:2]:
            complaints.append("restless: the third run did something")
        if temporary := [path for side in last for path in side.temporary]:
            complaints.append(f"leftover: {temporary}")
        result.runs = 4
        result.codes = [disturbed.code, clean.code, quiet.code]
        if disturbed.code not in (0, 1, 3, 6):
            complaints.append(f"exit: {disturbed.code} of the disturbed run")
        if (clean.code, quiet.code) != (golden.code, golden.code):
            complaints.append(f"exit: {clean.code} and {quiet.code} after it, expected {golden.code}")
        for ran in (disturbed, clean, quiet):
            if "Traceback" in ran.err or "bug" in ran.err:
                complaints.append("traceback: " + ran.err[-2000:])
        if complaints:
            result.said = "\n".join(ran.out + ran.err for ran in (disturbed, clean, quiet))
        result.complaints = complaints
        result.seconds = time.monotonic() - started_s
        return result

    def run(self, mode: str, *more: str, jobs: int | None = None) -> Ran:
        """One run from start to end."""
        return self.zygote.run(*self._words(mode, more, jobs), env=self._environment, timeout_s=_RUN_S)

    def start(self, mode: str, *more: str, jobs: int | None = None) -> int:
        """Begin a run, whose end is the zygote's to wait for; its pid."""
        return self.zygote.start(*self._words(mode, more, jobs), env=self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        return {"SYNCFS_STATE_DIR": str(self.home / "state")}

    def _words(self, mode: str, more: Sequence[str], jobs: int | None) -> Sequence[str]:
        own = (str(self.roots[0]), self.url, "--json", f"--jobs={jobs or self.jobs}")
        return (*_WORDS[mode], *own, *more)
