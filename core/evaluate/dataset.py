"""The photographs of a data set and the annotations beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import CannotOpen
from ..source.image_file import IMAGE_SUFFIXES

ANNOTATION_SUFFIXES = (".mat", ".pts")


@dataclass(frozen=True, slots=True)
class Sample:
    """A photograph; `name` is its path within the data set, `annotation` None where none is there.

    `group` is the first folder of that path, an empty text for photographs that lie in none.
    """

    image: Path
    name: str
    annotation: Path | None

    @property
    def group(self) -> str:
        """The part of the data set that it belongs to."""
        return self.name.split("/")[0] if "/" in self.name else ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """`kind` is the suffix of its annotations: it decides how errors are normalised."""

    folder: Path
    kind: str
    samples: tuple[Sample, ...]

    @property
    def name(self) -> str:
        """The folder's name, also where it was given as `.`."""
        return self.folder.resolve().name


def find_dataset(folder: Path) -> Dataset:
    """Find the photographs in a folder and in those within it, in the order of their names.

    Raises
    ------
    CannotOpen
        There is no such folder, or it may not be read; it holds no photograph with an annotation
        beside it, or annotations of both kinds.
    """
    try:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
        is_folder = folder.is_dir()
    except OSError as error:
        raise CannotOpen(f"Data set '{folder}' cannot be read: {error.strerror}.") from error
    if not is_folder:
        raise CannotOpen(f"Data set '{folder}' is no folder. Name the folder of its images.")
    samples = []
    for image in found:
        parts = image.relative_to(folder).parts
        if not any(part.startswith(".") for part in parts):
            samples.append(Sample(image, "/".join(parts), _annotation_of(image)))
    kinds = sorted({s.annotation.suffix for s in samples if s.annotation is not None})
    if len(kinds) != 1:
        have = "of both kinds" if kinds else f"beside none of its {len(samples)} images"
        raise CannotOpen(
            f"Data set '{folder}' has annotations {have}. Expected are images with a .mat beside "
            "each, as AFLW2000-3D has them, or a .pts, as 300-W has them."
        )
    return Dataset(folder, kinds[0], tuple(samples))


def _annotation_of(image: Path) -> Path | None:
    """Return the annotation beside an image."""
    for suffix in ANNOTATION_SUFFIXES:
        beside = image.with_suffix(suffix)
        if beside.is_file():
            return beside
    return None
