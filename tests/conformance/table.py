"""The README's tables of what each side can do, made from what a run of the suite found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from syncfs.testing.conformance import FEATURES, Finding

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FOUND = Path(__file__).with_name("found.json")

Found = dict[str, dict[str, dict[str, dict[str, Any]]]]
"""Table, subject and feature to `{"can": bool, "detail": str}`."""


def gathered(findings: Iterable[Finding]) -> Found:
    """Findings in order of tables, subjects and features; what was found twice can only what both found."""
    found: Found = {}
    for table, subject, feature, can, detail in findings:
        features = found.setdefault(table, {}).setdefault(subject, {})
        before = features.get(feature, {"can": True, "detail": ""})
        details = [each for each in dict.fromkeys((before["detail"], detail)) if each]
        features[feature] = {"can": before["can"] and can, "detail": "; ".join(details)}
    return found


def load() -> Found:
    """What is on record."""
    found: Found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    return found


def save(new: Found) -> Found:
    """Put the subjects of a run on record; those that did not run stay as they are."""
    found = load()
    for table, subjects in new.items():
        found.setdefault(table, {}).update(subjects)
    FOUND.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def render(subjects: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """One table as Markdown: a row for each feature, a column for each side, then notes."""
    lines = [
        "| | " + " | ".join(subjects) + " | where not, syncfs |",
        "|---|" + "---|" * len(subjects) + "---|",
    ]
    notes = []
    for key, feature in FEATURES.items():
        cells = []
        for subject, features in subjects.items():
            found = features.get(key)
            if found is None:
                cells.append("")
                continue
            cells.append("yes" if found["can"] else "no")
            if found["detail"]:
                notes.append(f"- {subject}, {feature.title}: {feature.note.format(found['detail'])}")
        instead = feature.instead if "no" in cells else ""
        lines.append(f"| {feature.title} | " + " | ".join(cells) + f" | {instead} |")
    return "\n".join([*lines, "", *notes] if notes else lines) + "\n"


def _between(table: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- table: {table} -->\n).*?(<!-- end of table -->)", re.DOTALL)


def shown(table: str) -> str | None:
    """What stands in the README between a table's marks; None where it has none."""
    found = _between(table).search(README.read_text())
    return None if found is None else found[0].split("-->\n", 1)[1].rpartition("<!--")[0]


def publish(found: Found) -> None:
    """Write every table that the README has marks for."""
    text = README.read_text()
    for table, subjects in found.items():
        made = render(subjects)
        text = _between(table).sub(lambda match, made=made: match[1] + made + match[2], text)  # type: ignore[misc]
    README.write_text(text)
