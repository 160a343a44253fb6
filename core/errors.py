"""The errors of the engine.

::

    MienError                      its text may be shown to the artist
    ├─ ArgumentError               a setting or an argument is out of its range
    ├─ SourceError                 footage: CannotOpen, CannotDecode
    ├─ ModelError                  networks: WeightsMissing, WeightsCorrupt, WeightsUnsafe,
    │                              BackendError
    ├─ TakeError                   takes: TakeMissing, TakeDamaged, TakeTooNew, TakeExists,
    │                              TakeBusy
    ├─ TrainingError               training: TrainingDataError, TrainingDiverged
    ├─ ExportError                 a file could not be written, or was not written right
    ├─ NoFace                      not one face in the whole footage
    └─ ArrayError (also ValueError)  ShapeError, RangeError, DegenerateError
    Cancelled                      not an error, not in the tree: someone asked to stop

Every message names its subject, says what was found and what was expected, and what to do next.
"""

from __future__ import annotations


class MienError(Exception):
    """Base of everything that Mien can say to the artist."""


class ArgumentError(MienError):
    """A setting or a command-line argument is out of its range."""


class SourceError(MienError):
    """Footage is unusable."""


class CannotOpen(SourceError):
    """Footage is missing, unreadable, or not footage at all."""


class CannotDecode(SourceError):
    """Footage opened, but not one frame of it could be decoded."""


class ModelError(MienError):
    """A network is unusable."""


class WeightsMissing(ModelError):
    """A weight file is not where it should be."""


class WeightsCorrupt(ModelError):
    """A weight file is damaged, of the wrong hash, or of an unknown kind."""


class WeightsUnsafe(ModelError):
    """A weight file could run code when read, and is refused."""


class BackendError(ModelError):
    """A library that runs or converts networks is missing or failed."""


class TrainingError(MienError):
    """A network cannot be trained."""


class TrainingDataError(TrainingError):
    """What a network should be trained on is missing, unreadable, or shows no face."""


class TrainingDiverged(TrainingError):
    """The loss is not a number; the last good checkpoint was kept."""


class TakeError(MienError):
    """A take on disk is unusable."""


class TakeMissing(TakeError):
    """The folder holds no take."""


class TakeDamaged(TakeError):
    """The take's files contradict each other or cannot be read."""


class TakeTooNew(TakeError):
    """The take was written by a newer version of Mien."""


class TakeExists(TakeError):
    """A take is there already and would be overwritten."""


class TakeBusy(TakeError):
    """Another capture is writing the take."""


class ExportError(MienError):
    """An output file could not be written, or does not hold what it should."""


class NoFace(MienError):
    """Not one face was found in the whole footage."""


class ArrayError(MienError, ValueError):
    """An array does not fit."""


class ShapeError(ArrayError):
    """An array has the wrong shape."""


class RangeError(ArrayError):
    """An array has values outside of what is allowed."""


class DegenerateError(ArrayError):
    """Points do not determine the answer, for example because they lie on one line."""


class Cancelled(Exception):
    """Someone asked the running work to stop."""
