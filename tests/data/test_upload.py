"""A picture that a person brings: any file may come, and only a picture or a DataError may leave."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vitviz.data import DataError, picture_to_image
from vitviz.data.pictures import MAX_SIDE

MODES = ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LA", "I", "F", "I;16", "La", "RGBa", "PA")


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def in_mode(grey: np.ndarray, mode: str) -> Image.Image:
    picture = Image.fromarray(grey)
    if mode == "PA":
        return picture.convert("P").convert("PA")
    if mode in ("La", "RGBa"):
        return picture.convert(mode.upper()).convert(mode)
    return picture.convert("I").convert(mode) if mode == "I;16" else picture.convert(mode)


greys = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1)).map(
    lambda drawn: np.random.default_rng(drawn[2]).integers(0, 256, drawn[:2], np.uint8)
)


@settings(deadline=None)
@given(
    greys,
    st.sampled_from(MODES),
    st.integers(1, 40),
    st.sampled_from([1, 3]),
    st.sampled_from([None, True, False]),
)
def test_every_mode_and_size_becomes_bytes_of_the_asked_shape(grey, mode, image_size, channels, invert):
    upload = picture_to_image(in_mode(grey, mode), image_size=image_size, channels=channels, invert=invert)
    assert upload.image.shape == (image_size, image_size, channels) and upload.image.dtype == np.uint8
    assert upload.original.mode in ("L", "RGB") and upload.original.size == grey.shape[::-1]
    if invert is not None:
        assert upload.inverted is invert


@settings(deadline=None)
@given(greys, st.sampled_from(["PNG", "WEBP", "GIF", "BMP"]))
def test_a_grey_file_of_the_right_size_keeps_its_pixels(grey, kind):
    side = min(grey.shape)
    grey = grey[:side, :side]
    options = {"lossless": True} if kind == "WEBP" else {}
    upload = picture_to_image(
        encoded(Image.fromarray(grey), kind, **options), image_size=side, channels=1, invert=False
    )
    # WebP stores colour only, and comes back through the luma weights: exact for equal channels.
    assert np.array_equal(upload.image[..., 0], grey)


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF", b"BM"]),
)
def test_arbitrary_bytes_never_raise_anything_but_a_data_error(content, head):
    try:
        picture_to_image(head + content, image_size=8, channels=1)
    except DataError as error:
        assert "The upload" in str(error)


@settings(deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP"]), st.data())
def test_a_damaged_file_gives_a_picture_or_a_data_error(kind, data):
    noise = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    content = bytearray(encoded(Image.fromarray(noise), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        upload = picture_to_image(bytes(content), image_size=8, channels=3)
        assert upload.image.shape == (8, 8, 3)
    except DataError:
        pass


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_half_a_file_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    with pytest.raises(DataError, match="cannot be read as a picture"):
        picture_to_image(content[: len(content) // 2], image_size=8, channels=3)


def test_shrinking_is_the_mean_over_each_new_pixels_area():
    grey = np.random.default_rng(2).integers(0, 256, (56, 56), np.uint8)
    image = picture_to_image(Image.fromarray(grey), image_size=28, channels=1, invert=False).image[..., 0]
    assert np.abs(image - grey.reshape(28, 2, 28, 2).mean((1, 3))).max() <= 1  # rounded once per axis


def test_the_middle_square_is_kept_and_the_note_says_so():
    picture = Image.new("L", (90, 30), 0)
    picture.paste(180, (30, 0, 60, 30))
    upload = picture_to_image(picture, image_size=10, channels=1, invert=False)
    assert (upload.image == 180).all()
    assert upload.notes == ("cut to the middle square of 90 × 30",)


def test_a_camera_turned_on_its_side_gives_an_upright_picture():
    upright = np.random.default_rng(3).integers(0, 256, (8, 8), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees clockwise to see it upright"
    lying = Image.fromarray(np.rot90(upright))
    upload = picture_to_image(encoded(lying, exif=exif.tobytes()), image_size=8, channels=1, invert=False)
    assert np.array_equal(upload.image[..., 0], upright)
    assert "turned upright, as the camera noted" in upload.notes


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_parts_are_white(mode):
    clear = Image.new("RGBA", (6, 6), (0, 0, 0, 0))
    picture = clear.convert("LA") if mode == "LA" else clear
    if mode == "PA":
        picture = Image.new("P", (6, 6), 0).convert("PA")
        picture.putalpha(0)
    upload = picture_to_image(picture, image_size=6, channels=3)
    assert (upload.image == 255).all() and "transparent parts shown on white" in upload.notes


def test_a_transparent_palette_colour_is_white():
    picture = Image.new("P", (6, 6), 0)
    picture.putpalette([10, 20, 30] * 256)
    upload = picture_to_image(encoded(picture, transparency=0), image_size=6, channels=3)
    assert (upload.image == 255).all()


def test_sixteen_bits_are_brought_down_over_the_whole_range():
    deep = np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
    upload = picture_to_image(encoded(Image.fromarray(deep)), image_size=8, channels=1, invert=False)
    assert np.array_equal(upload.image[..., 0], np.rint(deep / 257))


@pytest.mark.filterwarnings("error")
def test_numbers_without_a_known_range_are_spread_over_their_own():
    ramp = np.linspace(-3, 7, 64, dtype=np.float32).reshape(8, 8)
    image = picture_to_image(Image.fromarray(ramp), image_size=8, channels=1, invert=False).image[..., 0]
    assert np.abs(image - (ramp + 3) * 25.5).max() <= 0.5 + 1e-4
    flat = Image.fromarray(np.full((8, 8), 300, np.float32))
    assert len(np.unique(picture_to_image(flat, image_size=8, channels=1).image)) == 1
    with pytest.raises(DataError, match="not finite"):
        picture_to_image(Image.fromarray(ramp * np.nan), image_size=8, channels=1)


def test_the_first_frame_of_an_animation_is_taken():
    frames = [Image.new("RGB", (6, 6), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        upload = picture_to_image(content, image_size=4, channels=3)
        assert (upload.image == [255, 0, 0]).all() and "the first frame only" in upload.notes


def thing(background: int, middle: int) -> Image.Image:
    picture = Image.new("L", (56, 56), background)
    picture.paste(middle, (14, 14, 42, 42))
    return picture


@pytest.mark.parametrize(
    ("background", "middle", "expected"),
    [
        (255, 30, True),  # a dark thing on white paper
        (0, 200, False),  # as the set itself shows things
        (160, 220, False),  # a bright border, but the thing is brighter
        (100, 30, False),  # a dark border, though the thing is darker
    ],
)
def test_a_dark_thing_on_a_bright_ground_is_inverted(background, middle, expected):
    upload = picture_to_image(thing(background, middle), image_size=28, channels=1)
    assert upload.inverted is expected
    assert upload.image[14, 14, 0] == (255 - middle if expected else middle)


def test_the_choice_to_invert_does_not_depend_on_the_image_size():
    assert {
        picture_to_image(thing(255, 30), image_size=n, channels=1).inverted for n in (1, 2, 5, 28, 64)
    } == {True}


def test_a_colour_picture_is_inverted_only_on_demand():
    assert not picture_to_image(thing(255, 30), image_size=28, channels=3).inverted
    assert picture_to_image(thing(255, 30), image_size=28, channels=3, invert=True).image[0, 0].tolist() == [
        0,
        0,
        0,
    ]


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    header = struct.pack(">IIBBBBB", 7_100, 7_100, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    png += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(DataError, match="too large of 7100 × 7100: at most 50 million"):
        picture_to_image(png, image_size=28, channels=1)
    bomb = png.replace(header, struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    with pytest.raises(DataError, match=r"too large|cannot be read"):
        picture_to_image(bomb, image_size=28, channels=1)


def test_a_large_photograph_is_kept_small_for_display():
    gradient = Image.linear_gradient("L").resize((3000, 2100))
    upload = picture_to_image(encoded(gradient, "JPEG"), image_size=28, channels=1, invert=False)
    assert max(upload.original.size) == MAX_SIDE
    expected = picture_to_image(encoded(gradient), image_size=28, channels=1, invert=False).image
    assert np.abs(upload.image.astype(int) - expected).max() <= 3


def test_a_file_a_path_and_bytes_are_the_same_picture(tmp_path):
    path = tmp_path / "thing.png"
    thing(0, 99).save(path)
    images = [
        picture_to_image(source, image_size=9, channels=1).image
        for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), thing(0, 99))
    ]
    assert all(np.array_equal(image, images[0]) for image in images)


def test_a_missing_file_and_a_foreign_one_are_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.png cannot be read"):
        picture_to_image(tmp_path / "absent.png", image_size=9, channels=1)
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(
        DataError, match=r"text\.png cannot be read as a picture \(no picture of a known format\)"
    ):
        picture_to_image(tmp_path / "text.png", image_size=9, channels=1)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"image_size": 0, "channels": 1}, "image_size must be from 1"),
        ({"image_size": 28, "channels": 4}, "channels must be 1"),
    ],
)
def test_a_bad_size_or_number_of_channels_is_refused(options, rule):
    with pytest.raises(DataError, match=rule):
        picture_to_image(thing(0, 1), **options)
