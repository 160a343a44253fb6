"""Portraits made ready for the data maker: found, fitted, cut from their backgrounds."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, ImageArray
from ..errors import TrainingDataError
from ..geometry.canonical_face import load_canonical_face
from .correspondence import N_MESH, first_uv, refined_uv
from .face_model import FaceModel
from .layout import Layout
from .portrait_fit import PortraitFit, PortraitFitter
from .seen_faces import FaceSeeker

_log = logging.getLogger(__name__)

PHOTO_SIZE = 320
"""Portraits are kept as squares of so many pixels, the face half as wide."""
_FACE_SHARE = 0.5
_SUFFIXES = (".jpg", ".jpeg", ".png")
_REFINEMENTS, _FOR_REFINEMENT = 3, 48
_WORST_RESIDUAL = 0.02
HELD_OUT_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Portrait:
    """One photograph and the face model's fit to it.

    `photo` (320, 320, 3), RGB; `matte` (320, 320), uint8, 255 on the person; `landmarks_px`
    (478, 3) and `fit` in pixels of `photo`; `person` names who it is.
    """

    name: str
    person: str
    photo: ImageArray
    matte: ImageArray
    landmarks_px: Float32Array
    fit: PortraitFit

    @property
    def is_held_out(self) -> bool:
        """Whether the person is kept for evaluation; the same on every machine."""
        digest = hashlib.sha256(self.person.encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT_SHARE


@dataclass(frozen=True, slots=True)
class Gallery:
    """All portraits, and where the 478 landmarks lie on the layout: `facemesh_uv` (478, 2)."""

    portraits: tuple[Portrait, ...]
    facemesh_uv: Float64Array
    left_out: tuple[str, ...]


def load_gallery(folder: Path, model: FaceModel, layout: Layout) -> Gallery:
    """Find and fit the faces of all pictures under a folder.

    Pictures without a face, with two, unreadable ones and faces the model cannot be fitted to are
    left out, each with a warning.

    Raises
    ------
    TrainingDataError
        There is no usable picture.
    """
    seen, left_out = [], []
    paths = _pictures(folder)
    seeker = FaceSeeker()
    for path in paths:
        found = _seen(path, seeker)
        if isinstance(found, str):
            _log.warning("Left out: %s", found)
            left_out.append(found)
        else:
            seen.append((path, *found))
    if not seen:
        raise TrainingDataError(
            f"No usable portrait under '{folder}': {len(left_out)} pictures were left out. "
            "Give pictures (.jpg, .png) that show one face each."
        )
    uv = _facemesh_uv([points for _, _, points in seen], model, layout)
    fitter = PortraitFitter(model, layout, uv)
    portraits = []
    for path, photo, points in seen:
        fit = fitter.fit(points)
        if fit.residual > _WORST_RESIDUAL:
            left_out.append(f"'{path.name}': the model fits badly ({100 * fit.residual:.1f} %)")
            _log.warning("Left out: %s", left_out[-1])
            continue
        portraits.append(
            Portrait(
                name=path.stem,
                person=_person(path),
                photo=photo,
                matte=_matte(photo, points),
                landmarks_px=points,
                fit=fit,
            )
        )
    return Gallery(tuple(portraits), _with_irises(uv, portraits, model, layout), tuple(left_out))


def _pictures(folder: Path) -> list[Path]:
    """Return the pictures under a folder, sorted."""
    if not folder.is_dir():
        raise TrainingDataError(f"The folder of portraits '{folder}' does not exist.")
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def _person(path: Path) -> str:
    """Return who a picture shows: folder and number; without one the whole folder is one person."""
    found = re.search(r"\d{3,}", path.stem)
    return f"{path.parent.name}/{found.group()}" if found else path.parent.name


def _seen(path: Path, seeker: FaceSeeker) -> tuple[ImageArray, Float32Array] | str:
    """Return the squared photograph with its landmarks, or why there is none."""
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        return f"'{path.name}' cannot be read as a picture"
    found = seeker.faces(np.ascontiguousarray(image[..., ::-1]))
    if len(found) != 1:
        return f"'{path.name}' shows {len(found) or 'no'} faces, not one"
    points = found[0]
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    scale = _FACE_SHARE * PHOTO_SIZE / float((high - low).max())
    shift = 0.5 * PHOTO_SIZE - scale * (low + high) / 2.0
    small = cv2.GaussianBlur(image, (0, 0), max(0.3 / scale - 0.15, 0.01)) if scale < 0.7 else image
    placed = cv2.warpAffine(
        small,
        np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]]),
        (PHOTO_SIZE, PHOTO_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    moved = points * scale
    moved[:, :2] += shift
    return np.ascontiguousarray(placed[..., ::-1]), moved.astype(np.float32)


def _facemesh_uv(landmarks: list[Float32Array], model: FaceModel, layout: Layout) -> Float64Array:
    """Find where the landmarks lie on the layout, by fitting and looking again."""
    neutral = layout.map_m(model.neutral_m)
    canonical = load_canonical_face(478).topology.neutral_m
    uv = first_uv(canonical, neutral, zone=layout.zone, landmarks_uv=layout.landmarks_uv)
    some = landmarks[:: max(1, len(landmarks) // _FOR_REFINEMENT)]
    for _ in range(_REFINEMENTS):
        fitter = PortraitFitter(model, layout, uv)
        steps = []
        for points in some:
            fit = fitter.fit(points)
            error = points[:N_MESH] - fit.points_px(fitter.landmarks_m(fit))
            steps.append(error[:, :2] / fit.scale_px * (1.0, -1.0))
        uv[:N_MESH] = refined_uv(uv[:N_MESH], np.mean(steps, axis=0), neutral)
    return uv


def _with_irises(
    uv: Float64Array, portraits: list[Portrait], model: FaceModel, layout: Layout
) -> Float64Array:
    """Lay the irises where they are seen on average, on the patches of the eyes."""
    places = []
    grid = np.stack(np.meshgrid(np.linspace(0, 1, 128), np.linspace(0, 1, 128)), axis=-1)
    eye = layout.zone.ravel() == 1
    for portrait in portraits[:_FOR_REFINEMENT]:
        fit = portrait.fit
        points = layout.map_m(model.vertices(fit.identity, fit.expression)).reshape(-1, 3)
        seen = fit.points_px(points[eye])[:, :2]
        wanted = portrait.landmarks_px[N_MESH:, :2]
        distance = np.linalg.norm(seen[None] - wanted[:, None], axis=2)
        places.append(grid.reshape(-1, 2)[eye][distance.argmin(axis=1)])
    result = uv.copy()
    if places:
        result[N_MESH:] = np.mean(places, axis=0)
    return result


def _matte(photo: ImageArray, landmarks_px: FloatArray) -> ImageArray:
    """Cut the person out, roughly: uint8, 255 on the person."""
    import cv2

    half = PHOTO_SIZE // 2
    small = cv2.resize(photo, (half, half), interpolation=cv2.INTER_AREA)
    mask = np.full((half, half), cv2.GC_PR_BGD, np.uint8)
    points = 0.5 * landmarks_px[:, :2]
    centre, radius = points.mean(axis=0), 0.5 * np.ptp(points, axis=0)
    hull = cv2.convexHull(points.astype(np.int32))
    head = (int(centre[0]), int(centre[1] - 0.25 * radius[1]))
    axes = (int(1.45 * radius[0]), int(1.6 * radius[1]))
    cv2.ellipse(mask, head, axes, 0, 0, 360, (int(cv2.GC_PR_FGD),), -1)
    neck = int(centre[1] + radius[1])
    cv2.rectangle(
        mask,
        (int(centre[0] - radius[0]), neck - 8),
        (int(centre[0] + radius[0]), half),
        (int(cv2.GC_PR_FGD),),
        -1,
    )
    mask[: half // 16] = cv2.GC_BGD
    mask[: neck - 10, : half // 12] = cv2.GC_BGD
    mask[: neck - 10, -half // 12 :] = cv2.GC_BGD
    cv2.fillConvexPoly(mask, hull, (int(cv2.GC_FGD),))
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, mask, (0, 0, 1, 1), *models, 3, cv2.GC_INIT_WITH_MASK)
    person = np.where((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    opened = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(opened, (0, 0), 0.8)
    return np.asarray(cv2.resize(soft, (PHOTO_SIZE, PHOTO_SIZE)), np.uint8)
