from syncfs.testing.trees import *  # noqa: F403
