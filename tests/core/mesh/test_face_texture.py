"""A painted face, pictured and unwrapped, gives back its paint."""

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError
from mien.core.geometry import load_canonical_face
from mien.core.mesh.face_texture import unwrap_face_texture
from mien.core.records import Still

HEIGHT, WIDTH, SIZE = 480, 400, 256


@pytest.fixture(scope="module")
def topology():
    return load_canonical_face().topology


def paint(uv):
    """The true colour at (u, v): smooth, different in the two halves and at top and bottom."""
    u, v = uv[..., 0], uv[..., 1]
    red = 60 + 130 * u
    green = 60 + 130 * v
    blue = 128 + 50 * np.sin(9 * u) * np.cos(7 * v)
    return np.stack([red, green, blue], axis=-1)


def landmarks_of(topology, *, yaw_rad=0.0, shift=(0.0, 0.0)):
    """The canonical face seen from far away; head space's y and z are minus the image's."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    turned = topology.neutral_m @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    return turned * [2200.0, -2200.0, -2200.0] + [WIDTH / 2 + shift[0], HEIGHT / 2 + shift[1], 0.0]


def picture(points, topology, *, gain=1.0, background=(0, 0, 255), paint=paint):
    """Draw the painted face pixel by pixel with a depth buffer, without the code under test."""
    image = np.tile(np.array(background, float), (HEIGHT, WIDTH, 1))
    nearest = np.full((HEIGHT, WIDTH), np.inf)
    for triangle in topology.triangles:
        (x0, y0, _), (x1, y1, _), (x2, y2, _) = points[triangle]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area >= 0:  # seen from behind
            continue
        low = np.floor(points[triangle, :2].min(axis=0)).astype(int)
        high = np.ceil(points[triangle, :2].max(axis=0)).astype(int) + 1
        x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        b = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / area
        c = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / area
        shares = np.stack([1 - b - c, b, c], axis=-1)
        depth = shares @ points[triangle, 2]
        is_seen = (shares >= -1e-9).all(axis=-1) & (depth < nearest[y, x])
        nearest[y[is_seen], x[is_seen]] = depth[is_seen]
        colour = paint(shares[is_seen] @ topology.uv[triangle])
        image[y[is_seen], x[is_seen]] = gain * colour
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)


def still_of(image, *, score=0.9, x_px=0.0, y_px=0.0, scale=1.0):
    return Still(0, 0, score, image, x_px, y_px, scale)


def truth(paint=paint):
    """The paint over the whole texture; row 0 is v = 1, texel centres at half texels."""
    centres = (np.arange(SIZE) + 0.5) / SIZE
    u, v = np.meshgrid(centres, 1 - centres)
    return paint(np.stack([u, v], axis=-1))


def texels(topology, landmarks_indices):
    u, v = topology.uv[landmarks_indices].T
    return ((1 - v) * SIZE - 0.5).round().astype(int), (u * SIZE - 0.5).round().astype(int)


CHEEKS, RIGHT_CHEEK, LEFT_CHEEK = [50, 280, 101, 330, 151, 9], [50, 101, 36], [280, 330, 266]


def test_one_frontal_picture_gives_the_paint_back(topology):
    points = landmarks_of(topology)
    texture = unwrap_face_texture(
        [still_of(picture(points, topology))], points[None], topology=topology, size=SIZE
    )
    assert texture.shape == (SIZE, SIZE, 3) and texture.dtype == np.uint8
    error = np.abs(texture - truth()).max(axis=-1)
    middle = error[SIZE // 8 : -SIZE // 6, SIZE // 4 : -SIZE // 4]
    assert np.median(middle) < 1.5
    assert np.percentile(middle, 95) < 6.0, "nostrils and the lips' insides are unseen"


def test_the_subjects_right_is_on_the_left_of_the_texture_and_up_is_up(topology):
    points = landmarks_of(topology)
    texture = unwrap_face_texture(
        [still_of(picture(points, topology))], points[None], topology=topology, size=SIZE
    ).astype(float)
    rows, columns = texels(topology, [33, 263, 9, 199])
    assert columns[0] < columns[1] and rows[2] < rows[3]
    red, green = texture[rows, columns, 0], texture[rows, columns, 1]
    assert red[1] - red[0] == pytest.approx(130 * (topology.uv[263] - topology.uv[33])[0], abs=3)
    assert green[2] - green[3] == pytest.approx(130 * (topology.uv[9] - topology.uv[199])[1], abs=3)


def test_stills_may_be_cut_out_and_made_smaller(topology):
    import cv2

    points = landmarks_of(topology, shift=(7.0, -5.0))
    image = picture(points, topology)
    piece = cv2.resize(image[20:470, 10:390], (190, 225), interpolation=cv2.INTER_AREA)
    still = still_of(piece, x_px=10 + 0.5, y_px=20 + 0.5, scale=0.5)
    texture = unwrap_face_texture([still], points[None], topology=topology, size=SIZE)
    rows, columns = texels(topology, CHEEKS)
    assert np.abs(texture[rows, columns] - truth()[rows, columns]).max() < 4


def test_no_texel_keeps_the_background_or_black(topology):
    points = landmarks_of(topology, yaw_rad=0.5)
    image = picture(points, topology, background=(0, 0, 0))
    texture = unwrap_face_texture([still_of(image)], points[None], topology=topology, size=SIZE)
    assert texture.min() > 40, "the paint is nowhere darker than 60"


def test_a_side_that_one_still_lacks_comes_from_the_other(topology):
    faces = np.stack([landmarks_of(topology, yaw_rad=yaw) for yaw in (0.7, -0.7)])
    stills = [still_of(picture(points, topology)) for points in faces]
    texture = unwrap_face_texture(stills, faces, topology=topology, size=SIZE)
    rows, columns = texels(topology, [*RIGHT_CHEEK, *LEFT_CHEEK])
    assert np.abs(texture[rows, columns] - truth()[rows, columns]).max() < 6


def test_a_side_that_no_still_shows_is_the_mirror_image_of_the_other(topology):
    # Yaw above 0 takes the nose to the subject's left: the subject's right side is seen.
    points = landmarks_of(topology, yaw_rad=1.0)
    image = picture(points, topology)
    texture = unwrap_face_texture([still_of(image)], points[None], topology=topology, size=SIZE)
    seen, unseen = [123, 147], [352, 376]  # pairs of the mirrored mesh
    rows, columns = texels(topology, seen)
    assert np.abs(texture[rows, columns] - truth()[rows, columns]).max() < 6
    other_rows, other_columns = texels(topology, unseen)
    assert np.abs(texture[other_rows, other_columns] - truth()[rows, columns]).max() < 15


def test_a_darker_picture_leaves_no_edge(topology):
    faces = np.stack([landmarks_of(topology, yaw_rad=yaw) for yaw in (0.3, -0.3)])
    stills = [
        still_of(picture(points, topology, gain=gain), score=score)
        for points, gain, score in zip(faces, (1.0, 0.7), (0.9, 0.8), strict=True)
    ]
    texture = unwrap_face_texture(stills, faces, topology=topology, size=SIZE)
    rows, columns = texels(topology, [*RIGHT_CHEEK, *LEFT_CHEEK])
    assert np.abs(texture[rows, columns] - truth()[rows, columns]).max() < 8


def test_what_only_one_of_three_stills_shows_is_left_out(topology):
    points = np.stack([landmarks_of(topology)] * 3)
    image = picture(points[0], topology)
    with_hand = image.copy()
    with_hand[250:330, 200:300] = (10, 200, 10)
    stills = [
        still_of(with_hand, score=0.9),
        still_of(image, score=0.85),
        still_of(image, score=0.8),
    ]
    texture = unwrap_face_texture(stills, points, topology=topology, size=SIZE)
    rows, columns = texels(topology, LEFT_CHEEK)
    assert np.abs(texture[rows, columns] - truth()[rows, columns]).max() < 10


@pytest.mark.parametrize("is_gloved", [True, False])
def test_a_hand_in_the_best_two_of_five_stills_leaves_no_trace(topology, is_gloved):
    yaws, scores = (0.0, 0.05, -0.1, 0.15, -0.2), (0.9, 0.88, 0.6, 0.58, 0.55)
    points = np.stack([landmarks_of(topology, yaw_rad=yaw) for yaw in yaws])
    images = [picture(one, topology) for one in points]
    for image, left in zip(images[:2], (205, 195), strict=True):
        for x in range(left, left + 100, 25):
            finger = image[270:400, x : x + 22]
            finger[:] = (10, 200, 10) if is_gloved else np.clip(finger + 20.0, 0, 255)
            image[270:400, x + 22 : x + 25] = (60, 30, 30)
    stills = [still_of(image, score=score) for image, score in zip(images, scores, strict=True)]
    texture = unwrap_face_texture(stills, points, topology=topology, size=SIZE)
    error = np.abs(texture - truth()).max(axis=-1)
    assert np.percentile(error[SIZE // 2 : -SIZE // 6, SIZE // 4 : -SIZE // 4], 98) < 10


LIDS = {159: 145, 145: 159, 386: 374, 374: 386}


def eyes(aside):
    """Paint with white eyes whose irises stand aside by so many eye widths, shut where None."""

    def painted(uv):
        colour = paint(uv)
        for middle in (0.3496, 0.6504):
            x, y = (uv[..., 0] - middle) / 0.139, (uv[..., 1] - 0.622) / 0.139
            is_eye = np.hypot(x / 0.45, y / 0.15) < 1.0
            colour[is_eye] = (230, 230, 230) if aside is not None else (150, 100, 90)
            if aside is not None:
                colour[is_eye & (np.hypot(x - aside, y) < 0.13)] = (30, 20, 20)
        return colour

    return painted


@pytest.mark.parametrize("best", range(4))
def test_eyes_are_those_of_the_still_that_looks_ahead_with_open_lids(topology, best):
    asides = (None, -0.25, 0.25, 0.0)
    points = np.stack([landmarks_of(topology, yaw_rad=0.02 * k) for k in range(4)])
    stills = [
        still_of(picture(one, topology, paint=eyes(aside)), score=0.9 if k == best else 0.8)
        for k, (one, aside) in enumerate(zip(points, asides, strict=True))
    ]
    points[0][list(LIDS)] = (points[0][list(LIDS)] + points[0][list(LIDS.values())]) / 2
    texture = unwrap_face_texture(stills, points, topology=topology, size=SIZE)
    expected = truth(eyes(0.0))
    for middle in (0.3496, 0.6504):
        row = round((1 - 0.622) * SIZE - 0.5)
        for aside in (0.0, -0.28, 0.28):
            column = round((middle + 0.139 * aside) * SIZE - 0.5)
            assert np.abs(texture[row, column] - expected[row, column]).max() < 25


def lips(is_open):
    """Paint with teeth between the lips, or none."""

    def painted(uv):
        colour = paint(uv)
        x, y = (uv[..., 0] - 0.5) / 0.2, (uv[..., 1] - 0.305) / 0.02
        if is_open:
            colour[np.hypot(x / 0.5, y) < 1.0] = (250, 250, 250)
        return colour

    return painted


def test_the_mouth_is_that_of_the_still_with_closed_lips(topology):
    points = np.stack([landmarks_of(topology)] * 3)
    stills = [
        still_of(picture(points[0], topology, paint=lips(is_open)), score=score)
        for is_open, score in ((True, 0.9), (True, 0.85), (False, 0.7))
    ]
    points[:2, 14, 1] += 20.0
    texture = unwrap_face_texture(stills, points, topology=topology, size=SIZE)
    around = np.s_[round(0.68 * SIZE) : round(0.71 * SIZE), round(0.45 * SIZE) : round(0.55 * SIZE)]
    assert np.abs(texture[around] - truth()[around]).max() < 20


def side_lit(uv):
    """A face of two equal halves, the subject's left darker, with a highlight beside the nose."""
    u, v = uv[..., 0], uv[..., 1]
    across = np.abs(u - 0.5)
    skin = np.stack([150 + 60 * across, 90 + 60 * v, 110 + 0 * u], axis=-1)
    light = 0.8 - 0.2 * np.tanh((u - 0.5) / 0.05)
    return skin * light[..., None]


def test_a_hidden_half_has_its_own_light_and_no_strip(topology):
    points = landmarks_of(topology, yaw_rad=0.6)
    image = picture(points, topology, paint=side_lit)
    texture = unwrap_face_texture(
        [still_of(image)], points[None], topology=topology, size=SIZE
    ).astype(float)
    expected = truth(side_lit)
    # From the middle of the face to where its own triangles end.
    hidden = np.s_[SIZE // 4 : -SIZE // 4, SIZE // 2 : round(0.82 * SIZE)]
    assert np.abs(texture[hidden] - expected[hidden]).max(axis=-1).mean() < 8
    steps = np.abs(np.diff(texture[hidden], axis=1)).max(axis=-1)
    assert steps.max() < 12, "a seam"


def test_contradicting_inputs_are_refused(topology):
    points = landmarks_of(topology)
    still = still_of(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ShapeError, match="1 for 2 stills"):
        unwrap_face_texture([still, still], points[None], topology=topology)
    with pytest.raises(ShapeError, match="landmarks must be given for each still"):
        unwrap_face_texture([], points[None][:0], topology=topology)
    with pytest.raises(RangeError, match="size must lie in"):
        unwrap_face_texture([still], points[None], topology=topology, size=4)
