"""A folder of pictures: what is left out is named."""

import cv2
import numpy as np
import pytest

from mien.core.errors import TrainingDataError
from mien.core.training.portraits import _person, load_gallery
from mien.core.training.seen_faces import FaceSeeker


def test_a_missing_folder_is_named(tmp_path, face_model, layout):
    with pytest.raises(TrainingDataError, match=r"'.*nowhere' does not exist"):
        load_gallery(tmp_path / "nowhere", face_model, layout)


@pytest.mark.weights
def test_pictures_without_one_face_are_left_out_and_said(tmp_path, face_model, layout, astronaut):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), noise)
    face = np.ascontiguousarray(astronaut[:300, 80:380, ::-1])
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([face, face]))
    with pytest.raises(TrainingDataError, match="3 pictures were left out"):
        load_gallery(tmp_path, face_model, layout)


@pytest.mark.weights
def test_the_seeker_finds_one_face(astronaut):
    found = FaceSeeker().faces(astronaut)
    assert len(found) == 1 and found[0].shape == (478, 3)


def test_a_person_is_a_number_in_a_folder(tmp_path):
    assert _person(tmp_path / "london" / "neutral_001_03.jpg") == "london/001"
    assert _person(tmp_path / "london" / "smiling_001_08.jpg") == "london/001"
    assert _person(tmp_path / "lisa" / "zoom_15cm.jpg") == "lisa"
