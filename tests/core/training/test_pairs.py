"""Pairs: the same for the same seed, truth where the picture says, files that survive."""

import numpy as np
import pytest

from mien.core.errors import TrainingDataError
from mien.core.training.augmentation import moved_crop, random_move, worn_picture
from mien.core.training.batches import BatchMaker
from mien.core.training.layout_tables import sampling_matrix
from mien.core.training.pair_maker import PICTURE_SIZE, Kind, PairMaker
from mien.core.training.pair_store import fill_store, make_pairs, pair_path, read_pairs, write_pairs
from mien.core.training.surroundings import shuffled


def test_a_pair_is_the_same_whoever_asks(face_model, layout, head, basis, gallery, maker):
    other = PairMaker(face_model, layout, head, basis, gallery, seed=5)
    late, again = maker.pair(11), other.pair(11)
    assert (late.image == again.image).all() and (late.amounts == again.amounts).all()
    different = PairMaker(face_model, layout, head, basis, gallery, seed=6).pair(11)
    assert (different.image != late.image).any()


def test_people_kept_for_evaluation_are_in_no_training_pair(
    face_model, layout, head, basis, gallery
):
    held = {p.person for p in gallery.portraits if p.is_held_out}
    rest = {p.person for p in gallery.portraits if not p.is_held_out}
    assert held == {"made/008", "made/013"} and not held & rest
    makers = [
        PairMaker(face_model, layout, head, basis, gallery, held_out=is_held_out)
        for is_held_out in (False, True)
    ]
    names = [{skin.portrait.person for skin in maker._skins} for maker in makers]
    assert names == [rest, held]


def test_with_nobody_kept_apart_it_says_so(face_model, layout, head, basis, gallery):
    from dataclasses import replace

    few = replace(gallery, portraits=gallery.portraits[:2])
    with pytest.raises(TrainingDataError, match="None of the 2 portraits shows a person kept"):
        PairMaker(face_model, layout, head, basis, few, held_out=True)


def test_all_kinds_come_and_faces_fill_the_crop(maker):
    pairs = [maker.pair(index) for index in range(90)]
    assert {pair.kind for pair in pairs} == set(Kind)
    for pair in pairs:
        assert pair.image.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
        is_seen = np.isfinite(pair.facemesh_px).all()
        assert is_seen == (pair.kind == Kind.REAL)
        if pair.kind != Kind.NOBODY:
            assert (np.abs(pair.landmarks_px[:, :2] - PICTURE_SIZE / 2) < 80).all()


def test_the_amounts_mix_the_map_that_the_landmarks_lie_on(layout, basis, maker):
    pair = next(p for i in range(20) if (p := maker.pair(i)).kind == Kind.MADE)
    maps = np.einsum("kc,kt->tc", pair.amounts, basis.flat)
    found = sampling_matrix(layout.landmarks_uv) @ maps
    assert np.abs(found[:, :2] + PICTURE_SIZE / 2 - pair.landmarks_px[:, :2]).max() < 1e-2


def test_a_moved_crop_shows_a_point_where_it_was_moved_to():
    for seed in range(8):
        move = random_move(np.random.default_rng(seed))
        picture = np.zeros((PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
        point = np.array([[80.0, 95.0]])
        y, x = np.mgrid[0:PICTURE_SIZE, 0:PICTURE_SIZE]
        picture[:] = 255 * np.exp(-((x - 80) ** 2 + (y - 95) ** 2) / 18.0)[..., None]
        crop = moved_crop(picture, move).astype(float)[..., 0]
        rows, columns = np.mgrid[0:128, 0:128]
        found = np.array([(columns * crop).sum(), (rows * crop).sum()]) / crop.sum()
        assert np.linalg.norm(found - move.points(point)[0]) < 0.15


def test_moved_amounts_mix_the_moved_map(basis, maker):
    pair = next(p for i in range(20) if (p := maker.pair(i)).kind == Kind.MADE)
    before = np.einsum("kc,kt->tc", pair.amounts, basis.flat).reshape(128, 128, 3)
    mirrored = 0
    for seed in range(6):
        move = random_move(np.random.default_rng(seed))
        after = np.einsum("kc,kt->tc", move.amounts(pair.amounts, basis.sign), basis.flat)
        source = before[:, ::-1] if move.is_mirrored else before
        points = source.reshape(-1, 3) + np.array([PICTURE_SIZE / 2, PICTURE_SIZE / 2, 0])
        wanted = move.points(points) - (64, 64, 0)
        assert np.abs(after - wanted).max() < 2e-2
        mirrored += move.is_mirrored
    assert 0 < mirrored < 6


def test_batches_depend_on_seed_and_step_alone(basis, maker):
    pairs = make_pairs(maker, 0, 12)
    one, two = BatchMaker(basis.sign, seed=3), BatchMaker(basis.sign, seed=3)
    one.batch([pairs], step=0, size=4)
    first, second = one.batch([pairs], step=7, size=4), two.batch([pairs], step=7, size=4)
    assert all((first[name].nan_to_num() == second[name].nan_to_num()).all() for name in first)
    other = two.batch([pairs], step=8, size=4)
    assert (other["image"] != first["image"]).any()
    assert (one.batch([pairs], step=7, size=4, rank=1)["image"] != first["image"]).any()


def test_a_worn_picture_is_still_a_picture():
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    for seed in range(30):
        worn = worn_picture(np.random.default_rng(seed), image)
        assert worn.shape == image.shape and worn.dtype == np.uint8


def test_files_are_made_once_and_damaged_ones_are_named(tmp_path, maker, monkeypatch):
    from mien.core.training import pair_store

    monkeypatch.setattr(pair_store, "PAIRS_A_FILE", 3)
    assert list(fill_store(maker, tmp_path, n_files=2)) == [0, 1]
    assert list(fill_store(maker, tmp_path, n_files=2)) == []
    pairs = read_pairs(pair_path(tmp_path, 1))
    assert len(pairs) == 3 and (pairs.image[0] == maker.pair(3).image).all()
    path = pair_path(tmp_path, 0)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingDataError, match="Delete the file: it is made again"):
        read_pairs(path)


def test_a_face_in_pieces_is_no_face():
    photo = np.arange(320 * 320 * 3, dtype=np.uint32).reshape(320, 320, 3) // 1205
    for seed in range(20):
        picture = shuffled(np.random.default_rng(seed), photo.astype(np.uint8), PICTURE_SIZE)
        assert picture.shape == (PICTURE_SIZE, PICTURE_SIZE, 3)
        # The portrait grows brighter downward all the way; in pieces it does not.
        rows = picture.mean(axis=(1, 2))
        assert np.corrcoef(rows, np.arange(PICTURE_SIZE))[0, 1] < 0.9


def test_a_full_disk_leaves_nothing_half_written(tmp_path, maker, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TrainingDataError, match=r"No space left on device\. Free some space"):
        write_pairs(tmp_path / "pairs_0000.npz", make_pairs(maker, 0, 2))
    assert list(tmp_path.iterdir()) == []
