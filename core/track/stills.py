"""Picks the few frames from which the texture of a face is made, as the footage goes by."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from ..arrays import FloatArray, ImageArray, in_order
from ..records import Frame, Landmarks, Still

MAX_WIDTH_PX = 1024
_MARGIN = 0.12
"""Added at each side of the landmarks' box, as a share of it."""
_WORTHWHILE = 1.06
"""A newcomer must be so many times better: pictures that hardly differ are not exchanged."""
_MIN_GAP_FRAMES = 5
_SPREAD = 1.5
"""Stills closer in time than this show the same: the better of them stays. With the clip the gap
grows to its length / (spread · kept), so that a hand before the face is not in most of them."""
_STRIDE = 5
"""Only every so many frames are looked at, once there is a still: neighbours show the same."""
_SHARP_WIDTH_PX = 128
_HALF_SHARP = 40.0
"""Variance of the Laplacian, grey levels squared, that scores one half."""
_WELL_OPEN = 0.35
"""Height of an open eye in widths of it."""
_FULL_SIZE_PX = 500.0

# Landmarks of the face mesh: outer eye corners; forehead and chin; lids and corners of each eye;
# inner lips.
_EYES = (33, 263)
_FOREHEAD, _CHIN = 10, 152
_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))
_LIPS = (13, 14)


class StillPicker:
    """Keeps the best frames of each face: frontal, large, sharp, whole, with open eyes.

    Offering costs little: a frame is only looked at when its landmarks promise that it could win,
    and only copied when it does.
    """

    def __init__(self, n_kept: int = 7) -> None:
        self._n_kept = n_kept
        self._kept: dict[int, list[Still]] = {}
        self._has_changed = False
        self._first_index = sys.maxsize

    @property
    def has_changed(self) -> bool:
        """Whether a picture was exchanged since `stills` was called."""
        return self._has_changed

    def stills(self) -> tuple[Still, ...]:
        """Return what is kept, face by face, the best first."""
        self._has_changed = False
        return tuple(
            still
            for face_index in sorted(self._kept)
            for still in sorted(self._kept[face_index], key=lambda still: -still.score)
        )

    def restore(self, stills: Iterable[Still], *, first_index: int) -> None:
        """Go on from what an earlier run kept, whose first frame with a face is `first_index`."""
        self._kept = {}
        for still in stills:
            self._kept.setdefault(still.face_index, []).append(still)
        self._first_index = first_index

    def offer(self, frame: Frame, landmarks: Landmarks, *, face_index: int) -> None:
        """Look at one face of one frame, and keep it if it is better than what is kept."""
        self._first_index = min(self._first_index, frame.index)
        if self._kept.get(face_index) and frame.index % _STRIDE:
            return
        kept = self._spread_out(self._kept.get(face_index, []), frame.index)
        self._kept[face_index] = kept
        rivals = self._rivals(kept, frame.index)
        to_beat = max((still.score * _WORTHWHILE for still in rivals), default=0.0)
        promise = score_of_landmarks(landmarks, image_size=frame.image.shape[:2])
        if promise <= to_beat:
            return
        window = _window(landmarks.points_px, frame.image.shape[:2])
        score = promise * _sharpness(frame.image[window])
        if score <= to_beat:
            return
        still = _cut_out(frame, window, face_index=face_index, score=score)
        self._kept[face_index] = [other for other in kept if other not in rivals] + [still]
        self._has_changed = True

    def _gap(self, frame_index: int) -> float:
        """Return how far apart stills have to be, in frames."""
        length = frame_index - self._first_index
        return max(_MIN_GAP_FRAMES, length / (_SPREAD * self._n_kept))

    def _spread_out(self, kept: list[Still], frame_index: int) -> list[Still]:
        """Drop stills that have come too close together as the gap grew, the worse of two."""
        gap = self._gap(frame_index)
        in_order = sorted(still.frame_index for still in kept)
        if all(later - earlier >= gap for earlier, later in pairwise(in_order)):
            return kept
        spread: list[Still] = []
        for still in sorted(kept, key=lambda still: -still.score):
            if all(abs(still.frame_index - other.frame_index) >= gap for other in spread):
                spread.append(still)
        return spread

    def _rivals(self, kept: list[Still], frame_index: int) -> list[Still]:
        """Return the stills that a new one would replace, none where there is room."""
        gap = self._gap(frame_index)
        near = [still for still in kept if abs(still.frame_index - frame_index) < gap]
        if near or len(kept) < self._n_kept:
            return near
        return [min(kept, key=lambda still: still.score)]


def score_of_landmarks(landmarks: Landmarks, *, image_size: tuple[int, ...]) -> float:
    """Rate a face by its landmarks alone.

    Parameters
    ----------
    landmarks : of the face mesh, 468 or more points
    image_size : (height, width)

    Returns
    -------
    float
        0 to 1; 1 is frontal, large, wholly inside, with open eyes and closed lips.
    """
    points = landmarks.points_px
    along = points[_EYES[1]] - points[_EYES[0]]
    down = points[_CHIN] - points[_FOREHEAD]
    # The normal of the plane of the face; only its share toward the camera is needed.
    toward = float(along[0] * down[1] - along[1] * down[0])
    area = float(np.linalg.norm(np.cross(along, down)))
    if not toward > 0.0 or not area > 0.0:
        return 0.0
    frontal = (toward / area) ** 4
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    inside = np.minimum(high, np.array(image_size[::-1]) - 1.0) - np.maximum(low, 0.0)
    whole = float(np.prod(np.clip(inside / np.maximum(high - low, 1e-6), 0.0, 1.0)))
    size = min(float(np.hypot(*down[:2])) / _FULL_SIZE_PX, 1.0) ** 0.5
    lids = min(_openness(points, eye) for eye in _LIDS)
    lips = _distance(points, *_LIPS) / max(float(np.hypot(*along[:2])), 1e-6)
    open_eyes = 0.2 + 0.8 * min(lids / _WELL_OPEN, 1.0)
    return float(landmarks.presence * frontal * whole**4 * size * open_eyes / (1.0 + 2.0 * lips))


def _openness(points: FloatArray, eye: tuple[int, int, int, int]) -> float:
    """Return the height of an eye in widths of it."""
    upper, lower, one_corner, other_corner = eye
    width = _distance(points, one_corner, other_corner)
    return _distance(points, upper, lower) / max(width, 1e-6)


def _distance(points: FloatArray, one: int, other: int) -> float:
    """Return the distance of two points in the image plane."""
    return float(np.hypot(*(points[one, :2] - points[other, :2])))


def _window(points: FloatArray, size: tuple[int, ...]) -> tuple[slice, slice]:
    """Return rows and columns around the face, with a margin, within the image."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    margin = _MARGIN * (high - low)
    limit = np.array(size[::-1])
    start = np.clip(np.floor(low - margin), 0, limit - 1).astype(int)
    end = np.maximum(np.clip(np.ceil(high + margin) + 1, 1, limit).astype(int), start + 1)
    return slice(int(start[1]), int(end[1])), slice(int(start[0]), int(end[0]))


def _sharpness(picture: ImageArray) -> float:
    """Rate how sharp a picture is, 0 to 1, whatever its size."""
    import cv2

    height = max(round(_SHARP_WIDTH_PX * picture.shape[0] / picture.shape[1]), 1)
    # Green alone: as good as grey here, and already there.
    small = cv2.resize(
        np.ascontiguousarray(picture[..., 1]),
        (_SHARP_WIDTH_PX, height),
        interpolation=cv2.INTER_AREA,
    )
    variance = float(cv2.Laplacian(small, cv2.CV_32F).var())
    return variance / (variance + _HALF_SHARP)


def _cut_out(frame: Frame, window: tuple[slice, slice], *, face_index: int, score: float) -> Still:
    """Copy the window, made smaller where it is too wide."""
    import cv2

    piece = in_order(frame.image[window])
    height, width = piece.shape[:2]
    scale = min(MAX_WIDTH_PX / width, 1.0)
    if scale < 1.0:
        size = (MAX_WIDTH_PX, max(round(height * scale), 1))
        image = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        image = piece.copy()
    # Pixel centres: the middle of the first pixel lies half a pixel inside of the window's edge.
    inset = 0.5 - 0.5 / scale
    return Still(
        face_index=face_index,
        frame_index=frame.index,
        score=float(score),
        image=image,
        x_px=window[1].start - inset,
        y_px=window[0].start - inset,
        scale=scale,
    )
