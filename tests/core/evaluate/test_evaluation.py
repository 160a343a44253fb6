"""A tiny data set, and finders whose errors are known: every face is counted in its place."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_data import square_face, write_image, write_mat, write_pts

from mien.core.errors import CannotDecode, CannotOpen, NoFace
from mien.core.evaluate import EvaluationPlan, errors_csv, lines_of, values_of, warnings_of
from mien.core.evaluate.dataset import find_dataset
from mien.core.evaluate.evaluation import evaluated

pytest.importorskip("scipy.io", reason="SciPy is not installed")


def off_by(x_px):
    return square_face() + np.array([x_px, 0.0])


class KnownFinder:
    """Finds faces by the grey of an image: 100 + k is off by k px, 200 two faces, 10 none."""

    def find(self, image):
        grey = int(image[0, 0, 0])
        if grey < 100:
            return []
        if grey == 200:
            return [off_by(90.0), off_by(1.0)]
        if grey == 210:
            return [off_by(500.0)]  # some other face
        return [off_by(grey - 100.0)]

    def find_near(self, image, points_px):
        return points_px + np.array([0.0, 7.0])


def run(folder, regions="detector", reports=None):
    plan = EvaluationPlan("known", folder, regions=regions)
    note = reports.append if reports is not None else (lambda progress: None)
    return evaluated(plan, find_dataset(folder), KnownFinder(), on_progress=note)


@pytest.fixture
def large_poses(tmp_path):
    """Return a folder as AFLW2000-3D is, with everything that can be wrong."""
    folder = tmp_path / "AFLW"
    folder.mkdir()
    for name, grey, yaw in (
        ("a", 102, 10.0), ("b", 104, -20.0), ("c", 105, -45.0), ("d", 110, 75.0), ("e", 101, 95.0),
        ("several", 200, 5.0), ("none", 10, 80.0), ("other", 210, 0.0),
    ):  # fmt: skip
        write_image(folder / f"{name}.png", grey)
        write_mat(folder / f"{name}.mat", square_face(), yaw)
    write_mat(folder / "broken.mat", square_face(), 0.0)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no image")
    write_image(folder / "noted.png", 102)
    (folder / "noted.mat").write_bytes(b"no annotation")
    write_image(folder / "alone.png", 102)
    (folder / "tool.mat").write_bytes(b"belongs to no image")
    return folder


def test_bins_of_yaw_hold_their_faces_and_nothing_is_left_uncounted(large_poses):
    reports = []
    found = run(large_poses, reports=reports)
    rows = {row["name"]: row for row in values_of(found)["rows"]}
    # px over a box of 100 px are percent: faces 2, 4 and 1 off; 5; 10.
    assert rows["0–30°"]["mean"] == pytest.approx((0.02 + 0.04 + 0.01) / 3)
    assert rows["0–30°"]["median"] == pytest.approx(0.02)
    assert rows["30–60°"]["mean"] == pytest.approx(0.05)
    assert rows["60–90°"]["mean"] == pytest.approx(0.10)
    assert rows["mean of bins"]["mean"] == pytest.approx((0.07 / 3 + 0.05 + 0.10) / 3)
    assert rows["all"]["mean"] == pytest.approx((0.02 + 0.04 + 0.01 + 0.05 + 0.10 + 0.01) / 6)
    counts = [
        (rows[n]["measured"], rows[n]["missed"]) for n in ("0–30°", "30–60°", "60–90°", "all")
    ]
    assert counts == [(3, 1), (1, 0), (1, 1), (6, 2)]
    assert len(reports) == 11 and reports[-1].total == 11


def test_what_cannot_be_used_is_named(large_poses):
    values = values_of(run(large_poses))
    assert values["missed"] == ["none.png", "other.png"]
    assert values["several_faces"] == ["several.png"]
    assert values["without_annotation"] == ["alone.png"]
    (image,), (annotation,) = values["unreadable_images"], values["unusable_annotations"]
    assert image.startswith("broken.jpg: Image 'broken.jpg' cannot be decoded")
    assert annotation.startswith("noted.png: Annotation 'noted.mat' is no MATLAB file")
    warnings = warnings_of(run(large_poses))
    assert [warning.split(" ")[0] for warning in warnings] == ["2", "1", "1", "1", "1", "1"]
    assert any("turned by more than 90°" in warning and "e.png" in warning for warning in warnings)


def test_failures_count_missed_faces(large_poses):
    values = values_of(run(large_poses))
    assert values["limit"] == 0.10
    assert values["failures"] == pytest.approx(2 / 8, abs=1e-9)  # 10 px is not above 10 %
    lines = lines_of(run(large_poses))
    assert lines[0] == "known on 'AFLW': 8 faces, found by the detector"
    assert any(line.startswith("60–90°") and "10.00" in line for line in lines)
    assert "missed or above 10 %: 25.00 %" in lines[-1]


def test_regions_of_the_truth_find_what_the_detector_does_not(large_poses):
    found = run(large_poses, regions="truth")
    assert len(found.measured) == 8 and not found.missed and not found.several
    assert found.errors == pytest.approx(np.full(8, 0.07))


def test_the_list_has_a_line_a_face(large_poses):
    lines = errors_csv(run(large_poses)).splitlines()
    assert lines[0] == "image,yaw_deg,error"
    assert "c.png,-45.00,0.050000" in lines and "none.png,80.00," in lines
    assert len(lines) == 1 + 8


def test_300_w_is_normalised_by_the_eyes_and_told_by_folders(tmp_path):
    for folder, grey in (("01_Indoor", 101), ("01_Indoor", 103), ("02_Outdoor", 102)):
        name = f"{folder}/{grey}"
        write_image(tmp_path / f"{name}.jpg", grey)
        write_pts(tmp_path / f"{name}.pts", square_face())
    write_image(tmp_path / ".cache" / "hidden.png", 100)
    values = values_of(run(tmp_path))
    rows = {row["name"]: row["mean"] for row in values["rows"]}
    # The eyes' outer corners are 50 px apart. JPEG may change a grey by one.
    assert rows["01_Indoor"] == pytest.approx(2 / 50, abs=0.5 / 50)
    assert rows["02_Outdoor"] == pytest.approx(2 / 50, abs=1 / 50)
    assert rows["all"] == pytest.approx(2 / 50, abs=1 / 50)
    assert values["limit"] == 0.08 and values["without_annotation"] == []


def test_folders_that_are_no_data_set_are_named(tmp_path):
    with pytest.raises(CannotOpen, match="is no folder"):
        find_dataset(tmp_path / "nowhere")
    with pytest.raises(CannotOpen, match="beside none of its 0 images"):
        find_dataset(tmp_path)
    write_image(tmp_path / "a.png")
    with pytest.raises(CannotOpen, match="beside none of its 1 images"):
        find_dataset(tmp_path)
    write_image(tmp_path / "b.png")
    write_pts(tmp_path / "a.pts", square_face())
    write_mat(tmp_path / "b.mat", square_face(), 0.0)
    with pytest.raises(CannotOpen, match="annotations of both kinds"):
        find_dataset(tmp_path)


def test_a_data_set_without_one_usable_image_or_one_found_face_is_an_error(tmp_path):
    write_image(tmp_path / "a.png", 10)
    write_pts(tmp_path / "a.pts", square_face())
    with pytest.raises(NoFace, match="found none of the 1 annotated faces"):
        run(tmp_path)
    (tmp_path / "a.pts").write_text("{}")
    with pytest.raises(CannotDecode, match=r"Not one photograph .* the first: a\.png: Annotation"):
        run(tmp_path)
