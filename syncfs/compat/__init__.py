"""Interfaces of other programs, over `Syncer`.

Decisions:
    Only what moves whole directories is offered (`push`, `pull`, `sync`, and the `check` and `mkdir` that
    surround them). A complete shim would promise the original's way of single files too, which writes
    into place and deletes before it uploads.

    Directories that are missing are made or refused here, before `Syncer` looks: the original makes the
    receiving directory in every run, `Syncer` in the first one only, since a receiver that vanished later
    is a reason to stop for whoever deletes. Nothing is ever deleted here.
"""
