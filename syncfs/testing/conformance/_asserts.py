"""Lets a failing `assert` of the suite show its values; imported before the modules that it is about."""

import pytest

pytest.register_assert_rewrite(
    *(
        f"syncfs.testing.conformance.{part}"
        for part in ("listing", "moving", "names", "read_only", "reading", "side", "together", "writing")
    )
)
