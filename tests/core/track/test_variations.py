"""The crops of a second look lie around the region, half of them mirrored."""

import numpy as np
import pytest

from mien.core.records import Region
from mien.core.track import variations_of

REGION = Region(300.0, 200.0, 150.0, 0.2)


@pytest.mark.parametrize("n_crops", [1, 2, 3, 4, 5, 6, 8])
def test_crops_lie_around_the_region_as_many_mirrored_as_not(n_crops):
    found = variations_of(REGION, n_crops)
    regions = np.stack([one.region.as_array() for one in found])
    np.testing.assert_allclose(regions[:, :3].mean(axis=0), REGION.as_array()[:3], atol=0.01)
    # The first look, which is averaged with them, is not mirrored: one alone is.
    mirrored = [True] if n_crops == 1 else [bool(index % 2) for index in range(n_crops)]
    assert [one.is_mirrored for one in found] == mirrored
    assert len(np.unique(regions, axis=0)) == n_crops - (n_crops == 2)


@pytest.mark.parametrize("n_crops", [4, 8])
def test_turns_cancel(n_crops):
    turns = [one.region.rotation_rad - 0.2 for one in variations_of(REGION, n_crops)]
    assert sum(turns) == pytest.approx(0.0) and max(turns) > 0.0
