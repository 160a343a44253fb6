"""The basis spans the maps of faces that it was not made from."""

import numpy as np

from mien.core.training.map_basis import GridAmounts, _sample_maps
from mien.core.training.scene import grid_columns


def test_maps_are_even_or_odd_and_the_first_is_one(basis):
    assert (basis.maps[0] == 1.0).all() and basis.sign[0] == 1.0
    mirrored = basis.maps[:, :, ::-1] * basis.sign[:, None, None]
    assert np.abs(mirrored - basis.maps).max() < 1e-4
    assert np.allclose((basis.maps**2).mean(axis=(1, 2)), 1.0, atol=1e-4)
    assert {-1.0, 1.0} == set(basis.sign.tolist())


def test_unseen_faces_are_mixed_closely(face_model, layout, basis):
    maps = _sample_maps(face_model, layout, 6, seed=99).transpose(0, 2, 1).reshape(-1, 128 * 128)
    flat = basis.flat.astype(np.float64)
    amounts = np.linalg.solve(flat @ flat.T, flat @ maps.T).T
    error = maps - amounts @ flat
    assert np.sqrt((error**2).mean()) < 0.25  # of faces of 102 pixels


def test_amounts_are_found_from_the_drawn_grid(basis):
    rng = np.random.default_rng(1)
    amounts = rng.normal(0.0, 5.0, (len(basis.maps), 3)).astype(np.float32)
    lines = grid_columns()
    at_grid = basis.maps[:, lines[:, None], lines[None, :]].reshape(len(basis.maps), -1)
    found = GridAmounts(basis).solve(at_grid.T @ amounts)
    assert np.abs(found - amounts).max() < 1e-2
