"""The phases of a run in order, without decisions: march, probe, execute, record.

Decisions:
    Threads, not asyncio: fsspec's interface is synchronous, and at a round trip of 20 ms both are equally
    fast. Anything with `submit(fn, *args)` can take the place of our own threads.

    A removal is one server-side move into `.syncfs/trash/RUN/NUMBER`, so that nothing is lost; only where
    a side cannot move is a file removed for good.

    Every transfer is digested on its way (sha256). It costs less than the transfer, and it is what later
    tells a touched file from an edited one, a racy fingerprint from a changed file, and an arrived copy
    from one that was there already.
"""
