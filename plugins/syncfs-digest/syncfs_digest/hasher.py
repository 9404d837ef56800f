"""Hash functions by their names."""

from __future__ import annotations

import hashlib
from typing import Protocol

from syncfs.errors import ConfigError

__all__ = ["Hasher", "hasher_of"]


class Hasher(Protocol):
    """As hashlib's."""

    def update(self, data: bytes, /) -> object: ...

    def hexdigest(self) -> str: ...


def hasher_of(algorithm: str) -> Hasher:
    """A new one of that name.

    Raises:
        ConfigError: There is none, or its package is missing.
    """
    if algorithm == "xxh3_128":
        import xxhash

        fast: Hasher = xxhash.xxh3_128()
        return fast
    if algorithm == "blake3":
        try:
            from blake3 import blake3
        except ImportError:
            raise ConfigError(
                "cached-digest: blake3 is not installed: pip install 'syncfs-digest[blake3]'"
            ) from None
        strong: Hasher = blake3()
        return strong
    # The shake algorithms have no digest of a length of their own.
    known = sorted(each for each in hashlib.algorithms_guaranteed if not each.startswith("shake"))
    if algorithm not in known:
        raise ConfigError(
            f"cached-digest: no algorithm is named {algorithm!r}; known: xxh3_128, blake3, {', '.join(known)}"
        )
    return hashlib.new(algorithm, usedforsecurity=False)
