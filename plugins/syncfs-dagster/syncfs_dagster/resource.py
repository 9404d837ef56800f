"""The resource."""

# No `from __future__ import annotations`: Dagster reads the fields' types when the class is made.

from typing import Any

from dagster import ConfigurableResource, Failure, RetryRequested
from pydantic import Field

import syncfs

__all__ = ["SyncPair"]

_RETRIES = 3
_WAIT_S = 30


class SyncPair(ConfigurableResource):
    """Two places to be kept in step.

    Attributes:
        src_url: The first place: a URL or a path.
        dst_url: The second one. `push` copies from the first to the second.
        src_options: fsspec storage options of the first; `env:NAME` stands for a secret.
        dst_options: The same for the second.
        choices: Whatever else `syncfs.run` takes, by name.
    """

    src_url: str
    dst_url: str
    src_options: dict[str, Any] = Field(default_factory=dict)
    dst_options: dict[str, Any] = Field(default_factory=dict)
    choices: dict[str, Any] = Field(default_factory=dict)

    def run(self, mode: str = "push", **choices: Any) -> dict[str, Any]:
        """Push, pull or sync the pair; `choices` add to the resource's own.

        Returns:
            The report, small and JSON.

        Raises:
            RetryRequested: It did not work and may pass by itself.
            Failure: It did not work, and someone must look at it.
        """
        try:
            return syncfs.run(
                self.src_url,
                self.dst_url,
                mode=mode,
                src_options=self.src_options,
                dst_options=self.dst_options,
                **{**self.choices, **choices},
            )
        except syncfs.SyncfsError as error:
            if error.retryable:
                raise RetryRequested(max_retries=_RETRIES, seconds_to_wait=_WAIT_S) from error
            raise Failure(str(error), allow_retries=False) from error
