"""Every situation that syncfs must survive, as an executable scenario.

`group_a.py` to `group_f.py` are the tables: for each row the tree before, the edits of both sides, the
command, the trees after, and what the report says. `pytest tests/scenarios` plays them on every pair of
places where the row can exist and asks the eleven oracles (`oracles.py`) after each run; `python -m
tests.scenarios` prints which row is played where, and why not elsewhere.

How to read a table: a tree is a literal of `syncfs.testing`. Edits are either such a literal (a path with
content is written, one with None is removed, `"d/": None` makes a directory) or a list of the edits of
`scenario.py`; those of src happen before those of dst, each a minute after the one before, hours before the
run. `f.conflict-dst` stands for the full name of a kept loser, whose time is always the same here.

Decisions:
    Files get times hours ago, through `os.utime`: who is newer is then part of the table, and no test waits
    for a clock. What a server stamps on our own writes stays its own.

    Faults are raised in a thin wrapper around the real endpoint, which knows the calls of the `Endpoint`
    protocol and nothing of HTTP, so that one row serves every pair; faults that only HTTP knows (a login
    page, a cut body) go through `tests/servers/proxy.py`.

    Filesystems in memory have no name that outlives a process, so syncfs keeps no state for them. Here the
    wrapper gives them one, and the rows that need a base run there too.
"""
