from __future__ import annotations

from syncfs.builtins import PLUGINS
from syncfs.builtins.guards import GUARDS
from syncfs.plugin import load


def test_every_guard_is_a_plugin_of_its_own_and_can_be_left_out_alone() -> None:
    names = [guard.name for guard in GUARDS]
    assert [row.name for row in load().listing() if row.kind == "guard"][: len(names)] == names
    assert set(names) <= set(PLUGINS)
    rows = load(disabled=[names[0]]).listing()
    assert [row.name for row in rows if row.kind == "guard"][: len(names) - 1] == names[1:]
    assert next(row for row in rows if not row.enabled).name == names[0]


def test_a_guard_says_in_the_listing_what_it_refuses() -> None:
    for row in load().listing():
        if row.kind == "guard":
            assert row.summary.startswith("Refuse"), row
