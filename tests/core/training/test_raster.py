"""The z-buffer against one that asks each pixel about each triangle."""

import numpy as np

from mien.core.training.raster import interpolated, rasterise

SIZE = (24, 32)


def slowly(points, triangles):
    """Return the nearest triangle at each pixel, −1 where none is."""
    nearest = np.full(SIZE, np.inf)
    result = np.full(SIZE, -1)
    for index, corners in enumerate(triangles):
        (x0, y0, z0), (x1, y1, z1), (x2, y2, z2) = points[corners]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area <= 0:
            continue
        for y in range(SIZE[0]):
            for x in range(SIZE[1]):
                b = ((x - x0) * (y2 - y0) - (y - y0) * (x2 - x0)) / area
                c = ((y - y0) * (x1 - x0) - (x - x0) * (y1 - y0)) / area
                depth = z0 * (1 - b - c) + z1 * b + z2 * c
                if min(b, c, 1 - b - c) >= 0 and depth < nearest[y, x]:
                    nearest[y, x], result[y, x] = depth, index
    return result


def test_it_agrees_with_the_slow_way():
    rng = np.random.default_rng(4)
    points = rng.uniform((-4, -4, 0), (36, 28, 10), (60, 3))
    triangles = rng.integers(0, 60, (80, 3))
    found = rasterise(points, triangles, size=SIZE)
    image = np.full(SIZE, -1)
    image.ravel()[found.pixel] = found.triangle
    assert (image != slowly(points, triangles)).mean() < 0.01  # edges may fall to either side


def test_values_are_interpolated_where_they_are_drawn():
    points = np.array([[2.0, 3.0, 1.0], [28.0, 4.0, 1.0], [6.0, 20.0, 1.0]])
    found = rasterise(points, np.array([[0, 1, 2]]), size=SIZE)
    values = interpolated(found, np.array([[0, 1, 2]]), points[:, :2])
    y, x = np.divmod(found.pixel, SIZE[1])
    assert np.abs(values - np.stack([x, y], axis=1)).max() < 1e-3
    assert len(found.pixel) > 150


def test_what_turns_away_or_lies_outside_does_not_show():
    points = np.array([[2.0, 3.0, 1.0], [6.0, 20.0, 1.0], [28.0, 4.0, 1.0]])
    assert len(rasterise(points, np.array([[0, 1, 2]]), size=SIZE).pixel) == 0
    assert (
        len(rasterise(points[::-1] + np.array([100, 0, 0]), np.array([[0, 1, 2]]), size=SIZE).pixel)
        == 0
    )
