"""A take in, files of every format out: what is checked before the work, and who writes what.

Joins takes, the pipeline and the writers; the command line and the add-on both call it.
"""

from .all_formats import SUFFIXES, check_outputs, write_outputs
from .session import OutputSession
from .settings import OutputSettings
from .solved_take import SolvedTake
from .written import Written

__all__ = [
    "SUFFIXES",
    "OutputSession",
    "OutputSettings",
    "SolvedTake",
    "Written",
    "check_outputs",
    "write_outputs",
]
