"""The version, as a literal: `importlib.metadata` costs more start-up time than the rest of `--version`."""

__version__ = "0.1.0"
