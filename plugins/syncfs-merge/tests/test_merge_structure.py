from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syncfs_merge.formats import Unfit, format_of, merge_structure
from syncfs_merge.text import merge_text
from syncfs_merge.values import Clash, is_same, merge_values


def merged(name: str, base: str, left: str, right: str) -> str | None:
    format = format_of(name)
    assert format is not None
    lines = merge_text(base.encode(), left.encode(), right.encode(), markers=False)
    try:
        return merge_structure(format, base, left, right, None if lines is None else lines[0].decode())
    except (Unfit, Clash):
        return None


def dumped(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def test_json_keys_of_neighbouring_lines_are_merged_by_structure() -> None:
    base, left, right = {"a": 1, "b": 2}, {"a": 9, "b": 2}, {"a": 1, "b": 8, "c": 3}
    assert merged("x.json", *map(dumped, (base, left, right))) == dumped({"a": 9, "b": 8, "c": 3})


def test_json_that_both_sides_changed_to_something_else_is_no_merge() -> None:
    assert merged("x.json", dumped({"a": 1}), dumped({"a": 2}), dumped({"a": 3})) is None
    assert merged("x.json", dumped({"a": 1}), dumped({}), dumped({"a": 3})) is None
    assert merged("x.json", dumped({"a": 1}), dumped({"a": 1.0}), dumped({"a": True})) is None


def test_json_keeps_the_layout_that_it_had() -> None:
    base = json.dumps({"ü": [1], "b": 1}, ensure_ascii=False)
    left, right = base.replace("[1]", "[1, 2]"), base.replace('"b": 1', '"b": 2')
    assert merged("x.json", base, left, right) == base.replace("[1]", "[1, 2]").replace('"b": 1', '"b": 2')


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 0.12345678901234567890123}', "{'a'}", ""]
)
def test_json_that_could_not_be_written_again_is_no_merge(text: str) -> None:
    assert merged("x.json", '{"b": 1}', text, '{"b": 2}') is None


def test_a_key_that_both_sides_added_elsewhere_is_not_there_twice() -> None:
    base = '{\n  "a": 1,\n  "m": 0,\n  "n": 0,\n  "z": 2\n}\n'
    left = base.replace('"a": 1,', '"a": 1,\n  "new": 5,')
    right = base.replace('"n": 0,', '"n": 0,\n  "new": 5,')
    made = merged("x.json", base, left, right)
    assert made is not None and json.loads(made)["new"] == 5 and made.count("new") == 1


TOML = '# ours\n[tool]\nname = "x" # the name\nitems = ["a", "b", "c"]\n\n[other]\nkey = 1\n'


def test_toml_keeps_its_comments() -> None:
    left = TOML.replace('"x"', '"left"').replace("# ours", "# ours, edited")
    right = TOML.replace('["a", "b", "c"]', '["a", "b", "c", "d"]')
    made = merged("x.toml", TOML, left, right)
    assert made == left.replace('["a", "b", "c"]', '["a", "b", "c", "d"]')
    assert merged("x.toml", TOML, right, left) == made


def test_comments_that_both_sides_edited_beside_each_other_s_values_are_no_merge() -> None:
    left = TOML.replace('"x" # the name', '"left" # its name')
    right = TOML.replace('"x" # the name\nitems = ["a"', '"x" # a name\nitems = ["z"')
    assert merged("x.toml", TOML, left, right) is None


YAML = "# ours\nname: x  # the name\nitems:\n  - a\n  - b\nother:\n  key: 1\n"


def test_yaml_keeps_its_comments() -> None:
    left = YAML.replace("name: x", "name: left")
    right = YAML.replace("items:\n  - a\n", "items:\n  - z\n  - a\n")
    made = merged("x.yml", YAML, left, right)
    assert made == right.replace("name: x", "name: left")


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x\n", "a: 1\n---\na: 2\n", "a: [\n", "a: !t 1\n"])
def test_yaml_with_anchors_tags_or_several_documents_is_no_merge(text: str) -> None:
    assert merged("x.yaml", "a: 1\n", text, "a: 1\nc: 3\n") is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b", 1.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(VALUES, VALUES, VALUES)
def test_a_merge_of_values_is_a_three_way_merge(base: Any, left: Any, right: Any) -> None:
    assert is_same(merge_values(base, left, base), left)
    assert is_same(merge_values(base, base, right), right)
    try:
        one = merge_values(base, left, right)
    except Clash:
        with pytest.raises(Clash):
            merge_values(base, right, left)
        return
    assert is_same(one, merge_values(base, right, left))
