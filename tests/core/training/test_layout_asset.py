"""The shipped layout is what our script makes of ICT-FaceKit and the portraits."""

import io

import numpy as np
import pytest

from mien.core.errors import RangeError
from mien.core.inference.weights import assets_folder
from mien.core.training.face_model import load_face_model
from mien.core.training.layout import make_layout
from mien.core.training.layout_asset import layout_asset
from mien.core.training.portraits import load_gallery
from mien.core.training.semantic_grid import semantic_grid


def test_a_grid_has_a_middle_line(layout):
    with pytest.raises(RangeError, match="side must be odd"):
        semantic_grid(32, layout.landmarks_uv)


@pytest.mark.slow
def test_the_shipped_layout_is_made_again(data_file):
    model = load_face_model(data_file("ict/ict_facekit_light.npz"))
    layout = make_layout(model)
    with np.load(assets_folder() / "position_map_layout.npz") as arrays:
        shipped = dict(arrays)
    made = layout_asset(model, layout, shipped["facemesh_uv"])
    with np.load(io.BytesIO(made)) as again:
        assert set(again) == set(shipped)
        for name, array in shipped.items():
            difference = np.abs(again[name].astype(float) - array.astype(float))
            assert difference.max() < 1e-4 or name == "zone", name
        assert (again["zone"] != shipped["zone"]).mean() < 1e-3


@pytest.mark.slow
@pytest.mark.weights
def test_the_facemesh_landmarks_lie_where_some_portraits_say(data_file, tmp_path):
    folder = data_file("faces/canada")
    for path in sorted(folder.iterdir())[:8]:
        (tmp_path / path.name).symlink_to(path)
    model = load_face_model(data_file("ict/ict_facekit_light.npz"))
    gallery = load_gallery(tmp_path, model, make_layout(model))
    assert len(gallery.portraits) == 8 and not gallery.left_out
    assert max(portrait.fit.residual for portrait in gallery.portraits) < 0.015
    with np.load(assets_folder() / "position_map_layout.npz") as arrays:
        distance = np.linalg.norm(arrays["facemesh_uv"] - gallery.facemesh_uv, axis=1)
    assert np.median(distance) < 0.01 and np.percentile(distance, 95) < 0.04
