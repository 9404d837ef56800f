"""The operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

import syncfs

if TYPE_CHECKING:
    from airflow.sdk import Context

__all__ = ["SyncOperator"]


class SyncOperator(BaseOperator):
    """Push, pull or sync one pair; killed and repeated it goes on where it stopped.

    Args:
        src_url: The first place: a URL or a path.
        dst_url: The second one. `push` copies from the first to the second.
        mode: `push`, `pull` or `sync`.
        src_options: fsspec storage options of the first; `env:NAME` stands for a secret.
        dst_options: The same for the second.
        choices: Whatever else `syncfs.run` takes, by name: `{"delete": "synced", "state": "s3://bucket/state"}`.
        operator: Whatever Airflow's own operators take: `task_id`, `retries`, ...
    """

    template_fields: ClassVar[Sequence[str]] = (
        "src_url",
        "dst_url",
        "mode",
        "src_options",
        "dst_options",
        "choices",
    )
    ui_color = "#d9ead3"

    def __init__(
        self,
        *,
        src_url: str,
        dst_url: str,
        mode: str = "push",
        src_options: Mapping[str, Any] | None = None,
        dst_options: Mapping[str, Any] | None = None,
        choices: Mapping[str, Any] | None = None,
        **operator: Any,
    ) -> None:
        super().__init__(**operator)
        self.src_url = src_url
        self.dst_url = dst_url
        self.mode = mode
        self.src_options = dict(src_options or {})
        self.dst_options = dict(dst_options or {})
        self.choices = dict(choices or {})

    def execute(self, context: Context) -> dict[str, Any]:
        """Bring the pair in step.

        Returns:
            The report, small and JSON: it becomes the task's XCom.

        Raises:
            syncfs.SyncfsError: It did not work and may pass by itself: Airflow's retries apply.
            AirflowFailException: It did not work, and someone must look at it.
        """
        try:
            return syncfs.run(
                self.src_url,
                self.dst_url,
                mode=self.mode,
                src_options=self.src_options,
                dst_options=self.dst_options,
                **self.choices,
            )
        except syncfs.SyncfsError as error:
            if error.retryable:
                raise
            raise AirflowFailException(str(error)) from error
