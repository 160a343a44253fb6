"""What lies behind a made face, and what covers it: all painted, or cut from the portraits."""

from __future__ import annotations

import numpy as np

from ..arrays import AnyArray, FloatArray, ImageArray

_WHITE = (255,)
_SKIN_RGB = np.array([[226, 180, 150], [198, 145, 112], [150, 100, 72], [96, 62, 45]], np.float64)


def random_background(rng: np.random.Generator, size: int, photos: list[ImageArray]) -> ImageArray:
    """Return a background of shape (size, size, 3), RGB.

    Parameters
    ----------
    rng : the same state gives the same picture
    size : pixels a side
    photos : pictures that pieces are cut from, each (height, width, 3)
    """
    kind = rng.random()
    if kind < 0.2:
        image = _gradient(rng, size)
    elif kind < 0.32:
        image = _clouds(rng, size)
    elif kind < 0.75:
        image = _piece(rng, size, photos)
    else:
        image = _clouds(rng, size) if rng.random() < 0.5 else _gradient(rng, size)
        _scatter_into(rng, image)
    if rng.random() < 0.35:
        _scatter_into(rng, image)
    return image


def cover(
    rng: np.random.Generator, image: ImageArray, points_px: FloatArray, photos: list[ImageArray]
) -> ImageArray:
    """Lay something over a face: a hand, a thing, strands of hair.

    Parameters
    ----------
    image : shape (size, size, 3)
    points_px : shape (n, 2 or more), points of the face
    photos : as in `random_background`
    """
    import cv2

    result = image.copy()
    size = len(image)
    mask = np.zeros(image.shape[:2], np.uint8)
    middle = points_px[rng.integers(len(points_px)), :2].astype(np.float64)
    kind = rng.random()
    if kind < 0.35:
        _hand_into(rng, mask, middle, size)
        colour = _SKIN_RGB[rng.integers(4)] * rng.uniform(0.6, 1.1)
        fill = np.clip(colour + rng.normal(0.0, 6.0, image.shape), 0, 255)
        fill = cv2.GaussianBlur(fill, (0, 0), 1.5)
    elif kind < 0.55:
        for _ in range(rng.integers(3, 14)):
            ends = middle + rng.normal(0.0, 0.2 * size, (2, 2))
            cv2.line(mask, _at(ends[0]), _at(ends[1]), _WHITE, 1, cv2.LINE_AA)
        fill = np.broadcast_to(rng.uniform(5, 140, 3), image.shape)
    else:
        axes = _at(rng.uniform(0.06, 0.22, 2) * size)
        if rng.random() < 0.5:
            cv2.ellipse(mask, _at(middle), axes, rng.uniform(0, 180), 0, 360, _WHITE, -1)
        else:
            box = (tuple(middle), tuple(2.0 * np.array(axes)), float(rng.uniform(0, 180)))
            cv2.fillConvexPoly(mask, cv2.boxPoints(box).astype(np.int32), _WHITE)
        fill = random_background(rng, size, photos)
    alpha = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 1.2))[..., None] / 255.0
    result[:] = (image * (1.0 - alpha) + fill * alpha + 0.5).astype(np.uint8)
    return result


def shuffled(rng: np.random.Generator, photo: ImageArray, size: int) -> ImageArray:
    """Cut the middle of a portrait in pieces and lay them otherwise: (size, size, 3), no face."""
    import cv2

    n = int(rng.integers(3, 7))
    margin = int(rng.uniform(0.12, 0.28) * len(photo))
    inner = photo[margin:-margin, margin:-margin]
    side = -(-size // n)
    even = cv2.resize(inner, (n * side, n * side), interpolation=cv2.INTER_AREA)
    pieces = even.reshape(n, side, n, side, 3).swapaxes(1, 2).reshape(n * n, side, side, 3)
    # No piece stays in its place: the shift of a random order by one has no fixed piece.
    order = rng.permutation(n * n)
    laid = np.empty_like(pieces)
    laid[order] = pieces[np.roll(order, 1)]
    whole = laid.reshape(n, n, side, side, 3).swapaxes(1, 2).reshape(n * side, n * side, 3)
    return np.ascontiguousarray(whole[:size, :size])


def put_on_glasses(
    rng: np.random.Generator, image: ImageArray, landmarks_px: FloatArray
) -> ImageArray:
    """Draw spectacles, clear or dark, over the eyes of 68 landmarks (68, 3) in the picture."""
    import cv2

    result, layer = image.copy(), image.copy()
    eyes = [landmarks_px[36:42, :2].mean(axis=0), landmarks_px[42:48, :2].mean(axis=0)]
    bridge = eyes[1] - eyes[0]
    reach = float(np.linalg.norm(bridge))
    tilt = float(np.degrees(np.arctan2(bridge[1], bridge[0])))
    if reach < 8.0:
        return result
    axes = _at(reach * np.array([rng.uniform(0.34, 0.44), rng.uniform(0.22, 0.34)]))
    colour = tuple(int(value) for value in rng.uniform(0, 120, 3))
    thickness = int(rng.integers(1, 4))
    if rng.random() < 0.35:
        for eye in eyes:
            cv2.ellipse(layer, _at(eye), axes, tilt, 0, 360, colour, -1, cv2.LINE_AA)
        share = rng.uniform(0.4, 1.0)
        mixed = cv2.addWeighted(layer, share, result, 1.0 - share, 0.0)
        result = np.asarray(mixed, np.uint8)
    for eye in eyes:
        cv2.ellipse(result, _at(eye), axes, tilt, 0, 360, colour, thickness, cv2.LINE_AA)
    inner = 0.4 * bridge
    cv2.line(result, _at(eyes[0] + inner), _at(eyes[1] - inner), colour, thickness, cv2.LINE_AA)
    return np.asarray(result, np.uint8)


def _gradient(rng: np.random.Generator, size: int) -> ImageArray:
    """Return two colours that fade into each other."""
    first, second = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    share = np.clip(0.5 + x * np.cos(angle) + y * np.sin(angle), 0.0, 1.0)[..., None]
    return np.asarray(first * (1.0 - share) + second * share, np.uint8)


def _clouds(rng: np.random.Generator, size: int) -> ImageArray:
    """Return noise of several grain sizes."""
    import cv2

    image = np.tile(rng.uniform(30, 220, 3).astype(np.float32), (size, size, 1))
    for cells in (3, 8, 24, 64):
        noise = rng.normal(0.0, 1.0, (cells, cells, 3 if rng.random() < 0.4 else 1))
        grown = cv2.resize(noise.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
        image += rng.uniform(0.0, 45.0) * grown.reshape(size, size, -1)
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def _piece(rng: np.random.Generator, size: int, photos: list[ImageArray]) -> ImageArray:
    """Return a piece of a photograph's border, enlarged: wall, hair, clothes."""
    import cv2

    if not photos:
        return _clouds(rng, size)
    photo = photos[rng.integers(len(photos))]
    height, width = photo.shape[:2]
    side = int(rng.uniform(0.12, 0.3) * min(height, width))
    # Along the border: the face is in the middle.
    x, y = int(rng.integers(width - side)), int(rng.integers(height - side))
    if rng.random() < 0.5:
        x = 0 if rng.random() < 0.5 else width - side
    else:
        y = 0 if rng.random() < 0.5 else height - side
    piece = photo[y : y + side, x : x + side]
    grown = cv2.resize(piece, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(grown * rng.uniform(0.4, 1.3, 3), 0, 255), np.uint8)


def _scatter_into(rng: np.random.Generator, image: ImageArray) -> None:
    """Scatter lines, boxes and discs over a picture."""
    import cv2

    size = len(image)
    for _ in range(rng.integers(2, 10)):
        colour = tuple(int(value) for value in rng.uniform(0, 255, 3))
        a, b = rng.integers(0, size, 2), rng.integers(0, size, 2)
        kind = rng.random()
        if kind < 0.4:
            cv2.line(image, _at(a), _at(b), colour, int(rng.integers(1, 9)), cv2.LINE_AA)
        elif kind < 0.7:
            cv2.rectangle(image, _at(a), _at(b), colour, -1 if rng.random() < 0.5 else 2)
        else:
            cv2.circle(image, _at(a), int(rng.integers(2, size // 4)), colour, -1, cv2.LINE_AA)


def _hand_into(rng: np.random.Generator, mask: ImageArray, middle: FloatArray, size: int) -> None:
    """Draw fingers that reach in from below or from a side."""
    import cv2

    angle = rng.uniform(0.0, np.pi)
    toward = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-toward[1], toward[0]])
    width = rng.uniform(0.04, 0.07) * size
    for finger in range(rng.integers(2, 5)):
        tip = middle + across * width * 1.15 * finger + toward * rng.normal(0.0, 0.02) * size
        root = tip + toward * rng.uniform(0.25, 0.4) * size
        cv2.line(mask, _at(tip), _at(root), _WHITE, max(2, int(width)), cv2.LINE_AA)
        cv2.line(mask, _at(root), _at(root + toward * size), _WHITE, int(1.3 * width), cv2.LINE_AA)


def _at(point: AnyArray) -> tuple[int, int]:
    """Return a point as OpenCV wants it."""
    return round(float(point[0])), round(float(point[1]))
