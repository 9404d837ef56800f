"""Eight clients push different contents of one file at the same moment: what each is told, what remains."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.server import Folder

CLIENTS = 8
NAME = "report.txt"
OLD = b"what all of them have seen"
_ROOT = Path(__file__).parents[2]


class Clients:
    """Eight processes, kept for many rounds: to start one takes longer than a round."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.race.client"]
        self._processes = [
            subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(CLIENTS)
        ]

    def all_do(self, orders: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give each its order, all at once, or as many of them as there are orders; their answers."""
        asked = self._processes[: len(orders)]
        for process, order in zip(asked, orders, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(order) + "\n")
        for process in asked:  # written above, sent here: they start as close together as can be
            assert process.stdin is not None
            process.stdin.flush()
        answers = []
        for process in asked:
            assert process.stdout is not None
            answers.append(json.loads(process.stdout.readline()))
        return answers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.close()
            process.wait(20)
            process.stdout.close()


@dataclass(frozen=True)
class Outcome:
    """One round.

    Attributes:
        winners: How many were told that their content was copied, and of nothing amiss.
        replaced: How many of them were overwritten by another winner.
        silent: How many of those hear nothing of it in their next run either.
        untold: How many lost and were told nothing.
        strange: What else stands on the server: half a file, somebody's temporary file.
    """

    winners: int
    replaced: int
    silent: int
    untold: int
    strange: tuple[str, ...]


def race(
    clients: Clients, folder: Folder, home: Path, *, exists: bool, same_size: bool, least_bytes: int = 0
) -> Outcome:
    """One round in a fresh folder of a server, with contents of at least so many bytes."""
    url = folder.url.replace("http://", "webdav://", 1)
    roots = [home / f"client-{number}" for number in range(CLIENTS)]
    orders = [{"src": str(root), "dst": url, "state": f"{root}.sqlite"} for root in roots]
    contents = [
        f"client {number} was here".encode().ljust(least_bytes, b".") + b"!" * (0 if same_size else number)
        for number in range(CLIENTS)
    ]
    for root in roots:
        root.mkdir(parents=True)
        if exists:
            (root / NAME).write_bytes(OLD)
    if exists:
        for asked in (orders[:1], orders):  # one puts it there, then all agree on it
            answers = clients.all_do([{"do": "push"} | order for order in asked])
            assert all(answer["ok"] for answer in answers), answers
    for root, content in zip(roots, contents, strict=True):
        (root / NAME).write_bytes(content)
    clients.all_do([{"do": "plan"} | order for order in orders])
    answers = clients.all_do([{"do": "apply"}] * CLIENTS)
    stands = (folder.root / NAME).read_bytes()
    strange = [path.name for path in folder.root.iterdir() if path.name not in (NAME, ".syncfs")]
    if stands not in contents:
        strange.append(f"{NAME}: {stands!r}")
    again = clients.all_do([{"do": "push"} | order for order in orders])
    won = [answer["copied"] > 0 and answer["ok"] for answer in answers]
    replaced = [told and content != stands for told, content in zip(won, contents, strict=True)]
    return Outcome(
        winners=sum(won),
        replaced=sum(replaced),
        silent=sum(lost and answer["ok"] for lost, answer in zip(replaced, again, strict=True)),
        untold=sum(not told and answer["ok"] for told, answer in zip(won, answers, strict=True)),
        strange=tuple(strange),
    )


def rounds(
    clients: Clients, folder_of: Any, number: int, *, exists: bool, least_bytes: int = 0
) -> list[Outcome]:
    """Several rounds, sizes alike and unlike in turn."""
    with tempfile.TemporaryDirectory(prefix="syncfs-race-") as home:
        return [
            race(
                clients,
                folder_of(),
                Path(home) / f"{turn}",
                exists=exists,
                same_size=turn % 2 == 0,
                least_bytes=least_bytes,
            )
            for turn in range(number)
        ]
