"""A data set → how far an engine's landmarks are off, and which photographs could not be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from ..arrays import Float32Array, Float64Array, ImageArray
from ..errors import CannotDecode, NoFace
from ..records import OnProgress, Progress, silent
from ..source.image_file import read_image
from .annotations import Annotation, read_annotation
from .boxes import box_around, box_overlap
from .dataset import Dataset, Sample, find_dataset
from .point_finder import PointFinder, open_finder
from .scores import box_normalised_errors, eye_normalised_errors

_Read = TypeVar("_Read")
Regions = Literal["detector", "truth"]
REGIONS: tuple[Regions, ...] = ("detector", "truth")


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """`regions`: faces are found by the detector, or looked for where the truth has them."""

    engine: str
    folder: Path
    regions: Regions = "detector"
    device: str = "cpu"
    n_threads: int = 1


@dataclass(frozen=True, slots=True)
class MeasuredFace:
    """One annotated face that was found; `error` is a share of the box, or of the eyes' distance.

    `yaw_rad` None where the data set does not tell.
    """

    name: str
    group: str
    error: float
    yaw_rad: float | None


@dataclass(frozen=True, slots=True)
class MissedFace:
    """One annotated face that was not found; fields as of `MeasuredFace`."""

    name: str
    group: str
    yaw_rad: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found.

    `unreadable`: photographs that cannot be decoded; `unusable`: annotations that cannot be read,
    each with the reason behind its name; `unannotated`: photographs without one. `several`: those
    in which more than one face was found, of which the one nearest to the truth counts.
    """

    engine: str
    dataset: Dataset
    regions: Regions
    measured: tuple[MeasuredFace, ...]
    missed: tuple[MissedFace, ...]
    unreadable: tuple[str, ...]
    unusable: tuple[str, ...]
    unannotated: tuple[str, ...]
    several: tuple[str, ...]

    @property
    def errors(self) -> Float64Array:
        """(n_measured,) float64."""
        return np.array([face.error for face in self.measured], np.float64)


def evaluate(plan: EvaluationPlan, *, on_progress: OnProgress = silent) -> Evaluation:
    """Measure an engine on a data set.

    Raises
    ------
    CannotOpen
        The folder is no data set.
    CannotDecode
        Not one of its photographs can be used.
    NoFace
        Not one of the annotated faces was found.
    ArgumentError, ModelError
        There is no such engine; its weights are missing or damaged.
    """
    dataset = find_dataset(plan.folder)
    finder = open_finder(plan.engine, device=plan.device, n_threads=plan.n_threads)
    return evaluated(plan, dataset, finder, on_progress=on_progress)


def evaluated(
    plan: EvaluationPlan, dataset: Dataset, finder: PointFinder, *, on_progress: OnProgress = silent
) -> Evaluation:
    """Measure a finder on a data set; see `evaluate`."""
    tally = _Tally(plan, dataset, finder)
    for number, sample in enumerate(dataset.samples):
        on_progress(Progress("evaluate", number, len(dataset.samples)))
        tally.take_in(sample)
    return tally.result()


class _Tally:
    """Looks at one photograph after another, and counts."""

    def __init__(self, plan: EvaluationPlan, dataset: Dataset, finder: PointFinder) -> None:
        self._plan, self._dataset, self._finder = plan, dataset, finder
        is_of_boxes = dataset.kind == ".mat"
        self._errors_of = box_normalised_errors if is_of_boxes else eye_normalised_errors
        self._measured: list[MeasuredFace] = []
        self._missed: list[MissedFace] = []
        self._unreadable: list[str] = []
        self._unusable: list[str] = []
        self._unannotated: list[str] = []
        self._several: list[str] = []

    def take_in(self, sample: Sample) -> None:
        """Look at a photograph."""
        if sample.annotation is None:
            self._unannotated.append(sample.name)
            return
        truth = self._tried(self._unusable, sample, read_annotation, sample.annotation)
        if truth is None:
            return
        image = self._tried(self._unreadable, sample, read_image, sample.image)
        if image is None:
            return
        points = self._points(sample, image, truth)
        if points is None:
            self._missed.append(MissedFace(sample.name, sample.group, truth.yaw_rad))
            return
        error = float(self._errors_of(points[None], truth.points_px[None])[0])
        self._measured.append(MeasuredFace(sample.name, sample.group, error, truth.yaw_rad))

    def result(self) -> Evaluation:
        """Return what was found, or say why nothing was."""
        folder = self._dataset.folder
        if not self._measured and not self._missed:
            first = [*self._unreadable, *self._unusable][0]
            raise CannotDecode(
                f"Not one photograph of data set '{folder}' can be used; the first: {first}"
            )
        if not self._measured:
            advice = "Check the photographs"
            if self._plan.regions == "detector":
                advice += ", or look for faces where the truth has them"
            raise NoFace(
                f"'{self._plan.engine}' found none of the {len(self._missed)} annotated faces of "
                f"data set '{folder}'. {advice}."
            )
        return Evaluation(
            self._plan.engine,
            self._dataset,
            self._plan.regions,
            tuple(self._measured),
            tuple(self._missed),
            tuple(self._unreadable),
            tuple(self._unusable),
            tuple(self._unannotated),
            tuple(self._several),
        )

    def _points(self, sample: Sample, image: ImageArray, truth: Annotation) -> Float32Array | None:
        """Return the points of the annotated face, None where it was not found."""
        if self._plan.regions == "truth":
            return self._finder.find_near(image, truth.points_px)
        faces = self._finder.find(image)
        if len(faces) > 1:
            self._several.append(sample.name)
        true_box = box_around(truth.points_px)
        overlaps = [box_overlap(box_around(face), true_box) for face in faces]
        # However badly it was found, a face that touches the truth is the one that is meant.
        return faces[int(np.argmax(overlaps))] if max(overlaps, default=0.0) > 0.0 else None

    @staticmethod
    def _tried(
        failures: list[str], sample: Sample, read: Callable[[Path], _Read], path: Path
    ) -> _Read | None:
        """Read a file; one that cannot be read is noted with the reason."""
        try:
            return read(path)
        except CannotDecode as error:
            failures.append(f"{sample.name}: {error}")
            return None
