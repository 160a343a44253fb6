import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError
from mien.core.export import write_neutral_obj

POSITIONS = np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0, 0.2], [0, -1 / 3, 0.2]], np.float32)
UV = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def _lines(path, word):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split()[1:] for line in lines if line.split()[0] == word]


@pytest.mark.parametrize("faces", [[[0, 1, 2], [2, 3, 0]], [[0, 1, 2, 3]]])
def test_the_mesh_comes_back_in_its_vertex_order(tmp_path, faces):
    path = tmp_path / "my face.obj"
    write_neutral_obj(path, POSITIONS, faces=np.array(faces), uv=UV)
    assert np.array_equal(np.array(_lines(path, "v"), np.float32), POSITIONS)
    assert np.array_equal(np.array(_lines(path, "vt"), np.float32), UV)
    corners = [[corner.split("/") for corner in face] for face in _lines(path, "f")]
    assert corners == [[[str(v + 1)] * 2 for v in face] for face in faces]
    assert _lines(path, "o") == [["my_face"]]
    assert _lines(path, "s") == [["1"]]


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    faces, beyond = np.array([[0, 1, 2]]), np.array([[1, 2, 4]])
    with pytest.raises(ShapeError, match=r"uv must have shape \(4, 2\), got \(3, 2\)"):
        write_neutral_obj(tmp_path / "face.obj", POSITIONS, faces=faces, uv=UV[:3])
    with pytest.raises(RangeError, match=r"faces must lie in 0 … 3, got 1 … 4"):
        write_neutral_obj(tmp_path / "face.obj", POSITIONS, faces=beyond, uv=UV)
    assert list(tmp_path.iterdir()) == []
