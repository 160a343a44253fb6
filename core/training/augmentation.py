"""Moves the crop, and does to the picture what cameras, compression and networks do to pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, ImageArray
from .face_render import CROP_SIZE
from .pair_maker import PICTURE_SIZE

_SCALE_SPREAD, _SCALE_RANGE = 0.10, (0.78, 1.35)
_SHIFT_SPREAD_PX, _MOST_SHIFT_PX = 5.0, 16.0
_ROTATION_SPREAD_RAD, _WIDE_RAD, _WIDE_SHARE = np.deg2rad(8.0), np.deg2rad(50.0), 0.15


@dataclass(frozen=True, slots=True)
class CropMove:
    """crop − 64 = linear · (picture − 88) + shift; `scale` is that of depth too."""

    linear: Float64Array
    shift_px: Float64Array
    scale: float
    is_mirrored: bool

    def points(self, points_px: FloatArray) -> Float32Array:
        """Move points (n, 2 or 3) of the picture into the crop; their order stays."""
        result = np.asarray(points_px, np.float64).copy()
        result[:, :2] = (points_px[:, :2] - PICTURE_SIZE / 2.0) @ self.linear.T
        result[:, :2] += self.shift_px + CROP_SIZE / 2.0
        result[:, 2:] *= self.scale
        return result.astype(np.float32)

    def amounts(self, amounts: FloatArray, sign: FloatArray) -> Float32Array:
        """Move amounts (n_basis, 3) that count from the picture's middle to the crop's."""
        moved = amounts.astype(np.float64) * (sign[:, None] if self.is_mirrored else 1.0)
        moved[:, :2] = moved[:, :2] @ self.linear.T
        moved[:, 2] *= self.scale
        # The first map is 1 everywhere: its amounts are a shift.
        moved[0, :2] += self.shift_px
        return moved.astype(np.float32)


def random_move(rng: np.random.Generator) -> CropMove:
    """Draw how a crop lies about the face: as a tracker would, and for some quite turned."""
    scale = float(np.clip(np.exp(rng.normal(0.0, _SCALE_SPREAD)), *_SCALE_RANGE))
    angle = rng.normal(0.0, _ROTATION_SPREAD_RAD)
    if rng.random() < _WIDE_SHARE:
        angle = rng.uniform(-_WIDE_RAD, _WIDE_RAD)
    mirrored = bool(rng.random() < 0.5)
    cos, sin = np.cos(angle), np.sin(angle)
    linear = scale * np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    shift = np.clip(rng.normal(0.0, _SHIFT_SPREAD_PX, 2), -_MOST_SHIFT_PX, _MOST_SHIFT_PX)
    return CropMove(linear, shift, scale, mirrored)


def moved_crop(picture: ImageArray, move: CropMove) -> ImageArray:
    """Cut the crop (128, 128, 3) out of a picture (176, 176, 3)."""
    import cv2

    offset = move.shift_px + CROP_SIZE / 2.0 - move.linear @ np.full(2, PICTURE_SIZE / 2.0)
    result = cv2.warpAffine(
        picture,
        np.concatenate([move.linear, offset[:, None]], axis=1),
        (CROP_SIZE, CROP_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(result, np.uint8)


def worn_picture(rng: np.random.Generator, crop: ImageArray) -> ImageArray:
    """Change colours, blur, add noise and compress, each now and then."""
    image = _recoloured(rng, crop)
    if rng.random() < 0.4:
        image = _blurred(rng, image)
    if rng.random() < 0.4:
        sigma = rng.uniform(1.0, 14.0)
        noise = rng.normal(0.0, sigma, image.shape if rng.random() < 0.6 else (*image.shape[:2], 1))
        image = np.clip(image + noise, 0.0, 255.0).astype(np.uint8)
    if rng.random() < 0.25:
        image = _compressed(rng, image)
    return image


def _recoloured(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Change brightness, contrast, gamma and tint by a table, and saturation."""
    import cv2

    level = np.arange(256) / 255.0
    gain = rng.uniform(0.7, 1.3) * (1.0 + rng.normal(0.0, 0.07, 3))
    contrast, gamma = rng.uniform(0.7, 1.3), np.exp(rng.normal(0.0, 0.2))
    curve = 0.5 + contrast * (level**gamma - 0.5) + rng.normal(0.0, 0.06)
    table = np.clip(255.0 * gain[None] * curve[:, None], 0.0, 255.0).astype(np.uint8)
    result = cv2.LUT(image, table[:, None, :].reshape(256, 1, 3))
    saturation = 0.0 if rng.random() < 0.08 else rng.uniform(0.5, 1.3)
    grey = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)[..., None]
    mixed = cv2.addWeighted(result, saturation, np.repeat(grey, 3, axis=2), 1.0 - saturation, 0.0)
    return np.asarray(mixed, np.uint8)


def _blurred(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Blur evenly, along a line, or by making the picture small and large again."""
    import cv2

    kind = rng.random()
    if kind < 0.45:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 2.0)), np.uint8)
    if kind < 0.65:
        length = int(rng.integers(3, 10))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0.0, np.pi)
        reach = (length - 1) / 2.0 * np.array([np.cos(angle), np.sin(angle)])
        middle = np.full(2, (length - 1) / 2.0)
        ends = np.rint([middle - reach, middle + reach]).astype(int).tolist()
        cv2.line(kernel, ends[0], ends[1], (1.0,))
        return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)
    side = int(rng.uniform(0.25, 0.8) * len(image))
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _compressed(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Write as JPEG and read again."""
    import cv2

    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
