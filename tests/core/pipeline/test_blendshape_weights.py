"""Where a face gets named weights, and where it does not."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from mien.core.convert.model_import import import_model
from mien.core.errors import WeightsMissing
from mien.core.pipeline import blendshape_weights


def faces(*n_landmarks):
    """Stand-ins for performances: only the smoothed landmarks are read."""
    random = np.random.default_rng(2)
    return [
        SimpleNamespace(landmarks_smooth_px=random.uniform(0, 500, (4, n, 3)).astype(np.float32))
        for n in n_landmarks
    ]


def test_without_the_network_no_face_has_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path))
    assert blendshape_weights(faces(478, 468)) == [None, None]
    assert blendshape_weights([]) == []


def test_a_listed_network_that_is_gone_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path))
    entry = {"file": "face_blendshapes.onnx", "sha256": "0", "origin": "", "licence": ""}
    manifest = {"format": 1, "assets": [{**entry, "engine": "face-blendshapes"}]}
    (tmp_path / "assets.json").write_text(json.dumps(manifest), "utf-8")
    assert blendshape_weights(faces(468)) == [None]  # nobody asks for it
    with pytest.raises(WeightsMissing, match=r"face_blendshapes\.onnx' are missing"):
        blendshape_weights(faces(478))


@pytest.mark.weights
def test_with_the_network_faces_with_irises_have_weights(data_file, tmp_path, monkeypatch):
    import_model(data_file("weights/mediapipe/face_landmarker.task"), folder=tmp_path)
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path))
    first, second, third = blendshape_weights(faces(478, 468, 478))
    assert second is None
    for named in (first, third):
        assert named.weights.shape == (4, 52) and len(named.names) == 52
        assert ((named.weights >= 0) & (named.weights <= 1)).all()
    assert (first.weights != third.weights).any()
