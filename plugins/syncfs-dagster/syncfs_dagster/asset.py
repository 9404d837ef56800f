"""The asset."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, asset

from syncfs_dagster.resource import SyncPair

__all__ = ["sync_asset"]

_SHOWN = ("copied", "removed", "renamed", "made_directories", "skipped", "bytes_transferred", "duration_s")


def sync_asset(
    name: str, *, mode: str = "push", resource: str = "syncfs", **definition: Any
) -> AssetsDefinition:
    """Define an asset that is materialized by bringing a pair in step.

    Args:
        name: The asset's.
        mode: `push`, `pull` or `sync`.
        resource: The key under which the `SyncPair` is found.
        definition: Whatever else Dagster's `asset` takes: `deps`, `group_name`, `retry_policy`, ...

    Returns:
        The definition. Its materializations carry the report's counts as metadata.
    """

    @asset(name=name, required_resource_keys={resource}, **definition)
    def in_step(context: AssetExecutionContext) -> MaterializeResult[Any]:
        pair: SyncPair = getattr(context.resources, resource)
        return MaterializeResult(metadata=_metadata(pair.run(mode)))

    return in_step


def _metadata(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report[key] for key in _SHOWN if key in report}
