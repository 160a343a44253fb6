import csv
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import ShapeError
from mien.core.export import write_points_csv


def _read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _numbers(row, names):
    return np.array([float(row[name]) for name in names])


def test_there_is_one_row_a_frame_with_its_time(tmp_path, performance):
    write_points_csv([performance()], tmp_path / "face.csv")
    rows = _read(tmp_path / "face.csv")
    assert [int(row["frame"]) for row in rows] == list(range(8))
    assert [float(row["time_s"]) for row in rows] == pytest.approx(np.arange(8) / 25.0 + 0.5)
    assert {row["face"] for row in rows} == {"0"}


def test_columns_stand_in_their_order(tmp_path, performance):
    write_points_csv([performance(n=5)], tmp_path / "face.csv")
    header = (tmp_path / "face.csv").read_text().splitlines()[0].split(",")
    assert header[:12] == [
        "frame", "time_s", "face", "presence", "location_x", "location_y", "location_z",
        "rotation_w", "rotation_x", "rotation_y", "rotation_z", "scale",
    ]  # fmt: skip
    assert header[12:] == [f"{axis}_{index}" for index in range(5) for axis in "xyz"]


def test_points_come_back_to_a_tenth_of_a_micrometre(tmp_path, performance):
    face = performance()
    write_points_csv([face], tmp_path / "face.csv")
    for frame, row in enumerate(_read(tmp_path / "face.csv")):
        names = [f"{axis}_{index}" for index in range(5) for axis in "xyz"]
        difference = _numbers(row, names) - face.geometry.head_m[frame].ravel()
        assert np.abs(difference).max() <= 0.6e-7


def test_pose_channels_build_the_matrix_again(tmp_path, performance):
    # The rotations go beyond half a turn, so that every branch of the quaternion is met.
    face = performance(n_frames=60)
    write_points_csv([face], tmp_path / "face.csv")
    for frame, row in enumerate(_read(tmp_path / "face.csv")):
        w, x, y, z = _numbers(row, [f"rotation_{c}" for c in "wxyz"])
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        matrix = face.geometry.camera_from_head[frame]
        assert np.abs(float(row["scale"]) * rotation - matrix[:3, :3]).max() < 1e-6
        assert np.abs(_numbers(row, [f"location_{c}" for c in "xyz"]) - matrix[:3, 3]).max() < 1e-7


def test_rotations_never_jump_to_the_opposite_quaternion(tmp_path, performance):
    write_points_csv([performance(n_frames=60, lost=(30, 31))], tmp_path / "face.csv")
    rows = [row for row in _read(tmp_path / "face.csv") if row["scale"]]
    quaternions = np.array([_numbers(row, [f"rotation_{c}" for c in "wxyz"]) for row in rows])
    assert quaternions[0, 0] > 0
    assert quaternions[:, 0].min() < 0  # beyond half a turn: there the shortest would jump
    assert (quaternions[1:] * quaternions[:-1]).sum(axis=1).min() > 0.9


def test_lost_frames_have_empty_cells_and_filled_ones_have_numbers(tmp_path, performance):
    write_points_csv([performance(lost=(2,), filled=(4,))], tmp_path / "face.csv")
    rows = _read(tmp_path / "face.csv")
    empty = [name for name, cell in rows[2].items() if cell == ""]
    assert len(empty) == 8 + 15
    assert {name for name in rows[2] if rows[2][name]} == {"frame", "time_s", "face", "presence"}
    assert all(cell != "" for cell in rows[4].values())
    assert [float(rows[frame]["presence"]) for frame in (2, 4)] == [0, 0]
    assert float(rows[3]["presence"]) > 0


def test_several_faces_follow_one_another(tmp_path, performance):
    first, second = performance(), replace(performance(lost=(0,)), face_index=1)
    write_points_csv([first, second], tmp_path / "faces.csv")
    rows = _read(tmp_path / "faces.csv")
    assert [row["face"] for row in rows] == ["0"] * 8 + ["1"] * 8
    assert [row["frame"] for row in rows[8:]] == [str(frame) for frame in range(8)]
    assert [bool(row["x_0"]) for row in rows[8:]] == [False] + [True] * 7


def test_a_face_that_is_never_there_is_all_empty_cells(tmp_path, performance):
    write_points_csv([performance(lost=tuple(range(8)))], tmp_path / "face.csv")
    assert all(row["scale"] == row["z_4"] == "" for row in _read(tmp_path / "face.csv"))


def test_faces_of_different_engines_are_refused(tmp_path, performance):
    with pytest.raises(ShapeError, match=r"must have as many points each, got \[5, 6\]"):
        write_points_csv([performance(), performance(n=6)], tmp_path / "faces.csv")
    assert list(tmp_path.iterdir()) == []
