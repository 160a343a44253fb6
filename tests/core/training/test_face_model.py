"""Reading ICT-FaceKit's light model."""

import numpy as np
import pytest

from mien.core.errors import TrainingDataError
from mien.core.training.face_model import load_face_model, triangles_from_quads


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut"])
def test_a_missing_or_damaged_model_is_named(tmp_path, content):
    path = tmp_path / "ict.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingDataError, match=r"The face model '.*ict\.npz' cannot be read"):
        load_face_model(path)


def test_quads_become_two_triangles_each():
    quads = np.array([[0, 1, 2, 3], [4, 5, 6, -1]], np.int32)
    assert triangles_from_quads(quads).tolist() == [[0, 1, 2], [4, 5, 6], [0, 2, 3]]


def test_the_real_model_is_in_metres_with_the_face_first(data_file):
    model = load_face_model(data_file("ict/ict_facekit_light.npz"))
    assert model.identity_m.shape == (100, 11248, 3) and len(model.expression_names) == 57
    assert 0.1 < np.ptp(model.neutral_m[:9409, 0]) < 0.25
    right, left = model.neutral_m[[model.landmarks_68[36], model.landmarks_68[45]]]
    assert right[0] < -0.03 and left[0] > 0.03  # x goes to the subject's left
    chin, nose = model.neutral_m[[model.landmarks_68[8], model.landmarks_68[30]]]
    assert chin[1] < nose[1] and nose[2] > chin[2]
