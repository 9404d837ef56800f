"""`python -m tests.scenarios`: which row is played where, and why not elsewhere.

`python -m tests.scenarios --place nginx [pytest's options]` plays all rows for any server on that one.
"""

import argparse
import os
import sys
from pathlib import Path

from tests.servers.every import EVERY_SERVER


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios", description=__doc__)
    parser.add_argument("--place", choices=sorted(EVERY_SERVER), help="play on this server")
    options, others = parser.parse_known_args()
    if options.place is None:
        from tests.scenarios.coverage import main as show

        show()
        return 0
    os.environ["SYNCFS_SCENARIO_PLACE"] = options.place
    import pytest

    return int(pytest.main([str(Path(__file__).with_name("test_scenarios.py")), "-q", *others]))


if __name__ == "__main__":
    sys.exit(main())
