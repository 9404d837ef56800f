"""`SyncPair`, a Dagster resource for two places, and `sync_asset`, an asset that keeps them in step.

Decisions:
    **What may pass by itself asks Dagster for a retry** (`RetryRequested`); everything else is a
    `Failure` that no retry policy repeats.
    **Secrets are named.** Dagster's UI shows a resource's raw configuration: `{"password": "env:NAME"}`
    stays that text until syncfs reads the environment of the process that runs.
"""

from syncfs_dagster.asset import sync_asset
from syncfs_dagster.resource import SyncPair

__all__ = ["SyncPair", "sync_asset"]
