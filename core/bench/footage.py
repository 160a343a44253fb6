"""Moving photographs as files: without loss, or as H.264 in the way of a camera."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Float32Array, ImageArray
from ..errors import ArgumentError, ExportError
from ..geometry import load_canonical_face
from .face_motion import N_LANDMARKS
from .motion import MotionSettings
from .moving_photograph import MovingPhotograph


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of footage: `crf` is H.264's constant rate factor, None: no loss."""

    name: str
    says: str
    motion: MotionSettings = field(default_factory=MotionSettings)
    crf: int | None = None

    @property
    def file_name(self) -> str:
        """What the clip is called: the container that its codec needs."""
        return "clip.avi" if self.crf is None else "clip.mp4"


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A photograph (height, width, 3) RGB and where its landmarks (468, 3) are, in its pixels.

    `found_by` says who found the landmarks that are the truth at rest.
    """

    photo: ImageArray
    landmarks_px: Float32Array
    name: str
    found_by: str

    def moving(self, settings: MotionSettings) -> MovingPhotograph:
        """Put it in motion."""
        triangles = load_canonical_face(N_LANDMARKS).topology.triangles
        return MovingPhotograph(
            self.photo, self.landmarks_px[:N_LANDMARKS], triangles=triangles, settings=settings
        )


def footage_job(portrait_file: Path, condition: Condition, *, path: Path) -> dict[str, Any]:
    """Return the job, for `run_child`, that films a portrait saved by `save_portrait`."""
    return {
        "module": "footage",
        "run": "write_footage",
        "portrait_file": str(portrait_file),
        "motion": asdict(condition.motion),
        "crf": condition.crf,
        "path": str(path),
    }


def save_portrait(portrait: Portrait, path: Path) -> None:
    """Write a portrait as .npz for `write_footage`."""
    np.savez(path, photo=portrait.photo, landmarks_px=portrait.landmarks_px)


def write_footage(
    portrait_file: str, *, motion: dict[str, Any], crf: int | None, path: str
) -> dict[str, Any]:
    """Draw a clip and write it, in this process.

    Parameters
    ----------
    portrait_file : .npz of `photo` and `landmarks_px`
    motion : fields of `MotionSettings`
    crf : H.264's constant rate factor, by PyAV; None: no loss, by OpenCV
    path : where to

    Returns
    -------
    dict
        `n_frames` and `n_bytes`.
    """
    settings = MotionSettings(**{**motion, "size": tuple(motion["size"])})
    with np.load(portrait_file) as arrays:
        portrait = Portrait(arrays["photo"], arrays["landmarks_px"], "", "")
    moving = portrait.moving(settings)
    frames = (moving.frame(index) for index in range(moving.n_frames))
    write = write_lossless if crf is None else write_h264
    options = {} if crf is None else {"crf": crf}
    write(path, frames, size=settings.size, rate_hz=settings.rate_hz, **options)
    return {"n_frames": moving.n_frames, "n_bytes": Path(path).stat().st_size}


def write_lossless(
    path: str, frames: Iterable[ImageArray], *, size: tuple[int, int], rate_hz: float
) -> None:
    """Write frames (height, width, 3) RGB as an .avi that gives them back bit for bit.

    Raises
    ------
    ExportError
        This OpenCV has no HuffYUV.
    """
    import cv2

    fourcc = cv2.VideoWriter.fourcc(*"HFYU")
    writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, fourcc, rate_hz, size[::-1])
    if not writer.isOpened():
        raise ExportError(f"'{path}' cannot be written: this OpenCV has no HuffYUV encoder.")
    try:
        for image in frames:
            writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    finally:
        writer.release()


def write_h264(
    path: str, frames: Iterable[ImageArray], *, size: tuple[int, int], rate_hz: float, crf: int
) -> None:
    """Write frames (height, width, 3) RGB as H.264 by libx264, which PyAV brings.

    Raises
    ------
    ArgumentError
        A side is odd: 4:2:0 has none.
    """
    if size[0] % 2 or size[1] % 2:
        raise ArgumentError(f"H.264 needs even sides, got {size[1]} × {size[0]}")
    with _h264_stream(path, size=size, rate_hz=rate_hz, crf=crf) as encode:
        for image in frames:
            encode(image)


@contextmanager
def _h264_stream(path: str, *, size: tuple[int, int], rate_hz: float, crf: int) -> Iterator[Any]:
    """Give a function that takes images; at the end the file is whole."""
    import av

    with av.open(path, mode="w") as container:
        rate = Fraction(rate_hz).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "medium"}

        def encode(image: ImageArray) -> None:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))

        yield encode
        container.mux(stream.encode(None))
