"""Runs against real servers that are disturbed: by a proxy at every request, by `kill -9` at any moment.

`python -m tests.faults.sweep` and `python -m tests.faults.kills` do all of it and print what they counted;
the tests beside them do a seeded part. `python -m tests.faults.sweep --help` says how to choose.

Decisions:
    Every run is a process of its own, forked from an interpreter that has imported syncfs already
    (`zygote`): it has its own memory, threads, connections and state file, and can be killed like any other;
    only the 0.5 s of starting Python and importing are saved, which thousands of runs cannot afford.

    One transfer at a time in the sweep, so that "the 57th request" is the same request in each case. `--jobs`
    runs it with more; then an index names whichever request comes at that moment.

    Both sides begin with files two hours old that the first sync only compares: nothing is racy then, and the
    count of requests does not depend on how fast the machine is.

    What cannot be noticed: a flipped bit in the body of a GET, whose length stays, when the server gives no
    digest of the content. The oracle allows just that: the file in question may hold just those bytes at the
    receiver until a run with `--verify`, and the sender's bytes must be there afterwards. A flipped bit in a
    listing may be a plausible other size, tag or name. Then nothing may be lost, and no file may vanish but
    into the trash; one clean run must put it right like any other fault.
"""
