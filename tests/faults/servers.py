"""The servers for disturbed runs, each a process of its own, and stages on them."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.case import Stage
from tests.faults.zygote import Zygote
from tests.servers.every import EVERY_SERVER
from tests.servers.server import Server
from tests.servers.wsgidav_server import WsgidavProcess

__all__ = ["SERVERS", "USUAL", "stages"]

SERVERS: Mapping[str, Callable[[], Server]] = {**EVERY_SERVER, "wsgidav": WsgidavProcess}
USUAL = ("apache", "wsgidav", "rclone")
"""The three that are disturbed when nothing else is said."""


@contextmanager
def stages(server: Server, workers: int, *, jobs: int = 1) -> Iterator[list[Stage]]:
    """As many stages as workers, on one server."""
    with ExitStack() as stack:
        made = []
        for _ in range(workers):
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncfs-faults-")))
            zygote = stack.enter_context(Zygote(home))
            stage = Stage(server, home, zygote, jobs=jobs)
            stack.callback(stage.close)
            made.append(stage)
        yield made
