"""Frames of numbered images, of a folder of images, or of one image."""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Sequence
from itertools import pairwise

from ..errors import CannotDecode
from ..records import Footage, Frame
from ..settings import SourceSettings
from .frame_stream import DEFAULT_QUEUE_SIZE, StreamedSource
from .image_file import read_image
from .image_list import NumberedImage

DEFAULT_RATE_HZ = 24.0
_TIME_TOLERANCE_S = 1e-6
_N_NAMED = 3


class ImageSequence(StreamedSource):
    """Frames of images, whose times follow their numbers.

    A missing number, or an image that cannot be read, leaves a hole in time and a warning. All
    images must have the same size.
    """

    def __init__(
        self,
        path: str,
        settings: SourceSettings,
        *,
        images: Sequence[NumberedImage],
        queue_size: int = DEFAULT_QUEUE_SIZE,
    ) -> None:
        self._images = tuple(images)
        self._settings = settings
        rate_hz = DEFAULT_RATE_HZ if settings.rate_hz is None else settings.rate_hz
        footage = Footage(
            path=path,
            kind="images",
            size=self._first_size(),
            rate_hz=rate_hz,
            n_frames=len(self._images),
        )
        super().__init__(footage, files=[image.path for image in images], queue_size=queue_size)

    def decode(self, stop: threading.Event) -> Generator[Frame, None, None]:
        """Yield the images of the range, or fewer once `stop` is set."""
        end_s = math.inf if self._settings.end_s is None else self._settings.end_s
        start_s = -math.inf if self._settings.start_s is None else self._settings.start_s
        unreadable: list[str] = []
        n_yielded = 0
        for index, image in enumerate(self._images):
            time_s = (image.number - self._images[0].number) / self._footage.rate_hz
            if stop.is_set() or time_s >= end_s - _TIME_TOLERANCE_S:
                break
            if time_s < start_s - _TIME_TOLERANCE_S:
                continue
            try:
                pixels = read_image(image.path)
            except CannotDecode:
                unreadable.append(image.path.name)
                continue
            if pixels.shape[:2] != self._footage.size:
                raise self._size_differs(image, pixels.shape[:2])
            n_yielded += 1
            yield Frame(index, time_s, pixels)
        if not n_yielded and not stop.is_set():
            raise self._nothing_in_range(unreadable)
        self._warn(unreadable)

    def _first_size(self) -> tuple[int, int]:
        """Return the size of the first image that can be read."""
        first_error: CannotDecode | None = None
        for image in self._images:
            try:
                height, width = read_image(image.path).shape[:2]
            except CannotDecode as error:
                first_error = first_error or error
            else:
                return height, width
        assert first_error is not None  # there is at least one image
        if len(self._images) == 1:
            raise first_error
        raise CannotDecode(
            f"Not one of {len(self._images)} images can be read. The first: {first_error}"
        ) from first_error

    def _size_differs(self, image: NumberedImage, size: tuple[int, ...]) -> CannotDecode:
        height, width = self._footage.size
        return CannotDecode(
            f"Image '{image.path.name}' is {size[1]}×{size[0]} pixels, but the images before it "
            f"are {width}×{height}. Bring all images to one size, or choose other images."
        )

    def _nothing_in_range(self, unreadable: list[str]) -> CannotDecode:
        if unreadable:
            return CannotDecode(
                f"Not one image of the range can be read, of {_listed(unreadable)}. "
                "Check the files, or choose another start or end."
            )
        last_s = (self._images[-1].number - self._images[0].number) / self._footage.rate_hz
        start_s, end_s = self._settings.start_s or 0.0, self._settings.end_s
        until = "their end" if end_s is None else f"{end_s:g} s"
        return CannotDecode(
            f"The images have no frame from {start_s:g} s to {until}: the last is at "
            f"{last_s:.3f} s. Choose another start or end."
        )

    def _warn(self, unreadable: list[str]) -> None:
        """Say which images are not there."""
        if unreadable:
            self._warnings.append(
                f"{len(unreadable)} image{'s' * (len(unreadable) != 1)} could not be read and left "
                f"a hole: {_listed(unreadable)}."
            )
        numbers = [image.number for image in self._images]
        missing = [
            str(number)
            for before, after in pairwise(numbers)
            for number in range(before + 1, min(after, before + 1 + _N_NAMED))
        ]
        n_missing = numbers[-1] - numbers[0] + 1 - len(numbers)
        if n_missing:
            named = ", ".join(missing[:_N_NAMED]) + (", …" if n_missing > _N_NAMED else "")
            self._warnings.append(
                f"{n_missing} number{'s' * (n_missing != 1)} of the images "
                f"{'are' if n_missing != 1 else 'is'} missing and left a hole: {named}."
            )


def _listed(names: list[str]) -> str:
    """Return the first names in quotes."""
    return ", ".join(f"'{name}'" for name in names[:_N_NAMED]) + ", …" * (len(names) > _N_NAMED)
