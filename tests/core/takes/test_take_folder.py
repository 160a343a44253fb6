from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError, TakeDamaged, TakeError, TakeMissing, TakeTooNew
from mien.core.takes import (
    TakeWriter,
    count_stills,
    is_temporary_take,
    read_stills,
    read_take,
)

sys.path.insert(0, str(Path(__file__).parent))
from take_samples import append_frames, create, still_of

N_FRAMES = 6


@pytest.fixture
def folder(tmp_path):
    """A complete take."""
    with create(tmp_path / "take") as writer:
        append_frames(writer, range(N_FRAMES))
        writer.set_stills([still_of(1)])
        writer.finish()
    return tmp_path / "take"


@pytest.fixture
def cut_off(tmp_path):
    """A take whose capture was stopped before a header counted its frames."""
    with create(tmp_path / "cut off", n_faces=1) as writer:
        append_frames(writer, range(N_FRAMES), n_faces=1)
    return tmp_path / "cut off"


def content_of(folder):
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def edit(folder, change):
    header = json.loads((folder / "take.json").read_text())
    change(header)
    (folder / "take.json").write_text(json.dumps(header))


def put(folder, name, dtype, *, at, value):
    array = np.fromfile(folder / name, dtype)
    array[at] = value
    array.tofile(folder / name)


def assert_refused_untouched(folder, kind, match):
    before = content_of(folder)
    for use in (read_take, TakeWriter.resume):
        with pytest.raises(kind, match=match) as caught:
            use(folder)
        assert type(caught.value) is kind
        assert f"'{folder}'" in str(caught.value)
    assert content_of(folder) == before


def test_a_folder_without_a_take_is_missing(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere", Path(__file__)):
        with pytest.raises(
            TakeMissing, match=r"no 'take.json' in it. Check the path, or capture first"
        ):
            read_take(place)


def test_a_newer_take_is_refused_untouched(folder):
    edit(folder, lambda header: header.update(format_version=4, arrays="of another kind"))
    assert_refused_untouched(
        folder, TakeTooNew, "its format is version 4, this Mien reads up to 3. Update"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.update(format="tracks"),
        lambda header: header.update(format_version=True),
        lambda header: header.update(format_version=0),
        lambda header: header.pop("footage"),
        lambda header: header.update(n_landmarks=6),
        lambda header: header.update(n_faces=10**12),
        lambda header: header.update(n_frames=-1),
        lambda header: header.update(is_complete="yes"),
        lambda header: header["footage"].update(size=[720]),
        lambda header: header["footage"].update(kind="hologram"),
        lambda header: header["footage"].update(rate_hz=float("nan")),
        lambda header: header["footage"].update(rate_hz=0),
        lambda header: header["footage"].update(rate_hz=10**400),
        lambda header: header["footage"].update(rate_hz=1e30),
        lambda header: header["footage"].update(size=[0, 1280]),
        lambda header: header.update(n_faces=0),
        lambda header: header["stills"][0].update(file="../take.json"),
        lambda header: header["arrays"].pop("face1/regions.f32"),
        lambda header: header["arrays"]["time_s.f64"].update(dtype=">f8"),
    ],
)
def test_a_header_that_makes_no_sense_is_damage(folder, change):
    edit(folder, change)
    assert_refused_untouched(folder, TakeDamaged, "'take.json' cannot be understood")


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"9" * 9999]
)
def test_a_header_that_is_no_json_is_damage(folder, text):
    (folder / "take.json").write_bytes(text)
    assert_refused_untouched(folder, TakeDamaged, "'take.json' cannot be understood")


def test_a_missing_array_is_damage(folder, cut_off):
    (folder / "face1" / "landmarks_px.f32").unlink()
    assert_refused_untouched(folder, TakeDamaged, "'face1/landmarks_px.f32' is missing")
    (cut_off / "time_s.f64").unlink()
    assert_refused_untouched(cut_off, TakeDamaged, "'time_s.f64' is missing")


@pytest.mark.parametrize("n_bytes", [0, 4, 20, 23, 25, 28])
def test_a_complete_take_has_arrays_of_the_length_it_says(folder, n_bytes):
    content = (folder / "frame_index.i32").read_bytes() + b"\6\0\0\0"
    (folder / "frame_index.i32").write_bytes(content[:n_bytes])
    assert_refused_untouched(folder, TakeDamaged, f"has {n_bytes} bytes where 6 frames need 24")


def test_frames_that_a_header_has_counted_cannot_be_missing(cut_off):
    edit(cut_off, lambda header: header.update(n_frames=N_FRAMES))
    assert read_take(cut_off).n_frames == N_FRAMES
    os.truncate(cut_off / "face0" / "regions.f32", 5 * 16 + 15)
    assert_refused_untouched(cut_off, TakeDamaged, "has 95 bytes where 6 frames need 96")


NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "dtype", "at", "value"),
    [
        ("time_s.f64", "<f8", 2, NAN),
        ("time_s.f64", "<f8", 2, 0.0),
        ("frame_index.i32", "<i4", 2, 1),
        ("frame_index.i32", "<i4", 0, -1),
        ("shot.i32", "<i4", 0, -1),
        ("shot.i32", "<i4", 4, 0),
        ("face1/presence.f32", "<f4", 2, 0.0),
        ("face1/presence.f32", "<f4", 2, 1.5),
        ("face1/presence.f32", "<f4", 2, NAN),
        ("face1/presence.f32", "<f4", 1, 0.5),
        ("face1/landmarks_px.f32", "<f4", 2 * 15 + 3, NAN),
        ("face1/landmarks_px.f32", "<f4", 1 * 15 + 3, 7.0),
        ("face1/regions.f32", "<f4", 2 * 4, NAN),
        ("face1/regions.f32", "<f4", 1 * 4 + 3, 0.0),
        ("face1/followed_regions.f32", "<f4", 2 * 4 + 2, 0.0),
        ("face1/followed_regions.f32", "<f4", 1 * 4 + 3, 0.0),
    ],
)
def test_samples_that_contradict_each_other_are_damage(folder, name, dtype, at, value):
    put(folder, name, dtype, at=at, value=value)
    assert_refused_untouched(folder, TakeDamaged, r"samples of frame \d contradict each other")


def test_frames_of_equal_times_share_the_span_up_to_the_next_time(folder):
    times_s = np.array([0.0, 0.0, 0.03, 0.03, 0.03, 0.03])
    times_s.tofile(folder / "time_s.f64")
    before = content_of(folder)
    found = read_take(folder)
    assert found.footage.rate_hz == 25.0
    np.testing.assert_allclose(found.time_s, [0.0, 0.015, 0.03, 0.07, 0.11, 0.15], atol=1e-12)
    assert content_of(folder) == before


def test_zeros_that_a_power_cut_left_at_the_end_are_cut_off(cut_off):
    for name in (
        "time_s.f64",
        "frame_index.i32",
        "shot.i32",
        "face0/presence.f32",
        "face0/landmarks_px.f32",
        "face0/regions.f32",
        "face0/followed_regions.f32",
    ):
        content = (cut_off / name).read_bytes()
        record = len(content) // N_FRAMES
        (cut_off / name).write_bytes(content[: 5 * record] + bytes(record))
        assert read_take(cut_off).n_frames == 5, name
        (cut_off / name).write_bytes(content)
    assert read_take(cut_off).n_frames == N_FRAMES


def test_a_file_cut_at_any_byte_gives_whole_frames_or_says_what_is_wrong(folder, cut_off, tmp_path):
    whole = read_take(cut_off)
    for take in (folder, cut_off):
        for path in [path for path in take.rglob("*") if path.is_file()]:
            content = path.read_bytes()
            for n_bytes in range(len(content) - (path.suffix == ".json")):  # not its line's end
                path.write_bytes(content[:n_bytes])
                try:
                    found = read_take(take)
                    read_stills(take)
                except MienError:
                    continue
                assert take == cut_off, f"{path.name} cut to {n_bytes} bytes went unnoticed"
                assert found.n_frames <= N_FRAMES
                assert found.time_s.tolist() == whole.time_s[: found.n_frames].tolist()
            path.write_bytes(content)


def test_flipped_bytes_raise_nothing_but_errors_for_the_artist(folder):
    rng = random.Random(7)
    paths = [path for path in folder.rglob("*") if path.is_file()]
    for _ in range(1500):
        path = rng.choice([*paths, folder / "take.json", folder / "take.json"])
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(bytes(flipped))
        try:
            read_take(folder)
            read_stills(folder)
        except MienError:
            pass
        path.write_bytes(content)


def test_a_missing_or_broken_still_is_damage(folder):
    (path,) = (folder / "stills").iterdir()
    path.write_bytes(b"GIF89a")
    with pytest.raises(TakeDamaged, match=f"still '{path.name}' is no picture"):
        read_stills(folder)
    shutil.rmtree(folder / "stills")
    with pytest.raises(TakeDamaged, match=f"still '{path.name}' cannot be read"):
        read_stills(folder)
    assert read_take(folder).n_frames == N_FRAMES


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything"
)
def test_a_take_that_may_not_be_read_is_said(folder):
    (folder / "time_s.f64").chmod(0)
    with pytest.raises(TakeError, match=r"cannot be read: 'time_s.f64': Permission denied"):
        read_take(folder)


def test_a_take_without_frames_is_empty_not_damaged(tmp_path):
    with create(tmp_path / "take") as writer:
        assert read_take(tmp_path / "take").n_frames == 0
        writer.finish()
    take = read_take(tmp_path / "take")
    assert take.is_complete and take.faces[1].landmarks_px.shape == (0, 5, 3)


def test_a_take_from_before_there_were_temporary_ones_is_none(folder):
    edit(folder, lambda header: header.pop("is_temporary"))
    assert not is_temporary_take(folder)


@pytest.fixture
def old(folder):
    """A take as the first version of the format had it."""
    edit(folder, lambda header: header.update(format_version=1))
    edit(folder, lambda header: header.pop("map_size"))
    for name in ("shot.i32", "face0/followed_regions.f32", "face1/followed_regions.f32"):
        edit(folder, lambda header, name=name: header["arrays"].pop(name))
        (folder / name).unlink()
    return folder


def test_a_take_from_before_there_were_shots_is_one_shot(old):
    before = content_of(old)
    assert read_take(old).shot.tolist() == [0] * N_FRAMES
    assert content_of(old) == before


def test_a_take_from_before_there_were_shots_can_be_gone_on_with(old):
    with TakeWriter.resume(old) as writer:
        append_frames(writer, range(N_FRAMES, N_FRAMES + 2))
        writer.finish()
    assert json.loads((old / "take.json").read_text())["format_version"] == 1
    found = read_take(old)
    assert found.shot.tolist() == [0] * (N_FRAMES + 2) and found.is_complete


def test_stills_are_counted_whether_they_are_whole_or_not(folder):
    next((folder / "stills").iterdir()).write_bytes(b"no picture")
    assert count_stills(folder) == 1


def test_the_format_page_names_every_array_and_field(folder):
    page = Path(__file__).parents[3] / "docs" / "formats" / "take.md"
    text = page.read_text(encoding="utf-8")
    header = json.loads((folder / "take.json").read_text())
    fields = (
        set(header) | set(header["footage"]) | set(header["provenance"]) | set(header["stills"][0])
    )
    names = {name.replace("face0", "face<k>") for name in header["arrays"] if "face1" not in name}
    assert [name for name in sorted(fields | names) if f"`{name}`" not in text] == []
