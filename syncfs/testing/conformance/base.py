"""What all parts of the suite share: the fixtures, and how a finding is put on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, NoReturn

import pytest

from syncfs.endpoint.endpoint import Endpoint
from syncfs.testing.conformance.findings import FEATURES, Finding, Tell
from syncfs.testing.conformance.side import Side

__all__ = ["Base"]


class Base:
    """The fixtures of the suite; see the package for how to use it."""

    table: ClassVar[str] = "filesystems"
    """In which table the findings go."""
    title: ClassVar[str] = ""
    """What the table calls this side; the class's name when it is empty."""
    has_directories: ClassVar[bool] = True
    """False where a directory is there only because a path goes through it (an object store): nothing can be
    missing then."""

    may_leave_temporaries: ClassVar[bool] = False
    """True where a write that broke off may leave its temporary file, which a later run collects: a server
    that is still busy with the body when it is told to remove the file may write it again."""

    @pytest.fixture
    def endpoint(self) -> Iterator[Endpoint]:
        """An endpoint whose root is there and empty. Every author writes this one."""
        raise NotImplementedError("give a fixture named endpoint: an endpoint with a fresh, empty root")

    @pytest.fixture
    def side(self, endpoint: Endpoint) -> Side:
        """The endpoint with its root checked, in the suite's words."""
        endpoint.check_root()
        return Side(endpoint)

    @pytest.fixture
    def tell(self, record_property: Callable[[str, object], None]) -> Tell:
        """Puts a finding on record: it is in the report of the test, for whoever makes a table of them."""

        def told(feature: str, can: bool, detail: str = "") -> None:
            subject = self.title or type(self).__name__
            found = Finding(self.table, subject, FEATURES[feature].key, can, detail)
            record_property("finding", tuple(found))

        return told

    @staticmethod
    def cannot(feature: str) -> NoReturn:
        """Skip, saying what syncfs does instead."""
        about = FEATURES[feature]
        pytest.skip(f"not: {about.title}. Instead: {about.instead}")
