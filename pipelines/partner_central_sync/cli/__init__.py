"""The command line `partner-central`."""

from .app import main

__all__ = ["main"]
