"""`merge`: a conflict policy that makes one file of two edits, where that is sure; else it keeps both.

Decisions:
    **`merge3` aligns lines and lists.** It is Breezy's diff3: maintained, typed, pure Python, and edits of
    neighbouring lines are a conflict to it, as they should be. `three-merge` is unmaintained since 2020
    and merges within a line by similarity, `reconcile-text` resolves every conflict by itself, git's own
    merge needs git. Its price is a licence of its own (GPL), which the README names.
    **Structure decides, text is written.** JSON, TOML and YAML are merged as values. Where a merge of the
    lines comes to the same values, that is what is written: it keeps comments and layout of both sides. Only
    where it does not, one side's document is edited; and only while nothing but values differ from the base
    on the other side, since a comment cannot be edited into another document.
    **The result is read again.** What does not parse, or not to the merged values, is no merge.
    **Contents are kept by their digest in one file for all pairs**, not beside each state: a base is found
    whatever the pair, and what is evicted costs a merge, never content.
"""

from syncfs_merge.policy import Merge, syncfs_conflict_policies

__all__ = ["Merge", "syncfs_conflict_policies"]
