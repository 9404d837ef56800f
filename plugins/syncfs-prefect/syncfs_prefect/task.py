"""The task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

import syncfs

__all__ = ["sync_pair"]

_FIRST_WAIT_S = 10


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the same call may succeed later without anyone changing anything."""
    return bool(getattr(state.result(raise_on_failure=False), "retryable", False))


@task(
    name="syncfs",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=exponential_backoff(_FIRST_WAIT_S),
    retry_jitter_factor=0.5,
    retry_condition_fn=_may_pass,
)
def sync_pair(
    src_url: str,
    dst_url: str,
    *,
    mode: str = "push",
    src_options: Mapping[str, Any] | None = None,
    dst_options: Mapping[str, Any] | None = None,
    choices: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Push, pull or sync one pair; killed and repeated it goes on where it stopped.

    Args:
        src_url: The first place: a URL or a path.
        dst_url: The second one. `push` copies from the first to the second.
        mode: `push`, `pull` or `sync`.
        src_options: fsspec storage options of the first; `env:NAME` stands for a secret.
        dst_options: The same for the second.
        choices: Whatever else `syncfs.run` takes, by name: `{"delete": "synced", "state": "s3://bucket/state"}`.

    Returns:
        The report, small and JSON.

    Raises:
        syncfs.SyncfsError: The run stopped, or something was left undone; retried if it may pass by itself.
    """
    return syncfs.run(
        src_url, dst_url, mode=mode, src_options=src_options, dst_options=dst_options, **(choices or {})
    )
