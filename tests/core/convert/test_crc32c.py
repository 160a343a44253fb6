"""The checksum has the published values, for any length."""

import numpy as np
import pytest

from mien.core.convert.crc32c import crc32c, masked_crc32c


def crc_bit_by_bit(data):
    """Divide as RFC 3720 says, one bit after another."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
    ],
)
def test_the_rfcs_vectors(data, expected):
    """RFC 3720, appendix B.4; the last is every catalogue's check value."""
    assert crc32c(data) == expected


@pytest.mark.parametrize("n_bytes", [0, 1, 3, 4, 5, 511, 512, 513, 1023, 2051, 9000])
def test_any_length_agrees_with_a_division_bit_by_bit(n_bytes):
    data = np.random.default_rng(n_bytes).integers(0, 256, n_bytes, np.uint8).tobytes()
    assert crc32c(data) == crc_bit_by_bit(data)


def test_the_mask_can_be_undone_as_leveldb_does():
    """`Unmask` of LevelDB's util/crc32c.h."""
    masked = masked_crc32c(b"123456789")
    turned = (masked - 0xA282EAD8) & 0xFFFFFFFF
    assert (turned >> 17 | turned << 15) & 0xFFFFFFFF == 0xE3069283
