from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from mien.core.evaluate import evaluation

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluate"))
from made_data import square_face, write_image, write_pts


class AlwaysThere:
    """Finds each face two pixels to the right, where the image is not black."""

    def find(self, image):
        found = square_face() + np.array([2.0, 0.0])
        return [found] if image.any() else []

    def find_near(self, image, points_px):
        return None


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    opened = []

    def open_finder(name, **options):
        opened.append((name, options))
        return AlwaysThere()

    monkeypatch.setattr(evaluation, "open_finder", open_finder)
    for name, grey in (("a", 100), ("b", 0)):
        write_image(tmp_path / "300W" / f"{name}.png", grey)
        write_pts(tmp_path / "300W" / f"{name}.pts", square_face())
    return tmp_path / "300W", opened


def test_evaluate_prints_a_table_and_names_what_was_missed(mien, dataset):
    folder, opened = dataset
    code, out, err = mien("evaluate", "facemesh-468", folder, "--threads", "2")
    assert code == 0 and opened == [("facemesh-468", {"device": "cpu", "n_threads": 2})]
    assert "facemesh-468 on '300W': 2 faces, found by the detector" in out
    assert any(line.split() == ["all", "1", "1", "4.00", "4.00"] for line in out.splitlines())
    assert "warning: 1 annotated faces were not found: b.png" in err


def test_evaluate_writes_its_curve_its_list_and_one_object(mien, mien_json, dataset, tmp_path):
    code, values = mien_json(
        "evaluate", "facemesh", dataset[0], "--plot", "c.svg", "--csv", "e.csv"
    )
    assert code == 0 and values["rows"][-1]["mean"] == pytest.approx(0.04)
    assert values["missed"] == ["b.png"] and len(values["warnings"]) == 1
    assert (tmp_path / "c.svg").read_text().startswith("<svg")
    assert "a.png,,0.040000" in (tmp_path / "e.csv").read_text().splitlines()
    assert mien("evaluate", "facemesh", dataset[0], "--plot", "no/c.svg")[0] == 3


def test_evaluate_ends_with_the_code_of_what_was_wrong(mien, mien_json, dataset, tmp_path):
    assert mien("evaluate", "nothing", dataset[0])[0] == 2
    assert mien("evaluate", "facemesh", tmp_path / "nowhere")[0] == 3
    code, values = mien_json("evaluate", "facemesh", dataset[0], "--regions", "truth")
    assert (code, values["error"]) == (4, "NoFace")
    assert values["message"].endswith("Check the photographs.")
    (dataset[0] / "a.png").unlink()
    code, _, err = mien("evaluate", "facemesh", dataset[0])
    assert code == 4 and "--regions truth looks there." in err
