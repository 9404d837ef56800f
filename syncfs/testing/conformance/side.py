"""An endpoint in the words of the suite: short calls, and checks that hold for every call."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Iterable, Iterator

from syncfs.core.entry import Entry, Kind, Written
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.paths import join, temp_name
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.errors import SyncfsError

__all__ = ["BIG", "Side", "broken", "content"]

BIG = b"0123456789abcdef" * (CHUNK_BYTES // 16) * 2 + b"and a rest"
"""More than two chunks."""

Result = Entry | Written | None


def content(data: bytes, *, size_bytes: int | None = None, mtime_ns: int | None = None) -> Content:
    """`data` as the engine hands it over; `size_bytes` announces another size than it has."""
    pieces = (data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))
    return Content(
        size_bytes=len(data) if size_bytes is None else size_bytes, chunks=pieces, mtime_ns=mtime_ns
    )


def broken(pieces: Iterable[bytes], error: BaseException) -> Iterator[bytes]:
    """A source that fails after some pieces."""
    yield from pieces
    raise error


class Side:
    """One endpoint under test.

    Attributes:
        endpoint: Itself.
    """

    _tokens = itertools.count(1)

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def token(self) -> str:
        """A token that no other write has."""
        return f"conformance-{next(self._tokens)}"

    def temporary(self, run: str = "dead") -> str:
        """The name of a temporary file, as this side spells them."""
        hidden = self.endpoint.capabilities.lists_dotfiles
        return temp_name(f"{run}-{next(self._tokens)}", hidden=hidden)

    def write(self, path: str, data: bytes | Content, expect: Entry | None) -> Entry | Written:
        """Write over what is expected."""
        made = content(data) if isinstance(data, bytes) else data
        return self.endpoint.write(path, made, expect=expect, token=self.token())

    def put(self, path: str, data: bytes) -> Entry:
        """Write over whatever is there; the entry afterwards."""
        self.write(path, data, self.endpoint.stat(path))
        return self.seen(path)

    def get(self, path: str) -> bytes:
        """The content as it is now."""
        with self.endpoint.open(path) as file:
            return file.read()

    def copied(self, path: str, expect: Entry) -> bytes:
        """The content as a copy reads it."""
        with self.endpoint.read(path, expect) as source:
            return b"".join(source.chunks())

    def seen(self, path: str) -> Entry:
        """What stands at a path, which must be something."""
        found = self.endpoint.stat(path)
        assert found is not None, f"nothing stands at {path!r}"
        return found

    def listed(self, path: str = "") -> Listing:
        """A listing that must be complete."""
        listing = self.endpoint.list(path)
        assert listing.status is ListingStatus.COMPLETE, (path, listing.status, listing.reason)
        return listing

    def names(self, path: str = "") -> set[str]:
        """The names in a directory."""
        return set(self.listed(path).entries)

    def tree(self, path: str = "") -> dict[str, bytes | None]:
        """All files with their contents, empty directories with None, leftovers too, below a directory."""
        listing = self.listed(path)
        found: dict[str, bytes | None] = {join(path, name): b"a leftover" for name in listing.leftovers}
        for name, entry in listing.entries.items():
            below = join(path, name)
            match entry.kind:
                case Kind.DIRECTORY:
                    found |= self.tree(below) or {f"{below}/": None}
                case Kind.FILE:
                    found[below] = self.get(below)
                case _:
                    found[below] = f"{entry.kind.name}".encode()
        return found

    def shows(self, path: str, result: Result) -> bool:
        """Whether the next listing shows what a write or a move let us expect, and a look shows the same."""
        directory, _, name = path.rpartition("/")
        listed = self.listed(directory).entries.get(name)
        if listed is None or result is None or self.seen(path) != listed:
            return False
        return result == listed if isinstance(result, Entry) else result.is_shown_by(listed)

    def refused(
        self, act: Callable[[], object], *kinds: type[BaseException], why: str = ""
    ) -> OSError | SyncfsError:
        """Do what must be refused; the error.

        Args:
            act: What is done.
            kinds: The errors that may say so; none given: any of an endpoint's.
            why: For the failure's message.
        """
        try:
            done = act()
        except Exception as error:
            return self.check(error, *kinds, why=why)
        raise AssertionError(f"{why or 'this'} was not refused: {done!r}")

    @staticmethod
    def check(error: BaseException, *kinds: type[BaseException], why: str = "") -> OSError | SyncfsError:
        """Make sure that an error is an endpoint's and survives the way to another process."""
        assert isinstance(error, OSError | SyncfsError), f"{why}: {error!r} is no error of an endpoint"
        assert not kinds or isinstance(error, kinds), f"{why}: {error!r} is none of {kinds}"
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error)), "it changes when it is pickled"
        return error
