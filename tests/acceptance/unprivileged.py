"""Run the program as a user whom permissions bind: they do not bind root."""

import os
import subprocess
import sys

from tests.acceptance.support import Program, Ran

NOBODY = 65534

# The other user may be unable to read this checkout, so root imports all there is to import first: a dry run
# does.
_AS_NOBODY = """
import os, sys
from syncfs.cli import main
number, words = int(sys.argv[1]), sys.argv[2:]
if os.geteuid() == 0:
    main([*words, "--dry-run", "--quiet"])
    os.setgroups([])
    os.setgid(number)
    os.setuid(number)
sys.stdout.flush()
sys.exit(main(words))
"""


def run_as_nobody(program: Program, *words: object) -> Ran:
    """Run one command; everything in the program's home becomes that user's."""
    if os.geteuid() == 0:
        for directory, directories, files in os.walk(program.home):
            for name in [".", *directories, *files]:
                os.chown(os.path.join(directory, name), NOBODY, NOBODY)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(NOBODY), *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        env=program.environment(),
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
