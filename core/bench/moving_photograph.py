"""A photograph of a face put in motion, with the true position of each landmark beside each frame.

Each frame is drawn by one backward map: what lies under a pixel is looked up in the photograph. The
map is affine in each triangle of the face's mesh; rings of triangles around the face fade the
head's motion out into the background's, so that nothing tears.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    FloatArray,
    ImageArray,
    IndexArray,
    check_shape,
)
from ..landmarks.topology import FACE_OVAL, INNER_LIPS
from .eyelids import Eyelids
from .face_motion import N_LANDMARKS, FaceMotion, HeadMotion, rotation_2d
from .layers import RING_FACTORS, Layers, rings_around
from .motion import Motion, MotionCurves, MotionSettings

_HEAD_ENDS, _BACKGROUND_BEGINS = 1.35, 3.0
"""Up to here, in sizes of the oval, things move with the head; from there, with the background."""
_EXPRESSION_ENDS = 1.6
_MARGIN = 0.12
"""How much larger than the frame the reference is at each side, in frame heights."""
_NOISE_SPARE_PX = 96
_MOUTH_DARK_RGB = np.array([30.0, 11.0, 11.0], np.float32)
_MOUTH_FLOOR_RGB = np.array([92.0, 40.0, 40.0], np.float32)


class MovingPhotograph:
    """Footage made of one photograph; the same settings give the same frames.

    Parameters
    ----------
    photo : shape (height, width, 3), RGB
    landmarks_px : shape (468, 3), image space of the photograph
    triangles : shape (n_triangles, 3), the mesh of the face
    settings : size, length and reach of the motion
    """

    def __init__(
        self,
        photo: ImageArray,
        landmarks_px: FloatArray,
        *,
        triangles: IndexArray,
        settings: MotionSettings | None = None,
    ) -> None:
        check_shape("photo", photo, ("height", "width", 3))
        self.settings = settings or MotionSettings()
        self.time_s = np.arange(self.settings.n_frames) / self.settings.rate_hz
        self._motion = Motion(self.settings)
        self.curves = self._motion.at(self.time_s)
        frame_from_photo = _placement(photo, landmarks_px, settings=self.settings)
        points = landmarks_px.astype(np.float64) * frame_from_photo[0, 0]
        points[:, :2] += frame_from_photo[:, 2]
        self._face = FaceMotion(points, triangles)
        self._rings = rings_around(self._face.points)
        self._margin_px = math.ceil(_MARGIN * self.settings.size[0])
        self._reference = _reference(
            photo,
            frame_from_photo + np.array([[0.0, 0.0, self._margin_px]]),
            size=(
                self.settings.size[0] + 2 * self._margin_px,
                self.settings.size[1] + 2 * self._margin_px,
            ),
        )
        self._noise: NDArray[np.int16] | None = None
        self._layers = Layers(triangles)
        self._source_px = self._margin_px + np.concatenate([points, points, self._rings])[:, :2]
        self._eyelids = Eyelids(self._source_px, self._reference)

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return self.settings.n_frames

    @property
    def inter_ocular_px(self) -> float:
        """Distance of the outer eye corners at rest."""
        return self._face.inter_ocular_px

    def truth_px(self, index: int) -> Float64Array:
        """Return where the landmarks are in a frame: shape (468, 3), image space."""
        return self._face_points(_moment(self.curves, index))

    def frame(self, index: int) -> ImageArray:
        """Draw a frame: shape (height, width, 3), RGB."""
        settings = self.settings
        image = self._draw(_moment(self.curves, index))
        if settings.n_subframes > 1:
            count = settings.n_subframes
            share = (np.arange(count) - (count - 1) / 2.0) * settings.shutter / count
            curves = self._motion.at(np.maximum(self.time_s[index] + share / settings.rate_hz, 0.0))
            total = np.zeros((*settings.size, 3), np.float32)
            for part in range(count):
                total += self._draw(_moment(curves, part))
            image = np.asarray(total / count + 0.5, np.uint8)
        return image if settings.noise_sigma == 0.0 else self._with_noise(image, index)

    def write_truth(self, path: Path | str) -> None:
        """Write the true motion as .npz: `landmarks_px` (n_frames, 468, 3) and the curves."""
        landmarks = np.stack([self.truth_px(index) for index in range(self.n_frames)])
        target = Path(path)
        beside = target.with_name(target.name + ".part")
        with beside.open("wb") as file:
            np.savez_compressed(
                file, landmarks_px=landmarks.astype(np.float32), **self.curves.as_arrays()
            )
        beside.replace(target)

    def _with_noise(self, image: ImageArray, index: int) -> ImageArray:
        """Add sensor noise: another window of one large plate for each frame."""
        import cv2

        height, width = self.settings.size
        if self._noise is None:
            plate = (height + _NOISE_SPARE_PX, width + _NOISE_SPARE_PX, 3)
            rng = np.random.default_rng(self.settings.seed)
            noise = self.settings.noise_sigma * rng.standard_normal(plate, dtype=np.float32)
            self._noise = np.round(noise).astype(np.int16)
        y, x = np.random.default_rng((self.settings.seed, index)).integers(0, _NOISE_SPARE_PX, 2)
        window = np.ascontiguousarray(self._noise[y : y + height, x : x + width])
        return np.asarray(cv2.add(image, window, dtype=cv2.CV_8U), np.uint8)

    def _face_points(self, moment: MotionCurves, *, is_at_rest: bool = False) -> Float64Array:
        """Return the landmarks; at rest: without lids and jaw, as the eyeballs and teeth move."""
        expressed = self._face.expressed(
            blink=0.0 if is_at_rest else float(moment.blink[0]),
            jaw_rad=0.0 if is_at_rest else float(moment.jaw[0]) * self.settings.jaw_rad,
            smile_px=float(moment.smile[0]) * self.settings.smile * self.inter_ocular_px,
        )
        return self._face.posed(expressed, _head_motion(moment))

    def _draw(self, moment: MotionCurves) -> ImageArray:
        """Draw the scene at one moment, without blur or noise."""
        import cv2

        face = self._face_points(moment)
        resting = self._face_points(moment, is_at_rest=True)
        target = np.concatenate([face, resting, self._posed_rings(moment, face=face)])
        image = self._look_up(self._surroundings(target))
        low = np.maximum(np.floor(face[:, :2].min(axis=0)).astype(int) - 2, 0)
        high = np.minimum(
            np.ceil(face[:, :2].max(axis=0)).astype(int) + 3, self.settings.size[::-1]
        )
        width, height = high - low
        if width < 1 or height < 1:
            return image
        # The face is drawn at twice the size and halved: its lids and lips get smooth edges.
        blink = float(moment.blink[0])
        layer, lookup = self._layers.draw(
            target,
            self._eyelids.source_px(blink),
            origin=low,
            size=(2 * height, 2 * width),
            scale=2.0,
        )
        window = self._look_up(lookup)
        lips = 2.0 * (target[list(INNER_LIPS), :2] - low)
        _paint_mouth_into(window, layer < 0, lips=lips)
        self._eyelids.paint_lashes_into(window, 2.0 * (face[:, :2] - low) + 0.5, blink)
        image[low[1] : high[1], low[0] : high[0]] = cv2.resize(
            window, (int(width), int(height)), interpolation=cv2.INTER_AREA
        )
        return image

    def _surroundings(self, target: Float64Array) -> Float32Array:
        """Return where pixels outside of the face lie in the photograph: (height, width, 2)."""
        import cv2

        height, width = self.settings.size
        # Outside of the face nothing hides anything: a coarse map, made finer, is as good.
        step, pad = 4, 2
        rows, columns = -(-height // step) + 2 * pad, -(-width // step) + 2 * pad
        start = np.array([-pad * step, -pad * step])
        _, coarse = self._layers.draw(
            target,
            self._source_px,
            origin=start,
            size=(rows, columns),
            scale=1.0 / step,
            has_face=False,
        )
        fine = cv2.resize(coarse, (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
        first = pad * step
        return np.asarray(fine[first : first + height, first : first + width], np.float32)

    def _look_up(self, lookup: Float32Array) -> ImageArray:
        """Sample the photograph at positions of shape (height, width, 2)."""
        import cv2

        image = cv2.remap(
            self._reference,
            lookup,
            np.zeros(0, np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return np.asarray(image, np.uint8)

    def _posed_rings(self, moment: MotionCurves, *, face: Float64Array) -> Float64Array:
        """Move the rings: near the face with the head, far away with the background."""
        head = _head_motion(moment)
        share = self.settings.background_share
        background = HeadMotion(
            roll_rad=share * head.roll_rad,
            shift_px=(share * head.shift_px[0], share * head.shift_px[1]),
            scale=head.scale**share,
        )
        factors = np.repeat(RING_FACTORS, len(FACE_OVAL))[:, None]
        with_head = self._face.posed(self._rings, head)
        with_background = _moved_flat(self._rings, background, pivot=self._face.pivot)
        fade = _smooth_fall(factors, start=_HEAD_ENDS, end=_BACKGROUND_BEGINS)
        posed = fade * with_head + (1.0 - fade) * with_background
        # The oval itself takes part in expressions; what lies around it gives way.
        n_oval = len(FACE_OVAL)
        expression = face[list(FACE_OVAL)] - posed[:n_oval]
        give = _smooth_fall(factors, start=1.0, end=_EXPRESSION_ENDS)
        return np.asarray(posed + give * np.tile(expression, (len(RING_FACTORS), 1)), np.float64)


def _placement(
    photo: ImageArray, landmarks_px: FloatArray, *, settings: MotionSettings
) -> Float64Array:
    """Return frame_from_photo (2, 3): the face large, the photograph filling the frame."""
    check_shape("landmarks_px", landmarks_px, (N_LANDMARKS, 3))
    lowest, highest = landmarks_px[:, :2].min(axis=0), landmarks_px[:, :2].max(axis=0)
    height, width = settings.size
    scale = settings.face_height * height / float(highest[1] - lowest[1])
    wanted = np.array([width / 2.0, height / 2.0]) - scale * (lowest + highest) / 2.0
    room = np.array([width - scale * photo.shape[1], height - scale * photo.shape[0]])
    # Where the photograph is large enough it covers the frame; else it stays around the middle.
    start = np.where(room < 0.0, np.clip(wanted, room, 0.0), wanted)
    return np.array([[scale, 0.0, start[0]], [0.0, scale, start[1]]])


def _reference(
    photo: ImageArray, reference_from_photo: Float64Array, *, size: tuple[int, int]
) -> ImageArray:
    """Lay the photograph on a larger image; beyond its edge it is mirrored and blurred away."""
    import cv2

    height, width = size
    sharp = cv2.warpAffine(
        photo,
        reference_from_photo,
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    small = cv2.resize(sharp, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cv2.GaussianBlur(small, (0, 0), height / 160.0), (width, height))
    inside = np.full(photo.shape[:2], 255, np.uint8)
    mask = cv2.warpAffine(inside, reference_from_photo, (width, height), flags=cv2.INTER_NEAREST)
    distance = cv2.distanceTransform(255 - mask, cv2.DIST_L2, 3)
    share = np.clip(distance / (0.08 * height), 0.0, 1.0)[..., None]
    return np.asarray((1.0 - share) * sharp + share * blurred + 0.5, np.uint8)


def _moment(curves: MotionCurves, index: int) -> MotionCurves:
    """Return the curves at one index, still as arrays, of length 1."""
    return replace(curves, **{name: array[[index]] for name, array in curves.as_arrays().items()})


def _head_motion(moment: MotionCurves) -> HeadMotion:
    """Return the head's part of the curves."""
    return HeadMotion(
        yaw_rad=float(moment.yaw_rad[0]),
        pitch_rad=float(moment.pitch_rad[0]),
        roll_rad=float(moment.roll_rad[0]),
        shift_px=(float(moment.shift_px[0, 0]), float(moment.shift_px[0, 1])),
        scale=float(moment.scale[0]),
    )


def _moved_flat(points: Float64Array, motion: HeadMotion, *, pivot: Float64Array) -> Float64Array:
    """Move points in the image plane only."""
    offsets = points - pivot
    offsets[:, :2] = motion.scale * offsets[:, :2] @ rotation_2d(motion.roll_rad).T
    return offsets + pivot + [*motion.shift_px, 0.0]


def _smooth_fall(values: Float64Array, *, start: float, end: float) -> Float64Array:
    """Go from 1 at the start to 0 at the end, with level ends."""
    share = np.clip((end - values) / (end - start), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float64)


def _paint_mouth_into(image: ImageArray, is_dark: BoolArray, *, lips: Float64Array) -> None:
    """Paint the inside of the open mouth: dark under the teeth, a dim tongue at the bottom."""
    import cv2

    if not is_dark.any():
        return
    low = np.maximum(np.floor(lips.min(axis=0)).astype(int) - 4, 0)
    high = np.ceil(lips.max(axis=0)).astype(int) + 5
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    alpha = cv2.GaussianBlur(is_dark[window].astype(np.float32), (0, 0), 1.2)[..., None]
    height, width = alpha.shape[:2]
    across = np.linspace(-1.0, 1.0, width, dtype=np.float32)
    down = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    floor = np.clip(1.6 * (down - 0.45), 0.0, 1.0) * np.clip(1.0 - across**2, 0.0, 1.0)
    colour = _MOUTH_DARK_RGB + floor[..., None] * (_MOUTH_FLOOR_RGB - _MOUTH_DARK_RGB)
    image[window] = ((1.0 - alpha) * image[window] + alpha * colour + 0.5).astype(np.uint8)
