"""What the engine asks of a filesystem and its root; the only view it has of one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol, Self, runtime_checkable

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry, Written
from syncfs.core.listing import Listing

__all__ = [
    "CHUNK_BYTES",
    "AttachingStrategy",
    "Content",
    "DwellingEndpoint",
    "Endpoint",
    "Finding",
    "Learning",
    "Marking",
    "PouringSource",
    "Recogniser",
    "Recognising",
    "Source",
    "TurnTakingEndpoint",
]

CHUNK_BYTES = 1 << 20
"""The most that one chunk of content holds; memory is flat whatever a file's size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is to be written under one path.

    Attributes:
        size_bytes: Exactly how many bytes `chunks` yields.
        chunks: The content, in pieces of at most `CHUNK_BYTES`. The iterator raises when the source
            proves torn or changed, and always *before* it yields its last piece: a target that has
            everything has a true copy, and one that publishes only then never publishes a torn one.
        mtime_ns: The source's mtime, to be kept where this side can; None to leave it.
        mode: Permission bits to be kept where this side has them; None to leave the default.
        pour: Another way to the content, for a side that has an opened file of this machine to be filled:
            writes all of it there and returns how many bytes that were; raises what `chunks` raises, but
            only afterwards. None where the content must be seen on its way. A side may always take
            `chunks` instead.
    """

    size_bytes: int
    chunks: Iterator[bytes]
    mtime_ns: int | None = None
    mode: int | None = None
    pour: Callable[[int], int] | None = None


class Source(Protocol):
    """An opened file, read from its start to its end once."""

    size_bytes: int
    mode: int | None

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces of at most `CHUNK_BYTES`.

        The last piece is yielded only after the file proved to be still the expected one (same
        fingerprint after reading, same size as announced).

        Raises:
            StaleEntryError: It changed while it was read.
            VerificationError: It ended before or after the announced size.
        """
        ...

    @property
    def is_racy(self) -> bool:
        """Whether the fingerprint may hide a change since the opening (see `Listing.racy`)."""
        ...


@runtime_checkable
class PouringSource(Source, Protocol):
    """A source that the kernel can copy from: a file of this machine."""

    def pour(self, fd: int, piece_bytes: int, tell: Callable[[int], object]) -> int:
        """Write the whole content into a descriptor, without looking at it.

        Args:
            fd: Of a file of this machine, at its start.
            piece_bytes: The most to hand to the kernel at once.
            tell: Called with the size of each piece before it goes.

        Returns:
            How many bytes went.

        Raises:
            StaleEntryError, VerificationError: As `chunks` does, but after the last piece.
        """
        ...


@runtime_checkable
class DwellingEndpoint(Protocol):
    """An endpoint for which several calls in one directory can cost less than as many single ones."""

    def dwelling(self) -> AbstractContextManager[None]:
        """Say that this thread's calls until the end of the block stay in few directories.

        The way to the last one may be kept meanwhile; what was checked on it is not checked again.
        """
        ...


@runtime_checkable
class TurnTakingEndpoint(Protocol):
    """An endpoint whose conditions may let through several who write at the same instant."""

    def turn(self, cancel: threading.Event) -> AbstractContextManager[None]:
        """Keep other runs of syncfs that take turns from writing to this root until the end of the block.

        It is waited for, but not for long: whoever holds a turn may have died, and the conditions hold
        without one. Nothing else is kept from anything.

        Args:
            cancel: Ends the wait when set.
        """
        ...


@runtime_checkable
class Endpoint(Protocol):
    """A filesystem and a root in it. All paths are relative to the root, `/`-separated, `""` the root.

    Every method may be called from several threads at once. Errors are `OSError` or `SyncfsError`
    only: `FileNotFoundError`, `PermissionError`, `ConnectionError`, `TimeoutError`, `OSError(ENOSPC)`,
    `StaleEntryError`, `VerificationError`, `UnsupportedNameError`, otherwise `PathError`. A `PathError`
    with `retryable` true, a `ConnectionError` or a `TimeoutError` may go away by itself.
    `EndpointUnavailableError` from any method ends the run. No message holds a credential.

    Attributes:
        url: The root as users see it, without secrets.
        identity: Names the root for the pair's state: scheme, user name, host, port, resolved path; the
            same for every spelling of one place; never a secret. None when it cannot be named (memory).
        capabilities: What this side can do; settled by `check_root`.
    """

    @property
    def url(self) -> str:
        """The root as users see it, without secrets."""
        ...

    @property
    def identity(self) -> str | None:
        """Names the root for the pair's state; None when it cannot be named."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this side can do; settled by `check_root`."""
        ...

    def check_root(self) -> str | None:
        """Make sure that the root is a directory that can be listed, and measure the side's clock.

        Returns:
            What tells this root from another one put in its place (device and inode, say); None when
            the side has no such thing.

        Raises:
            EndpointUnavailableError: It is missing (then `.__cause__` is a FileNotFoundError), is not a
                directory (`NotADirectoryError`), or is unreachable or refuses the credentials.
        """
        ...

    def make_root(self) -> None:
        """Make the root, whose parent exists.

        Raises:
            EndpointUnavailableError: The parent is missing too, or it may not be made.
        """
        ...

    def list(self, path: str) -> Listing:
        """List one directory. Never raises for what concerns this directory alone: see `ListingStatus`."""
        ...

    def stat(self, path: str) -> Entry | None:
        """Look at one path afresh; None when nothing is there."""
        ...

    def read(self, path: str, expect: Entry) -> AbstractContextManager[Source]:
        """Open a file for a copy.

        Raises:
            StaleEntryError: It is not the expected one any more.
        """
        ...

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for a comparator, in binary, at its start, as it is now."""
        ...

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """Put a file in place, atomically: whoever looks sees the old content or the new, whole.

        The content is staged under a temporary name beside the target (`paths.temp_name`) unless a plain
        write is known to be atomic here; its size is verified; the target is looked at again; then it is
        published. On any failure the target is as it was and nothing of ours is left behind.

        Args:
            path: The target; its directory exists.
            content: What to write.
            expect: What the target must be at this moment; None when nothing may be there.
            token: For the temporary name: see `paths.temp_name`. No two writes have the same, nor have two
                tries of one: a server may still be writing what the first sent.

        Returns:
            The target's entry where `capabilities.confirms_writes`, else what to expect of its listing.

        Raises:
            StaleEntryError: The target is not what was expected.
            FileNotFoundError: Its directory is missing.
        """
        ...

    def make_directory(self, path: str) -> None:
        """Make one directory; nothing happens when it is there already.

        Raises:
            StaleEntryError: Something that is no directory stands there.
            FileNotFoundError: Its parent is missing.
        """
        ...

    def remove_file(self, path: str, *, expect: Entry) -> None:
        """Remove a file for good.

        Raises:
            StaleEntryError: It is not the expected one, or gone.
        """
        ...

    def remove_directory(self, path: str) -> None:
        """Remove a directory that is empty.

        Raises:
            StaleEntryError: It is not empty. Never removes what is in it, also where the protocol would.
        """
        ...

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        """Rename a file or a directory on this side; the target's directory exists; never overwrites.

        Args:
            path: What to rename.
            to: Its new path.
            expect: What `path` must be at this moment (a directory: its kind).

        Returns:
            For a file: its entry afterwards, or what to expect of it; None for a directory.

        Raises:
            StaleEntryError: `path` is not the expected one, or something stands at `to`.
        """
        ...

    def remove_leftover(self, path: str) -> None:
        """Remove a temporary file of a dead run; nothing happens when it is gone."""
        ...

    def free_bytes(self) -> int | None:
        """How many more bytes this side can take; None when it does not tell."""
        ...

    def flush(self) -> None:
        """Make all that was written durable; called before its base records commit."""
        ...


@runtime_checkable
class Marking(Protocol):
    """What an `Endpoint` has besides, if its listings can be recognised by a mark (see `Listing.mark`)."""

    def list_unless(self, path: str, mark: bytes | None) -> Listing:
        """List one directory as `Endpoint.list` does, unless it still bears a mark.

        Args:
            path: The directory.
            mark: That of an earlier listing; None when there is none.

        Returns:
            `AS_MARKED` where it does; otherwise its listing, with its mark now.
        """
        ...


@runtime_checkable
class Recogniser(Protocol):
    """Tells of many directories of one side whether they still bear their marks, ahead of need.

    A context: whatever it holds is let go of at its end.
    """

    @property
    def waiting(self) -> int:
        """How many askings are not answered yet."""
        ...

    def ask(self, marked: Sequence[tuple[str, bytes]]) -> None:
        """Ask of some directories whether they bear these marks; does not wait."""
        ...

    def bears_mark(self, directory: str) -> bool:
        """Whether a directory that was asked about bears its mark; waits for the answer, which is told once.

        False also where that cannot be said: the directory must be listed then.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


@runtime_checkable
class Recognising(Protocol):
    """What a `Marking` endpoint has besides, if many directories can be recognised without its own thread."""

    def recogniser(self) -> Recogniser:
        """Begin to recognise directories; the root is checked."""
        ...


class Finding(NamedTuple):
    """One thing that is known of a side.

    Attributes:
        name: Of what.
        value: As JSON.
        consequence: What syncfs does because of it; empty when nothing.
    """

    name: str
    value: Any
    consequence: str


@runtime_checkable
class Learning(Protocol):
    """An `Endpoint` that finds out by writing what its side can do, and is told again what it found.

    The engine keeps `facts` with the pair's state, and gives them back with `recall` in later runs.
    """

    def recall(self, facts: Mapping[str, Any] | None) -> None:
        """Take what an earlier run learnt; None when none did. Called before `check_root`."""
        ...

    def learn(self, *, anew: bool = False) -> bool:
        """Find out what the side can do, unless that is known; called before a run's first write.

        What is written for that is removed again, whatever happens. That it could not be found out is no
        error: the side is then trusted with nothing.

        Args:
            anew: Also when it is known; that it could not be found out is an error then.

        Returns:
            Whether `capabilities` are others now, so that a plan must be made anew.

        Raises:
            EndpointUnavailableError: The side is gone.
            PathError: Nothing can be found out (`anew`).
        """
        ...

    @property
    def is_settled(self) -> bool:
        """Whether enough is known, so that `learn` finds nothing to do; from `check_root` on."""
        ...

    @property
    def facts(self) -> Mapping[str, Any] | None:
        """What is worth remembering, as JSON values; None when nothing is."""
        ...

    @property
    def findings(self) -> Sequence[Finding]:
        """What is known, for people."""
        ...


@runtime_checkable
class AttachingStrategy(Protocol):
    """A comparator that has its sides tell, and keep, more of each file than they do by themselves."""

    def attach(self, endpoint: Endpoint, *, may_write: bool) -> AbstractContextManager[Endpoint]:
        """Give the endpoint to use during one run, often just the one that is given.

        The context ends with the run, with the exception that ended it if one did; what is to be kept on
        that side is best written then.

        Args:
            endpoint: A side.
            may_write: Whether anything may be written there: not in a dry run, and not to a sender.
        """
        ...
