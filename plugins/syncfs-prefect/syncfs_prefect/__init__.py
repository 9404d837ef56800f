"""`sync_pair`: push, pull or sync two places as a Prefect task.

Decisions:
    **Nothing is cached.** Prefect's default answers a second call with the same parameters in the same
    flow run from its cache; a sync is asked for because the files have changed while the parameters have
    not.
    **Only what may pass by itself is retried** (`retryable` of what syncfs raises): a lock, an
    unreachable server. A wrong password or a refused plan fails at once.
    **Places travel as text.** Prefect keeps a task's parameters and shows them, so a secret is named and
    not given: `{"password": "env:NAME"}` is looked up in the worker.
"""

from syncfs_prefect.task import sync_pair

__all__ = ["sync_pair"]
