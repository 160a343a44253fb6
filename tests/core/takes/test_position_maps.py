from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import ShapeError, TakeDamaged, TakeError
from mien.core.records import Region
from mien.core.takes import TakeWriter, read_position_maps, read_take, remove_take

sys.path.insert(0, str(Path(__file__).parent))
from take_samples import create, faces_of

SIZE = 16
N_FRAMES = 6


def faces_with_maps(index: int):
    """Faces with maps that lie within their regions; face k is lost in every fourth frame."""
    faces = []
    for number, face in enumerate(faces_of(index)):
        if face is None:
            faces.append(None)
            continue
        region = Region(1820.5, 300.25, 412.0, 0.3)
        offsets = np.random.default_rng([index, number]).uniform(-0.9, 0.9, (SIZE, SIZE, 3))
        points = np.float32([region.x_px, region.y_px, 0.0]) + offsets * region.size_px
        faces.append(replace(face, region=region, position_map=points.astype(np.float32)))
    return faces


def append(writer: TakeWriter, frames) -> None:
    for index in frames:
        writer.append(index, index / 25.0, faces=faces_with_maps(index))


@pytest.fixture
def take(tmp_path):
    with create(tmp_path / "take", map_size=SIZE) as writer:
        append(writer, range(N_FRAMES))
        writer.finish()
    return read_take(tmp_path / "take")


def test_maps_come_back_to_a_hundredth_of_a_pixel_and_gaps_are_nan(take):
    for face_index in range(2):
        maps = read_position_maps(take, face_index, first=1, stop=N_FRAMES)
        assert maps.shape == (N_FRAMES - 1, SIZE, SIZE, 3) and maps.dtype == np.float32
        for row, index in enumerate(range(1, N_FRAMES)):
            face = faces_with_maps(index)[face_index]
            if face is None:
                assert np.isnan(maps[row, ..., :2]).all()
            else:
                assert np.abs(maps[row] - face.position_map).max() < 0.01


def test_the_header_tells_other_readers_how_maps_lie(take):
    header = json.loads((Path(take.folder) / "take.json").read_text())
    described = header["arrays"]["face1/position_map.i16"]
    assert described == {"dtype": "<i2", "shape": [SIZE, SIZE, 3]}
    raw = np.fromfile(Path(take.folder) / "face1/position_map.i16", described["dtype"])
    x, y, side, _ = take.faces[1].regions[3]
    found = raw.reshape(-1, *described["shape"])[3] / 32767.0 * side + [x, y, 0.0]
    assert np.abs(found - faces_with_maps(3)[1].position_map).max() < 0.01


def test_a_take_of_maps_is_gone_on_with(take):
    folder = Path(take.folder)
    with TakeWriter.resume(folder) as writer:
        append(writer, range(N_FRAMES, N_FRAMES + 2))
        writer.finish()
    longer = read_take(folder)
    maps = read_position_maps(longer, 0, first=0, stop=N_FRAMES + 2)
    assert np.abs(maps[-1] - faces_with_maps(N_FRAMES + 1)[0].position_map).max() < 0.01
    remove_take(folder)
    assert not folder.exists()


def test_a_face_without_a_map_does_not_fit_such_a_take(tmp_path):
    with create(tmp_path / "take", map_size=SIZE) as writer, pytest.raises(ShapeError) as caught:
        writer.append(1, 0.0, faces=faces_of(1))
    assert "position map of 16 texels" in str(caught.value)


def test_a_take_without_maps_says_so(tmp_path):
    with create(tmp_path / "take") as writer:
        writer.append(1, 0.0, faces=faces_of(1))
        writer.finish()
    take = read_take(tmp_path / "take")
    with pytest.raises(TakeError, match="holds no position maps"):
        read_position_maps(take, 0, first=0, stop=1)
    with pytest.raises(TakeError, match="in memory"):
        read_position_maps(replace(take, folder=None), 0, first=0, stop=1)


def test_cut_off_maps_are_damage(take):
    path = Path(take.folder) / "face0/position_map.i16"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(TakeDamaged, match="position_map"):
        read_take(take.folder)
    with pytest.raises(TakeDamaged, match="shorter than the take"):
        read_position_maps(take, 0, first=0, stop=N_FRAMES)
