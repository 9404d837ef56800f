"""The operator, executed with the real package."""

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from syncfs_airflow import SyncOperator

import syncfs


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, Any]:
    """A folder with one file, an empty one, and a state of their own."""
    src, dst = tmp_path / "src", tmp_path / "dst"
    src.mkdir()
    dst.mkdir()
    (src / "a.txt").write_text("one")
    return {
        "src_url": str(src),
        "dst_url": str(dst),
        "choices": {"state": str(tmp_path / "state.sqlite")},
    }


def test_it_pushes_and_returns_the_report(pair: dict[str, Any], tmp_path: Path) -> None:
    report = SyncOperator(task_id="push", **pair).execute({})
    assert report["copied"] == 1 and report["ok"]
    assert (tmp_path / "dst" / "a.txt").read_text() == "one"
    assert SyncOperator(task_id="again", **pair).execute({})["copied"] == 0


def test_its_places_and_choices_are_templates(pair: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "src-2026-11-24").mkdir()
    with DAG("templates"):
        operator = SyncOperator(
            task_id="push",
            src_url=f"{tmp_path}/src-{{{{ ds }}}}",
            dst_url=pair["dst_url"],
            choices={"exclude": ["{{ ds }}.log"]},
        )
    operator.render_template_fields({"ds": "2026-11-24"})
    assert operator.src_url == f"{tmp_path}/src-2026-11-24"
    assert operator.choices == {"exclude": ["2026-11-24.log"]}


def test_what_may_pass_is_left_to_airflows_retries(
    pair: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> dict[str, Any]:
        raise syncfs.EndpointUnavailableError("unreachable", retryable=True)

    monkeypatch.setattr(syncfs, "run", unreachable)
    with pytest.raises(syncfs.EndpointUnavailableError):
        SyncOperator(task_id="push", **pair).execute({})


def test_a_missing_source_ends_the_task_without_retries(pair: dict[str, Any], tmp_path: Path) -> None:
    operator = SyncOperator(task_id="push", **pair | {"src_url": str(tmp_path / "nowhere")})
    with pytest.raises(AirflowFailException, match="nowhere"):
        operator.execute({})
