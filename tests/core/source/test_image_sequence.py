"""Images: which belong together, in what order, at what time, and how their pixels are read."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.core.errors import CannotDecode, CannotOpen
from mien.core.settings import SourceSettings
from mien.core.source import open_source
from mien.core.source.image_file import read_image


def write_image(path, level, *, size=(6, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), level, np.uint8)).save(path)
    return path


def write_sequence(folder, names):
    """Write images whose grey level is their place in the list."""
    return [write_image(folder / name, index) for index, name in enumerate(names)]


def read_all(path, **settings):
    with open_source(str(path), SourceSettings(**settings)) as source:
        frames = list(source.frames())
        return source.footage, frames, source.warnings


def levels(frames):
    return [int(frame.image[0, 0, 0]) for frame in frames]


NAMES = [f"shot_{number:04d}.png" for number in range(8, 13)]


@pytest.mark.parametrize("what", ["", "shot_0010.png", "shot_####.png", "shot_%04d.png",
                                  "shot_*.png", "*.png"])  # fmt: skip
def test_every_way_to_name_a_sequence_tells_its_files(tmp_path, what):
    write_sequence(tmp_path, NAMES)
    (tmp_path / "notes.txt").write_text("no image")
    with open_source(str(tmp_path / what), SourceSettings()) as source:
        assert source.files == tuple(tmp_path / name for name in NAMES)


@pytest.mark.parametrize("what", ["", "shot_0010.png", "shot_####.png", "shot_%04d.png",
                                  "shot_*.png", "*.png"])  # fmt: skip
def test_every_way_to_name_a_sequence_gives_its_frames(tmp_path, what):
    write_sequence(tmp_path / "s", NAMES)
    footage, frames, warnings = read_all(tmp_path / "s" / what)
    assert levels(frames) == [0, 1, 2, 3, 4]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose([f.time_s for f in frames], np.arange(5) / 24.0)
    assert (footage.kind, footage.size, footage.rate_hz) == ("images", (6, 8), 24.0)
    assert footage.n_frames == 5
    assert footage.path == str(tmp_path / "s" / what)
    assert warnings == ()


def test_numbers_sort_as_numbers(tmp_path):
    write_sequence(tmp_path, [f"f{number}.png" for number in (1, 2, 9, 10, 11, 100)])
    for what in (tmp_path, tmp_path / "f*.png", tmp_path / "f9.png", tmp_path / "f#.png"):
        footage, frames, _ = read_all(what)
        assert levels(frames) == [0, 1, 2, 3, 4, 5], what
        assert footage.n_frames == 6


def test_a_numbered_image_takes_only_its_own_sequence(tmp_path):
    write_sequence(tmp_path, ["a_01.png", "a_02.png"])
    for other in ("b_01.png", "a_01.jpg", "a_1x.png", "xa_03.png", ".a_03.png"):
        write_image(tmp_path / other, 99)
    assert levels(read_all(tmp_path / "a_01.png")[1]) == [0, 1]


def test_padded_numbers_may_outgrow_their_digits(tmp_path):
    write_sequence(tmp_path, ["a_98.png", "a_99.png", "a_100.png"])
    write_image(tmp_path / "a_0101.png", 99)
    for what in ("a_98.png", "a_##.png", "a_%02d.png"):
        assert levels(read_all(tmp_path / what)[1]) == [0, 1, 2], what


def test_the_rate_can_be_chosen(tmp_path):
    write_sequence(tmp_path, NAMES)
    footage, frames, _ = read_all(tmp_path, rate_hz=10.0, start_s=0.1, end_s=0.3)
    assert footage.rate_hz == 10.0
    assert levels(frames) == [1, 2]
    assert [frame.index for frame in frames] == [1, 2]
    np.testing.assert_allclose([f.time_s for f in frames], [0.1, 0.2])


def test_a_missing_number_leaves_a_hole_in_time(tmp_path):
    numbers = (3, 4, 7, 8)
    write_sequence(tmp_path, [f"a{number}.png" for number in numbers])
    _, frames, warnings = read_all(tmp_path, rate_hz=10.0)
    np.testing.assert_allclose([f.time_s for f in frames], [0.0, 0.1, 0.4, 0.5])
    assert warnings == ("2 numbers of the images are missing and left a hole: 5, 6.",)


def test_an_unreadable_image_leaves_a_hole_and_is_named(tmp_path):
    paths = write_sequence(tmp_path, NAMES)
    paths[0].write_bytes(b"no image")
    paths[2].write_bytes(paths[2].read_bytes()[:40])
    _, frames, warnings = read_all(tmp_path, rate_hz=10.0)
    assert levels(frames) == [1, 3, 4]
    np.testing.assert_allclose([f.time_s for f in frames], [0.1, 0.3, 0.4])
    assert warnings == (
        "2 images could not be read and left a hole: 'shot_0008.png', 'shot_0010.png'.",
    )


def test_an_image_that_goes_away_is_named(tmp_path):
    paths = write_sequence(tmp_path, NAMES)
    with open_source(str(tmp_path), SourceSettings()) as source:
        paths[3].unlink()
        assert levels(source.frames()) == [0, 1, 2, 4]
        assert source.warnings == ("1 image could not be read and left a hole: 'shot_0011.png'.",)


def test_images_without_one_number_are_counted(tmp_path):
    write_sequence(tmp_path, ["Anna.png", "bert.png", "carl 7.png"])
    _, frames, warnings = read_all(tmp_path, rate_hz=10.0)
    assert levels(frames) == [0, 1, 2]
    np.testing.assert_allclose([f.time_s for f in frames], [0.0, 0.1, 0.2])
    assert warnings == ()


@pytest.mark.parametrize("name", ["portrait.png", "IMG_2031.jpg", 'ä "quoted" it\'s 顔.webp'])
def test_one_image_is_footage_of_one_frame(tmp_path, name):
    write_image(tmp_path / name, 128)
    footage, frames, warnings = read_all(tmp_path / name)
    assert len(frames) == 1
    assert frames[0].time_s == 0.0
    np.testing.assert_allclose(frames[0].image, 128, atol=1)
    assert (footage.n_frames, warnings) == (1, ())


def test_images_of_another_size_are_an_error(tmp_path):
    write_sequence(tmp_path, NAMES)
    write_image(tmp_path / NAMES[2], 0, size=(12, 10))
    with pytest.raises(CannotDecode) as caught:
        read_all(tmp_path)
    assert str(caught.value) == (
        "Image 'shot_0010.png' is 10×12 pixels, but the images before it are 8×6. "
        "Bring all images to one size, or choose other images."
    )


def test_a_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(CannotOpen, match=f"^Folder '{tmp_path.name}' holds no images. Choose"):
        open_source(str(tmp_path), SourceSettings())


def test_a_pattern_that_nothing_fits_is_an_error(tmp_path):
    write_sequence(tmp_path, NAMES)
    with pytest.raises(CannotOpen, match=r"^No image fits 'take_####\.png' in folder '"):
        open_source(str(tmp_path / "take_####.png"), SourceSettings())


def test_a_pattern_in_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(CannotOpen, match="none' does not exist"):
        open_source(str(tmp_path / "none" / "a_####.png"), SourceSettings())


def test_images_that_are_all_unreadable_are_an_error(tmp_path):
    for path in write_sequence(tmp_path, NAMES[:3]):
        path.write_bytes(b"no image")
    with pytest.raises(CannotDecode) as caught:
        open_source(str(tmp_path), SourceSettings())
    assert str(caught.value).startswith(
        "Not one of 3 images can be read. The first: Image 'shot_0008.png' cannot be decoded: "
    )


def test_an_unreadable_image_is_an_error(tmp_path):
    (tmp_path / "face.png").write_bytes(b"")
    with pytest.raises(CannotDecode, match=r"^Image 'face\.png' cannot be decoded: it is damaged"):
        open_source(str(tmp_path / "face.png"), SourceSettings())


def test_a_range_without_images_is_an_error(tmp_path):
    write_sequence(tmp_path, NAMES)
    with pytest.raises(
        CannotDecode, match=r"no frame from 3 s to their end: the last is at 0\.167 s"
    ):
        read_all(tmp_path, start_s=3.0)


def test_a_range_of_unreadable_images_is_an_error(tmp_path):
    paths = write_sequence(tmp_path, NAMES)
    paths[4].write_bytes(b"no image")
    with pytest.raises(CannotDecode, match=r"Not one image of the range .* 'shot_0012\.png'"):
        read_all(tmp_path, start_s=4 / 24)


def test_an_image_that_may_not_be_read_says_why(tmp_path):
    with pytest.raises(CannotDecode, match=r"^Image 'a\.png' cannot be read: No such file"):
        read_image(tmp_path / "a.png")


def test_colours_are_red_green_blue(tmp_path):
    Image.new("RGB", (3, 2), (250, 100, 20)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, 0].tolist() == [250, 100, 20]


def test_grey_becomes_three_channels(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.dstack([grey] * 3))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_scaled(tmp_path, suffix):
    levels_16 = np.array([[0, 257, 128 * 257 + 100, 65535]], np.uint16)
    path = tmp_path / f"deep{suffix}"
    path.write_bytes(cv2.imencode(suffix, np.dstack([levels_16] * 3))[1].tobytes())
    assert read_image(path)[0, :, 1].tolist() == [0, 1, 128, 255]


def test_float_images_go_from_zero_to_one(tmp_path):
    values = np.array([[-1.0, 0.0, 0.5, 1.0, 7.0]], np.float32)
    path = tmp_path / "float.tiff"
    lossless = [cv2.IMWRITE_TIFF_COMPRESSION, 1]
    path.write_bytes(cv2.imencode(".tiff", np.dstack([values] * 3), lossless)[1].tobytes())
    assert read_image(path)[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_what_alpha_hides_is_black(tmp_path):
    pixels = np.full((1, 3, 4), 200, np.uint8)
    pixels[0, :, 3] = (0, 128, 255)
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    assert read_image(tmp_path / "alpha.png")[0, :, 0].tolist() == [0, 100, 200]


# Row and column, in the upright image, of the stored image's first pixel (EXIF 2.3, tag 0x0112).
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (5, (0, 0)), (6, (0, 1)), (7, (1, 1)),
     (8, (1, 0))],
)  # fmt: skip
def test_exif_orientation_is_obeyed(tmp_path, orientation, corner):
    stored = np.zeros((32, 48, 3), np.uint8)
    stored[:12, :12] = 255
    image = Image.fromarray(stored)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    upright = read_image(tmp_path / "turned.jpg")
    assert upright.shape[:2] == ((48, 32) if orientation > 4 else (32, 48))
    row = slice(-10, None) if corner[0] else slice(0, 10)
    column = slice(-10, None) if corner[1] else slice(0, 10)
    assert upright[row, column].mean() > 240
    assert upright.mean() < 40


def test_one_pixel_is_an_image(tmp_path):
    write_image(tmp_path / "dot.png", 77, size=(1, 1))
    _, frames, _ = read_all(tmp_path / "dot.png")
    assert frames[0].image.tolist() == [[[77, 77, 77]]]
