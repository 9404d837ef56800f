"""A place as a user named it, by which another process can find it too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.resolve import Adapt, resolve

__all__ = ["Reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What `resolve` is given; it pickles where the place itself does.

    A secret that was named (`env:NAME`, a keyring's, netrc's) is looked up where the place is opened and does
    not travel; one that was given outright, in a URL or in a filesystem object, does. No repr shows either.

    Attributes:
        place: A filesystem, a `UPath`, a path, a URL, or an endpoint.
        path: The directory in it.
        options: fsspec's storage options as they were given.
        side: `"src"` or `"dst"`, for messages.
    """

    place: Any = field(repr=False)
    path: str
    options: Mapping[str, Any] = field(repr=False)
    side: str

    def open(self, adapt: Adapt | None) -> Endpoint:
        """Make the endpoint.

        Raises:
            ConfigError, EndpointUnavailableError: As `resolve` does.
        """
        return resolve(self.place, path=self.path, options=self.options, side=self.side, adapt=adapt)

    def at(self, directory: str) -> Reference:
        """The same for a local directory whose path is known: no process takes it relative to its own."""
        return Reference(place=os.path.abspath(directory), path="", options={}, side=self.side)
