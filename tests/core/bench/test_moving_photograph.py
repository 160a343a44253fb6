"""The footage shows what its truth says."""

import numpy as np
import pytest

from mien.core.bench.face_motion import LEFT_LIDS, RIGHT_LIDS, FaceMotion, HeadMotion, inside_of
from mien.core.bench.motion import Motion, MotionSettings
from mien.core.bench.moving_photograph import MovingPhotograph
from mien.core.errors import ArgumentError, DegenerateError, ShapeError
from mien.core.geometry import load_canonical_face
from mien.core.landmarks.topology import LEFT_EYE, RIGHT_EYE

CENTRE, SCALE = np.array([256.0, 230.0, 0.0]), 1100.0
SMALL = MotionSettings(size=(360, 640), n_frames=60, seed=3)
UPPER_LID, LOWER_LID = [160, 159, 158, 387, 386, 385], [144, 145, 153, 373, 374, 380]


@pytest.fixture(scope="module")
def topology():
    return load_canonical_face().topology


@pytest.fixture(scope="module")
def landmarks(topology):
    """The canonical face in a photograph of 512 px, straight on."""
    return topology.neutral_m * [SCALE, -SCALE, -SCALE] + CENTRE


@pytest.fixture(scope="module")
def photo():
    """A photograph whose colour says where it was taken: red grows to the right, green down."""
    rows, columns = np.mgrid[:512, :512]
    red = np.clip((columns - 156) * 1.25, 0, 255)
    green = np.clip((rows - 130) * 1.25, 0, 255)
    return np.stack([red, green, np.full_like(red, 128)], axis=-1).astype(np.uint8)


@pytest.fixture(scope="module")
def moving(photo, landmarks, topology):
    return MovingPhotograph(photo, landmarks, triangles=topology.triangles, settings=SMALL)


@pytest.fixture
def face(landmarks, topology):
    return FaceMotion(landmarks, topology.triangles)


def sample(image, points):
    import cv2

    x, y = points[:, 0].astype(np.float32)[None], points[:, 1].astype(np.float32)[None]
    return cv2.remap(image, x, y, cv2.INTER_LINEAR)[0].astype(float)


def paint_eyes(image, landmarks, *, colour):
    import cv2

    for loop in (RIGHT_EYE, LEFT_EYE):
        cv2.fillPoly(image, [np.round(landmarks[list(loop), :2]).astype(np.int32)], colour)


def test_a_landmark_shows_the_same_skin_in_every_frame(moving, photo, landmarks, topology):
    # Lids and inner lips are left out: what they cover and uncover changes. While lids move, so are
    # the shells beside them, which lie within a pixel or two of the lashes.
    loops = {*RIGHT_EYE, *LEFT_EYE}
    shells = {*RIGHT_LIDS[2], *RIGHT_LIDS[3], *LEFT_LIDS[2], *LEFT_LIDS[3]}
    steep = np.abs(landmarks[:, 0] - CENTRE[0]) > 60
    mouth = (np.abs(landmarks[:, :2] - landmarks[[13, 14], :2].mean(axis=0)) < [35, 14]).all(axis=1)
    tested = [i for i in range(468) if i not in loops and not steep[i] and not mouth[i]]
    assert len(tested) > 150
    expected = sample(photo, landmarks[tested])[:, :2] / 1.25
    worst = []
    for index in range(0, moving.n_frames, 4):
        truth = moving.truth_px(index)
        seen = sample(moving.frame(index), truth[tested])[:, :2] / 1.25
        gaps = np.linalg.norm(seen - expected, axis=1)
        if moving.curves.blink[index] > 0.0:
            gaps = gaps[[i not in shells for i in tested]]
        worst.append((np.median(gaps), np.percentile(gaps, 95)))
    assert np.max(worst, axis=0) == pytest.approx([0.0, 0.0], abs=1.5), "pixels of the photograph"


def test_the_first_frame_is_the_photograph_at_rest(moving, landmarks):
    placed = moving.truth_px(0)
    scale = moving.inter_ocular_px / np.linalg.norm(landmarks[263, :2] - landmarks[33, :2])
    offset = placed[:, :2] - scale * landmarks[:, :2]
    assert np.ptp(offset, axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert placed[:, 1].max() - placed[:, 1].min() == pytest.approx(0.42 * 360, rel=1e-6)


def test_the_same_seed_gives_the_same_footage(photo, landmarks, topology, moving):
    again = MovingPhotograph(photo, landmarks, triangles=topology.triangles, settings=SMALL)
    assert np.array_equal(again.frame(20), moving.frame(20))
    other = Motion(MotionSettings(seed=4)).at(moving.time_s)
    assert not np.allclose(other.yaw_rad, moving.curves.yaw_rad)


def test_a_blink_takes_six_frames_at_thirty_a_second():
    settings = MotionSettings(n_frames=300)
    blink = Motion(settings).at(np.arange(300) / 30).blink
    is_moving = blink > 0.0
    starts = np.flatnonzero(is_moving[1:] & ~is_moving[:-1])
    ends = np.flatnonzero(~is_moving[1:] & is_moving[:-1])
    assert len(starts) >= 3
    assert set((ends - starts[: len(ends)]).tolist()) <= {5, 6}
    assert blink.max() == 1.0


def test_lashes_lie_where_the_upper_lid_is_and_skin_covers_the_eyeball(landmarks, topology):
    light, dark_eyes = np.full((512, 512, 3), 200, np.uint8), np.full((512, 512, 3), 200, np.uint8)
    paint_eyes(dark_eyes, landmarks, colour=(60, 60, 60))
    for photo in (light, dark_eyes):
        moving = MovingPhotograph(photo, landmarks, triangles=topology.triangles, settings=SMALL)
        closed = int(np.argmax(moving.curves.blink))
        truth, image = moving.truth_px(closed), moving.frame(closed)
        assert moving.curves.blink[closed] == 1.0
        on_edge = sample(image, truth[UPPER_LID])[:, 1]
        assert on_edge.max() < 175, "lashes"
        # Half an eye's height above the lashes there was the eyeball: now there is skin.
        at_rest = moving.truth_px(0)
        height = np.linalg.norm((at_rest[UPPER_LID] - at_rest[LOWER_LID])[:, :2], axis=1)
        above = truth[UPPER_LID] - np.stack([0 * height, 0.5 * height, 0 * height], axis=1)
        assert sample(image, above)[:, 1].min() > 165, "skin of 200, eyeballs of 60"


def test_an_open_eye_is_the_photographs_own(moving, photo, landmarks, topology):
    plain = MovingPhotograph(photo, landmarks, triangles=topology.triangles, settings=SMALL)
    assert moving.curves.blink[0] == 0.0
    before = plain.frame(0)
    plain._eyelids._lash_rgb[:] = [0.0, 255.0, 0.0]
    assert np.array_equal(plain.frame(0), before)


def test_motion_stays_within_its_settings():
    settings = MotionSettings(n_frames=900, seed=7)
    curves = Motion(settings).at(np.arange(900) / 30)
    for name, most in (("yaw_rad", 0.26), ("pitch_rad", 0.14), ("roll_rad", 0.10)):
        reached = np.abs(getattr(curves, name)).max()
        assert 0.6 * most < reached <= most, name
    for name in ("blink", "jaw", "smile"):
        assert getattr(curves, name).min() >= 0.0 and getattr(curves, name).max() <= 1.0
    assert curves.yaw_rad[0] == curves.pitch_rad[0] == 0.0


def test_closed_lids_meet_and_nothing_but_lids_moves(face, landmarks):
    closed = face.expressed(blink=1.0, jaw_rad=0.0, smile_px=0.0)
    assert closed[UPPER_LID] == pytest.approx(closed[LOWER_LID], abs=1e-9)
    assert (closed[UPPER_LID, 1] > landmarks[UPPER_LID, 1] + 3).all()
    still = [1, 4, 10, 13, 14, 33, 61, 133, 152, 263, 291, 362]
    assert closed[still, :2] == pytest.approx(landmarks[still, :2], abs=1e-9)


def test_the_jaw_takes_chin_and_lower_lip_down_and_leaves_the_upper_face(face, landmarks):
    moved = face.expressed(blink=0.0, jaw_rad=0.25, smile_px=0.0) - face.points
    assert moved[152, 1] > 10 and moved[17, 1] > 10 and moved[14, 1] > 10
    still = [1, 4, 6, 10, 0, 13, 33, 133, 263, 362]
    assert np.abs(moved[still]).max() < 1e-9
    assert moved[14, 1] > moved[61, 1] > moved[13, 1], "the corner goes half the way"


def test_a_smile_takes_each_corner_outwards_and_up(face):
    moved = face.expressed(blink=0.0, jaw_rad=0.0, smile_px=10.0) - face.points
    assert moved[61, 0] == pytest.approx(-8.0, rel=0.02)
    assert moved[291, 0] == pytest.approx(8.0, rel=0.02)
    assert moved[[61, 291], 1] == pytest.approx(-6.0, rel=0.02)
    assert np.abs(moved[[33, 263, 152, 1]]).max() < 1.0


def test_no_expression_folds_the_skin(face, topology):
    inner = {
        tuple(t)
        for loop in (RIGHT_EYE, LEFT_EYE)
        for t in inside_of(loop, topology.triangles).tolist()
    }
    skin = np.array([t for t in topology.triangles.tolist() if tuple(t) not in inner])

    def areas(points):
        a, b, c = (points[skin[:, k], :2] for k in range(3))
        return np.cross(b - a, c - a)

    rest = areas(face.points)
    is_seen = rest < -2.0  # seen from the front, y down
    assert is_seen.sum() > 600
    for blink in (0.0, 1.0):
        for jaw_rad in (0.0, 0.24):
            for smile_px in (0.0, 0.09 * face.inter_ocular_px):
                points = face.expressed(blink=blink, jaw_rad=jaw_rad, smile_px=smile_px)
                folded = areas(points)[is_seen] > 1e-6
                assert folded.sum() == 0, (blink, jaw_rad, smile_px, skin[is_seen][folded])


def test_the_nose_leads_when_the_head_turns(face):
    nose, ears = 4, [234, 454]
    points = face.points
    right = face.posed(points, HeadMotion(yaw_rad=0.2)) - points
    assert right[nose, 0] > 5 + np.abs(right[ears, 0]).max()
    down = face.posed(points, HeadMotion(pitch_rad=0.2)) - points
    assert down[nose, 1] > 5
    clockwise = face.posed(points, HeadMotion(roll_rad=0.2)) - points
    assert clockwise[10, 0] > 5 and clockwise[152, 0] < -5


def test_posing_undoes_itself_at_rest_and_scales_about_the_head(face):
    assert face.posed(face.points, HeadMotion()) == pytest.approx(face.points, abs=1e-9)
    larger = face.posed(face.points, HeadMotion(scale=1.5, shift_px=(3.0, -2.0)))
    expected = 1.5 * (face.points - face.pivot) + face.pivot + [3.0, -2.0, 0.0]
    assert larger == pytest.approx(expected, abs=1e-9)


def test_an_open_mouth_is_dark_inside(photo, landmarks, topology):
    settings = MotionSettings(size=(720, 1280), n_frames=90, yaw_rad=0, pitch_rad=0, seed=3)
    moving = MovingPhotograph(photo, landmarks, triangles=topology.triangles, settings=settings)
    index = int(moving.curves.jaw.argmax())
    truth = moving.truth_px(index)
    middle = (truth[13] + 2 * truth[14])[None] / 3
    assert sample(moving.frame(index), middle).max() < 100
    assert sample(moving.frame(0), moving.truth_px(0)[[14]]).max() > 120


def test_noise_and_blur_are_as_asked(photo, landmarks, topology):
    def frame(**more):
        settings = MotionSettings(size=(180, 320), n_frames=10, seed=3, **more)
        return MovingPhotograph(
            photo, landmarks, triangles=topology.triangles, settings=settings
        ).frame(9)

    clean = frame().astype(float)
    noise = frame(noise_sigma=4.0)[..., 2] - clean[..., 2]
    assert noise.std() == pytest.approx(4.0, rel=0.05)
    assert abs(noise.mean()) < 0.1
    blur = np.abs(frame(n_subframes=4, shutter=1.0) - clean).mean()
    assert 0.01 < blur < 2.0


def test_truth_survives_the_file(moving, tmp_path):
    moving.write_truth(tmp_path / "truth.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["truth.npz"]
    with np.load(tmp_path / "truth.npz") as truth:
        assert truth["landmarks_px"].shape == (60, 468, 3)
        assert truth["landmarks_px"][17] == pytest.approx(moving.truth_px(17), abs=1e-3)
        assert np.array_equal(truth["time_s"], np.arange(60) / 30)
        assert np.array_equal(truth["jaw"], moving.curves.jaw)


def test_what_is_no_face_is_refused(photo, topology):
    with pytest.raises(ShapeError, match=r"landmarks_px must have shape \(468, 3\)"):
        MovingPhotograph(photo, np.zeros((400, 3)), triangles=topology.triangles)
    with pytest.raises(DegenerateError, match="outer eye corners"):
        FaceMotion(np.zeros((468, 3)), topology.triangles)
    with pytest.raises(ArgumentError, match="at least one frame"):
        MotionSettings(n_frames=0)
