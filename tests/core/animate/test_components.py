import numpy as np
import pytest

from mien.core.animate.components import fitting_components

TOLERANCE_M = 1e-4


def _offsets(n_frames: int = 150, n: int = 80) -> np.ndarray:
    """Many moves of falling strength; some points and some frames move more than others."""
    rng = np.random.default_rng(0)
    moves = rng.normal(0, 0.003, (60, n, 3)) * 0.93 ** np.arange(60)[:, None, None]
    moves *= rng.uniform(0.1, 1, n)[:, None] ** 2
    amounts = rng.normal(size=(n_frames, 60)) * rng.uniform(0.2, 1, n_frames)[:, None]
    return np.einsum("tk,knc->tnc", amounts, moves).reshape(n_frames, -1).astype(np.float32)


def _worst(offsets, found, count) -> float:
    rest = offsets - found.amounts[:, :count] @ found.directions[:, :count].T
    return float(np.linalg.norm(rest.reshape(len(rest), -1, 3), axis=2).max())


def test_what_fits_is_within_the_tolerance_and_measured():
    offsets = _offsets()
    found = fitting_components(offsets, tolerance_m=TOLERANCE_M, limit=400)
    assert found.worst_m <= TOLERANCE_M
    assert found.worst_m == pytest.approx(_worst(offsets, found, found.n_fitting), abs=1e-9)


def test_one_component_less_is_not_within_the_tolerance():
    offsets = _offsets()
    found = fitting_components(offsets, tolerance_m=TOLERANCE_M, limit=400)
    assert _worst(offsets, found, found.n_fitting - 1) > TOLERANCE_M


def test_it_takes_fewer_than_a_plain_singular_value_decomposition():
    offsets = _offsets()
    found = fitting_components(offsets, tolerance_m=TOLERANCE_M, limit=400)
    u, s, v = np.linalg.svd(offsets.astype(np.float64), full_matrices=False)
    n_plain = next(
        k
        for k in range(len(s))
        if np.linalg.norm(
            (offsets - (u[:, :k] * s[:k]) @ v[:k]).reshape(len(offsets), -1, 3), axis=2
        ).max()
        <= TOLERANCE_M
    )
    assert 0 < found.n_fitting < n_plain


@pytest.mark.parametrize("limit", [0, 1, 7, 20])
def test_the_used_sides_of_all_components_stay_under_the_limit(limit):
    found = fitting_components(_offsets(), tolerance_m=1e-9, limit=limit)
    n_sides = (found.amounts > 0).any(axis=0).sum() + (found.amounts < 0).any(axis=0).sum()
    assert n_sides <= limit
    assert found.n_fitting == found.amounts.shape[1]
    assert found.worst_m > 1e-9


def test_offsets_that_are_all_zero_need_nothing():
    found = fitting_components(np.zeros((9, 30), np.float32), tolerance_m=1e-9, limit=10)
    assert (found.n_fitting, found.worst_m) == (0, 0)


def test_the_result_does_not_depend_on_how_frames_are_chunked(monkeypatch):
    whole = fitting_components(_offsets(), tolerance_m=TOLERANCE_M, limit=400)
    monkeypatch.setattr("mien.core.animate.components._N_CHUNK", 17)
    pieces = fitting_components(_offsets(), tolerance_m=TOLERANCE_M, limit=400)
    assert pieces.n_fitting == whole.n_fitting
    assert pieces.worst_m == pytest.approx(whole.worst_m, rel=0.02)
