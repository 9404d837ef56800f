"""The phases of a run in order, without decisions: march, probe, execute, record.

Decisions:
    Threads, not asyncio: fsspec's interface is synchronous, and at a round trip of 20 ms both are equally
    fast. Anything with `submit(fn, *args)` can take the place of our own threads.

    A removal is one server-side move into `.syncfs/trash/RUN/NUMBER`, so that nothing is lost; only where
    a side cannot move is a file removed for good.

    Transfers are digested on their way (sha256). It costs less than the transfer, and it is what later
    tells a touched file from an edited one, a racy fingerprint from a changed file, and an arrived copy
    from one that was there already. Only what is larger than one chunk and goes from one local directory to
    another is left to the kernel, which copies it without our seeing it (or shares the blocks): there a
    touched file is told by reading both sides, which costs no request. What that gives up: a large file
    touched on one side and edited on the other is a conflict, both kept, where a digest would have shown
    that one side's content is old. A racy file is digested whatever its size.

    Only directories are waited for, and only by what goes into them (`schedule`); everything else that has
    an order (losers aside, what stands in the way, removals) goes in stages. Executors are given batches of
    plain tasks and give back plain outcomes (`perform.perform_all`); they are awaited through one queue,
    because `concurrent.futures.wait` looks at every future each time. How many run at once is found out
    (`pace`). Other processes are given copies only (`away`).
"""
