"""`SyncOperator`: push, pull or sync two places as an Airflow task.

Decisions:
    **What may pass by itself is raised as it is**, so that Airflow's own retries apply; everything else
    becomes `AirflowFailException`, which ends the task without them.
    **Secrets are named.** Airflow stores and shows rendered fields: `{"password": "env:NAME"}` stays that
    text until syncfs reads the environment of the worker.
"""

from syncfs_airflow.operator import SyncOperator

__all__ = ["SyncOperator"]
