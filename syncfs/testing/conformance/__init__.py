"""One suite that every endpoint has to pass, for authors of endpoints too.

Subclass it and say how to make a fresh, empty root; pytest finds the tests that are inherited::

    import pytest
    from syncfs.testing.conformance import EndpointSuite

    class TestMyEndpoint(EndpointSuite):
        title = "my filesystem"

        @pytest.fixture
        def endpoint(self, tmp_path):
            endpoint = MyEndpoint(tmp_path)
            yield endpoint
            endpoint.close()

What the endpoint's `capabilities` say it cannot do is skipped, with a reason that says what syncfs does
instead; what they say is checked where it can be. The suite is the endpoint's own stranger: edits by somebody
else are made through it too, so that any filesystem can be tested without another way in.

`ReadOnlySuite` is for endpoints that cannot be written to: their root holds `SAMPLE`.

A run also finds out what a side can do (`findings.FEATURES`): each finding is in its test's report, as the
property `finding`.

Needs pytest, which syncfs itself does not.
"""

from syncfs.testing.conformance import _asserts as _asserts
from syncfs.testing.conformance.findings import FEATURES, Feature, Finding
from syncfs.testing.conformance.listing import Listings
from syncfs.testing.conformance.moving import Moving
from syncfs.testing.conformance.names import DIFFICULT_NAMES, Names
from syncfs.testing.conformance.read_only import SAMPLE, ReadOnlySuite
from syncfs.testing.conformance.reading import Reading
from syncfs.testing.conformance.side import Side
from syncfs.testing.conformance.together import Together
from syncfs.testing.conformance.writing import Writing

__all__ = [
    "DIFFICULT_NAMES",
    "FEATURES",
    "SAMPLE",
    "EndpointSuite",
    "Feature",
    "Finding",
    "ReadOnlySuite",
    "Side",
]


class EndpointSuite(Listings, Reading, Writing, Moving, Together, Names):
    """All of it."""
