from __future__ import annotations

import hashlib
import os

import pytest

from mien.core.errors import CannotOpen
from mien.core.takes import footage_hash, hash_footage

PIECE = 16 << 20


def test_a_file_is_hashed_whole(tmp_path):
    (tmp_path / "ä b.mp4").write_bytes(b"frames" * 1000)
    found = hash_footage([tmp_path / "ä b.mp4"])
    assert found == (6000, hashlib.sha256(b"frames" * 1000).hexdigest())


def test_a_large_file_is_hashed_by_its_size_and_three_pieces(tmp_path):
    n_bytes = (64 << 20) + 2
    path = tmp_path / "long.mov"
    with path.open("wb") as file:
        file.truncate(n_bytes)
    pieces = {0: b"first", (n_bytes - PIECE) // 2: b"middle", n_bytes - 4: b"last"}
    for place, text in pieces.items():
        with path.open("r+b") as file:
            file.seek(place)
            file.write(text[: n_bytes - place])
    content = path.read_bytes()
    middle = (n_bytes - PIECE) // 2
    wanted = hashlib.sha256(n_bytes.to_bytes(8, "little"))
    for start in (0, middle, n_bytes - PIECE):
        wanted.update(content[start : start + PIECE])
    assert hash_footage([path]) == (n_bytes, wanted.hexdigest())


def test_a_file_at_the_limit_is_hashed_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(footage_hash, "WHOLE_BYTES", 100)
    monkeypatch.setattr(footage_hash, "PIECE_BYTES", 10)
    (tmp_path / "a").write_bytes(bytes(range(100)))
    assert hash_footage([tmp_path / "a"]).sha256 == hashlib.sha256(bytes(range(100))).hexdigest()
    (tmp_path / "b").write_bytes(bytes(range(101)))
    assert hash_footage([tmp_path / "b"]).sha256 != hashlib.sha256(bytes(range(101))).hexdigest()


def test_images_are_known_by_names_and_sizes_in_any_order(tmp_path):
    one, two = tmp_path / "1.png", tmp_path / "2.png"
    one.write_bytes(b"one")
    two.write_bytes(b"three")
    found = hash_footage([two, one])
    assert found == (8, hashlib.sha256(b"1.png\0003\n2.png\0005\n").hexdigest())
    assert hash_footage([one, two.rename(tmp_path / "3.png")]).sha256 != found.sha256


def test_a_camera_has_no_hash():
    assert hash_footage([]) == (None, None)


def test_footage_that_has_gone_is_said(tmp_path):
    with pytest.raises(CannotOpen, match=r"gone\.mp4' cannot be read: No such file or directory"):
        hash_footage([tmp_path / "gone.mp4"])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything"
)
def test_footage_that_may_not_be_read_is_said(tmp_path):
    (tmp_path / "a.mp4").touch(mode=0)
    with pytest.raises(
        CannotOpen, match=r"cannot be read: Permission denied. Check that it is there"
    ):
        hash_footage([tmp_path / "a.mp4"])
