"""Makes the odd pictures of tests/fixtures/odd_table and what Pillow makes of each.

    pip install pillow numpy
    python scripts/odd-pictures.py

`cjpeg` and `jpegtran` of libjpeg-turbo must be installed. `expected/NAME.png` has Pillow's pixels, `refused.json` its
errors; `own/NAME.png` what the file was made from where Pillow makes other pixels. Rewriting needs a look at the diff: encoders of another version make other files.
"""

import io
import json
import pathlib
import shutil
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

FOLDER = pathlib.Path(__file__).parent.parent / "tests/fixtures/odd_table"
README = """Odd pictures of each format, made by `scripts/odd-pictures.py` with Pillow 13 and libjpeg-turbo. `expected/` holds what
Pillow makes of each as RGB, `refused.json` its errors, and `own/` what a file was made from where Pillow makes other pixels.
`crates/pictures/tests/odd_table.rs` compares.
"""
WIDTH, HEIGHT = 43, 29
files = {}


def scene(width=WIDTH, height=HEIGHT):
    """Smooth colours with a rectangle, without symmetry."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    red = 255 * x / (width - 1)
    green = 255 * y / (height - 1)
    blue = 127 + 120 * np.sin(x / 7) * np.cos(y / 5)
    pixels = np.stack([red, green, blue], -1).round().astype(np.uint8)
    pixels[3:10, 4:14] = [220, 30, 40]
    return Image.fromarray(pixels)


RGB = scene()
GREY = RGB.convert("L")
CMYK = RGB.convert("CMYK")
RGBA = RGB.copy()
RGBA.putalpha(GREY)
PALETTE = RGB.quantize(16)


def saved(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


# JPEG


def cjpeg(*options, picture=RGB):
    ppm = saved(picture, "PPM")
    return subprocess.run(["cjpeg", *options], input=ppm, capture_output=True, check=True).stdout


def jpegtran(data, *options):
    return subprocess.run(["jpegtran", *options], input=data, capture_output=True, check=True).stdout


def segments(data):
    """(marker, whole segment) up to the first scan header, then (None, rest)."""
    found, place = [], 2
    while data[place + 1] != 0xDA:
        length = struct.unpack(">H", data[place + 2 : place + 4])[0]
        found.append((data[place + 1], data[place : place + 2 + length]))
        place += 2 + length
    return found, data[place:]


def joined(found, rest):
    return b"\xff\xd8" + b"".join(segment for _, segment in found) + rest


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def adobe(transform):
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def with_first(data, *new, without=()):
    """`data` with `new` segments after its JFIF segment, or without some kinds."""
    found, rest = segments(data)
    kept = [(marker, content) for marker, content in found if marker not in without]
    at = 1 if kept and kept[0][0] == 0xE0 else 0
    return joined(kept[:at] + [(None, content) for content in new] + kept[at:], rest)


def renamed(data, names):
    """`data` with other names of its components."""
    data = bytearray(data)
    frame = next(data.find(bytes([0xFF, code])) for code in (0xC0, 0xC1, 0xC2) if bytes([0xFF, code]) in data)
    scan = data.find(b"\xff\xda")
    for index, name in enumerate(names):
        data[frame + 10 + 3 * index] = name
        data[scan + 5 + 2 * index] = name
    return bytes(data)


def exif(orientation, order="<", kind=3):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    value = struct.pack(order + "HH", orientation, 0) if kind == 3 else struct.pack(order + "I", orientation)
    return mark + struct.pack(order + "IHHHI", 8, 1, 0x112, kind, 1) + value + b"\0\0\0\0"


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def raw_profile(content):
    """EXIF as ImageMagick kept it in the text of a PNG."""
    digits = content.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"\nexif\n{len(content):8}\n{lines}\n".encode()


def jpegs():
    base = cjpeg("-quality", "92", "-sample", "1x1")
    half = cjpeg("-quality", "92", "-sample", "2x2")
    progressive = cjpeg("-quality", "92", "-progressive")
    files["jpeg_444.jpg"] = base
    files["jpeg_420.jpg"] = half
    files["jpeg_422.jpg"] = cjpeg("-quality", "92", "-sample", "2x1")
    files["jpeg_440.jpg"] = cjpeg("-quality", "92", "-sample", "1x2")
    files["jpeg_411.jpg"] = cjpeg("-quality", "92", "-sample", "4x1")
    files["jpeg_410.jpg"] = cjpeg("-quality", "92", "-sample", "4x2")
    files["jpeg_441.jpg"] = cjpeg("-quality", "92", "-sample", "1x4")
    files["jpeg_luma_sampled_less.jpg"] = cjpeg("-quality", "92", "-sample", "1x1,2x2,2x2")
    files["jpeg_sampled_2x1_1x2.jpg"] = cjpeg("-quality", "92", "-sample", "2x2,2x1,1x2")
    files["jpeg_sampled_3x1.jpg"] = cjpeg("-quality", "92", "-sample", "3x1")
    files["jpeg_grey.jpg"] = cjpeg("-quality", "92", "-grayscale")
    files["jpeg_grey_sampled_2x2.jpg"] = cjpeg("-quality", "92", "-grayscale", "-sample", "2x2")
    files["jpeg_progressive.jpg"] = progressive
    files["jpeg_progressive_grey.jpg"] = cjpeg("-quality", "92", "-progressive", "-grayscale")
    files["jpeg_progressive_420_restarts.jpg"] = cjpeg("-quality", "92", "-progressive", "-sample", "2x2", "-restart", "1")
    files["jpeg_restarts_by_row.jpg"] = cjpeg("-quality", "92", "-restart", "1")
    files["jpeg_restarts_by_block.jpg"] = cjpeg("-quality", "92", "-restart", "1B")
    files["jpeg_quality_3.jpg"] = cjpeg("-quality", "3", "-baseline")
    files["jpeg_quality_1_16_bit_tables.jpg"] = cjpeg("-quality", "1")
    files["jpeg_quality_100.jpg"] = cjpeg("-quality", "100", "-dct", "float")
    files["jpeg_optimised.jpg"] = cjpeg("-quality", "92", "-optimize")
    files["jpeg_one_pixel.jpg"] = saved(RGB.crop((5, 5, 6, 6)), "JPEG")
    files["jpeg_wide_sliver.jpg"] = cjpeg("-sample", "2x2", picture=scene(300, 2))
    files["jpeg_high_sliver.jpg"] = cjpeg("-sample", "2x2", picture=scene(2, 300))
    scans = FOLDER / "scans.txt"
    scans.write_text("0;\n1;\n2;\n")
    files["jpeg_three_scans.jpg"] = cjpeg("-quality", "92", "-sample", "2x2", "-scans", str(scans))
    scans.write_text("0;\n1 2;\n")
    files["jpeg_two_scans.jpg"] = cjpeg("-quality", "92", "-sample", "2x1", "-scans", str(scans))
    for sample in ("1x1", "2x1", "2x2"):
        files[f"jpeg_two_scans_{sample}.jpg"] = cjpeg("-quality", "92", "-sample", sample, "-scans", str(scans))
    scans.write_text("0 1 2;\n")
    files["jpeg_one_scan_2x2.jpg"] = cjpeg("-quality", "92", "-sample", "2x2", "-scans", str(scans))
    scans.write_text("0;\n1;\n2;\n")
    for sample in ("1x1", "2x1", "1x2"):
        files[f"jpeg_three_scans_{sample}.jpg"] = cjpeg("-quality", "92", "-sample", sample, "-scans", str(scans))
    scans.unlink()
    files["jpeg_arithmetic.jpg"] = cjpeg("-arithmetic")
    files["jpeg_12_bit.jpg"] = base.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c")
    try:
        files["jpeg_lossless.jpg"] = cjpeg("-lossless", "1")
    except subprocess.CalledProcessError:
        files["jpeg_lossless.jpg"] = base.replace(b"\xff\xc0", b"\xff\xc3")

    # Stray bytes.
    found, rest = segments(half)
    stray = lambda count: (None, bytes(range(1, count + 1)))
    for count in (1, 2, 3, 10, 200):
        files[f"jpeg_stray_{count:03}.jpg"] = joined(found[:1] + [stray(count)] + found[1:], rest)
    files["jpeg_stray_between_all.jpg"] = joined([part for one in found for part in (one, stray(7))], rest)
    files["jpeg_stray_with_stuffed_ff.jpg"] = joined(found[:2] + [(None, b"ab\xff\0cd\xff\xff\0e")] + found[2:], rest)
    files["jpeg_fill_bytes.jpg"] = joined(found[:2] + [(None, b"\xff" * 9)] + found[2:], rest)
    at = progressive.find(b"\xff\xc4", progressive.find(b"\xff\xda"))
    before = progressive.find(b"\xff\xda", at)
    files["jpeg_stray_before_second_scan.jpg"] = progressive[:before] + b"stray" * 9 + progressive[before:]
    files["jpeg_stray_after_scan_data.jpg"] = progressive[:at] + b"stray" * 9 + progressive[at:]
    files["jpeg_stray_before_end.jpg"] = half[:-2] + b"stray" * 20 + half[-2:]
    files["jpeg_trailing_zeros.jpg"] = half + b"\0" * 500
    files["jpeg_trailing_jpeg.jpg"] = half + base
    files["jpeg_trailing_film.jpg"] = half + b"\0\0\0\x18ftypmp42" + bytes(100)
    files["jpeg_no_end.jpg"] = half[:-2]
    files["jpeg_half.jpg"] = half[: len(half) // 2 + 100]
    files["jpeg_half_with_end.jpg"] = half[:-300] + b"\xff\xd9"
    files["jpeg_progressive_half.jpg"] = progressive[: len(progressive) // 2]
    files["jpeg_no_first_bytes.jpg"] = half[2:]

    # Colours: JFIF, Adobe and the names of the components contradict each other.
    plain = with_first(base, without=(0xE0,))
    as_rgb = saved(RGB, "JPEG", quality=92, keep_rgb=True)
    rgb = with_first(as_rgb, without=(0xE0, 0xEE))
    files["jpeg_neither_jfif_nor_adobe.jpg"] = plain
    for transform in (0, 1, 2, 3, 255):
        files[f"jpeg_adobe_{transform}.jpg"] = with_first(plain, adobe(transform))
        files[f"jpeg_jfif_and_adobe_{transform}.jpg"] = with_first(base, adobe(transform))
        files[f"jpeg_rgb_adobe_{transform}.jpg"] = with_first(rgb, adobe(transform))
    files["jpeg_rgb_by_name.jpg"] = renamed(rgb, b"RGB")
    files["jpeg_rgb_by_name_with_jfif.jpg"] = with_first(renamed(rgb, b"RGB"), segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    files["jpeg_rgb_by_name_adobe_1.jpg"] = with_first(renamed(rgb, b"RGB"), adobe(1))
    files["jpeg_named_0_1_2.jpg"] = renamed(plain, b"\0\1\2")
    files["jpeg_named_y_cb_cr.jpg"] = renamed(plain, b"Ycb")
    files["jpeg_named_34_35_36.jpg"] = renamed(half, b"\x22\x23\x24")
    files["jpeg_grey_adobe_0.jpg"] = with_first(files["jpeg_grey.jpg"], adobe(0))
    files["jpeg_adobe_after_frame.jpg"] = plain.replace(b"\xff\xc4", adobe(0) + b"\xff\xc4", 1)
    files["jpeg_adobe_too_short.jpg"] = with_first(plain, segment(0xEE, b"Adobe\0\x64"))
    files["jpeg_app14_not_adobe.jpg"] = with_first(plain, segment(0xEE, b"Another segment"))
    cmyk = saved(CMYK, "JPEG", quality=92)
    files["jpeg_cmyk.jpg"] = cmyk
    bare = with_first(cmyk, without=(0xE0, 0xEE))
    files["jpeg_cmyk_bare.jpg"] = bare
    for transform in (0, 1, 2, 9):
        files[f"jpeg_four_adobe_{transform}.jpg"] = with_first(bare, adobe(transform))
    files["jpeg_cmyk_with_jfif.jpg"] = with_first(bare, segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    files["jpeg_two_components.jpg"] = base.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x0e\x08")

    # Odd segments.
    files["jpeg_two_soi.jpg"] = b"\xff\xd8" + half
    files["jpeg_soi_among_headers.jpg"] = joined(found[:2] + [(None, b"\xff\xd8")] + found[2:], rest)
    thumbnail = saved(RGB.resize((16, 12)), "JPEG")
    files["jpeg_thumbnail_in_app1.jpg"] = with_first(half, segment(0xE1, b"Exif\0\0" + exif(1) + thumbnail))
    files["jpeg_thumbnail_in_jfxx.jpg"] = with_first(half, segment(0xE0, b"JFXX\0\x10" + thumbnail))
    files["jpeg_broken_app1.jpg"] = with_first(half, segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"))
    files["jpeg_broken_app2.jpg"] = with_first(half, segment(0xE2, b"ICC_PROFILE\0"), segment(0xE2, b"MPF\0junk"))
    files["jpeg_broken_app13.jpg"] = with_first(half, segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4"))
    files["jpeg_empty_segments.jpg"] = with_first(half, *[segment(0xE0 + code, b"") for code in range(1, 16)])
    files["jpeg_comment.jpg"] = with_first(half, segment(0xFE, b"a comment with \xff\xda in it"))
    files["jpeg_unknown_segments.jpg"] = with_first(half, segment(0xF0, b"extension"), segment(0xF7, b"another"))
    files["jpeg_no_huffman_tables.jpg"] = with_first(half, without=(0xC4,))
    files["jpeg_no_quantisation_table.jpg"] = with_first(half, without=(0xDB,))
    files["jpeg_two_frames.jpg"] = with_first(half, *[one for code, one in found if code == 0xC0])
    files["jpeg_zero_height.jpg"] = half.replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 0, WIDTH))
    files["jpeg_claims_twice_the_height.jpg"] = half.replace(
        struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 2 * HEIGHT, WIDTH)
    )
    files["jpeg_claims_half_the_height.jpg"] = half.replace(
        struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", HEIGHT // 2, WIDTH)
    )
    files["jpeg_mpo.jpg"] = saved(RGB, "MPO", save_all=True, append_images=[GREY.convert("RGB")], quality=92)
    files["jpeg_oriented_6_big_endian.jpg"] = with_first(half, segment(0xE1, b"Exif\0\0" + exif(6, ">")))
    files["jpeg_oriented_6_long.jpg"] = with_first(half, segment(0xE1, b"Exif\0\0" + exif(6, ">", kind=4)))
    files["jpeg_oriented_6_xmp.jpg"] = with_first(half, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP))


# PNG


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(depth, colour, rows, *chunks, interlace=0, size=(WIDTH, HEIGHT)):
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlace)
    data = zlib.compress(b"".join(rows))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def packed(values, depth):
    """Rows of `depth` bits for each value, each with the filter byte 0."""
    for row in values:
        bits = "".join(format(int(value), f"0{depth}b") for value in row)
        bits += "0" * (-len(bits) % 8)
        yield b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")


def interlaced(values, depth):
    """The seven passes of Adam7."""
    for x, y, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        part = values[y::dy, x::dx]
        if part.size:
            yield from packed(part.reshape(part.shape[0], -1), depth)


def pngs():
    grey, rgb, rgba = np.array(GREY), np.array(RGB), np.array(RGBA)
    flat = lambda values: values.reshape(HEIGHT, -1)
    index = np.array(PALETTE)
    colours = np.array(PALETTE.getpalette()[: 16 * 3], np.uint8)
    plte = chunk(b"PLTE", colours.tobytes())
    wide = lambda values: values.astype(int) * 256 + 37
    for depth in (1, 2, 4):
        files[f"png_grey_{depth}.png"] = png(depth, 0, packed(grey >> (8 - depth), depth))
        files[f"png_grey_{depth}_trns.png"] = png(depth, 0, packed(grey >> (8 - depth), depth), chunk(b"tRNS", b"\0\1"))
        files[f"png_palette_{depth}.png"] = png(depth, 3, packed(index % 2**depth, depth), plte)
    files["png_grey_8.png"] = png(8, 0, packed(grey, 8))
    files["png_grey_8_trns.png"] = png(8, 0, packed(grey, 8), chunk(b"tRNS", struct.pack(">H", int(grey[0, 0]))))
    files["png_grey_16.png"] = png(16, 0, packed(wide(grey), 16))
    files["png_grey_16_trns.png"] = png(16, 0, packed(wide(grey), 16), chunk(b"tRNS", struct.pack(">H", int(wide(grey)[0, 0]))))
    files["png_grey_alpha_8.png"] = saved(RGBA.convert("LA"), "PNG")
    files["png_grey_alpha_16.png"] = png(16, 4, packed(wide(flat(np.stack([grey, 255 - grey], -1))), 16))
    files["png_rgb_8.png"] = png(8, 2, packed(flat(rgb), 8))
    files["png_rgb_8_trns.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0]))))
    files["png_rgb_16.png"] = png(16, 2, packed(wide(flat(rgb)), 16))
    files["png_rgb_16_trns.png"] = png(16, 2, packed(wide(flat(rgb)), 16), chunk(b"tRNS", b"\0\1\0\2\0\3"))
    files["png_rgba_8.png"] = png(8, 6, packed(flat(rgba), 8))
    files["png_rgba_16.png"] = png(16, 6, packed(wide(flat(rgba)), 16))
    files["png_palette_8.png"] = png(8, 3, packed(index, 8), plte)
    files["png_palette_8_trns.png"] = png(8, 3, packed(index, 8), plte, chunk(b"tRNS", bytes([0, 128, 255])))
    files["png_palette_too_short.png"] = png(8, 3, packed(index, 8), chunk(b"PLTE", colours[:9].tobytes()))
    files["png_palette_missing.png"] = png(8, 3, packed(index, 8))
    files["png_interlaced_rgb_8.png"] = png(8, 2, interlaced(rgb, 8), interlace=1)
    files["png_interlaced_palette_4.png"] = png(4, 3, interlaced(index, 4), plte, interlace=1)
    files["png_interlaced_rgba_16.png"] = png(16, 6, interlaced(wide(rgba), 16), interlace=1)
    files["png_gamma.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"gAMA", struct.pack(">I", 100000)))
    files["png_srgb_and_chroma.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"sRGB", b"\0"), chunk(b"cHRM", bytes(32)))
    files["png_background.png"] = png(8, 6, packed(flat(rgba), 8), chunk(b"bKGD", b"\0\xff\0\0\0\0"))
    files["png_animated.png"] = saved(RGB, "PNG", save_all=True, append_images=[Image.new("RGB", RGB.size)])
    files["png_oriented_6.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"eXIf", exif(6)))
    files["png_oriented_6_long.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"eXIf", exif(6, kind=4)))
    files["png_oriented_6_behind.png"] = files["png_rgb_8.png"].replace(chunk(b"IEND", b""), chunk(b"eXIf", exif(6)) + chunk(b"IEND", b""))
    profile = raw_profile(b"Exif\0\0" + exif(6))
    packed_profile = b"Raw profile type exif\0\0" + zlib.compress(profile)
    files["png_oriented_6_raw_profile.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"zTXt", packed_profile))
    files["png_oriented_6_raw_profile_plain.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"tEXt", b"Raw profile type exif\0" + profile))
    files["png_oriented_6_xmp.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP))
    files["png_claims_too_much.png"] = png(8, 2, packed(flat(rgb), 8), size=(60000, 60000))
    files["png_one_pixel.png"] = png(8, 2, [b"\0\x10\x80\xf0"], size=(1, 1))
    files["png_trailing_bytes.png"] = files["png_rgb_8.png"] + b"trailing" * 20
    files["png_wrong_checksum_of_text.png"] = png(8, 2, packed(flat(rgb), 8), chunk(b"tEXt", b"a\0b")[:-1] + b"!")
    files["png_cut.png"] = files["png_rgb_8.png"][:-400]
    files["png_claims_twice_the_height.png"] = png(8, 2, packed(flat(rgb), 8), size=(WIDTH, 2 * HEIGHT))
    files["png_claims_half_the_height.png"] = png(8, 2, packed(flat(rgb), 8), size=(WIDTH, HEIGHT // 2))
    files["png_zero_width.png"] = png(8, 2, packed(flat(rgb), 8), size=(0, HEIGHT))
    files["png_depth_3.png"] = png(3, 0, packed(grey >> 5, 3))


# GIF, WebP


def gif_frame(screen, frame, place, pixels=PALETTE, background=3, transparent=None):
    """A GIF whose frame is not as large as its screen."""
    part = saved(pixels.crop((0, 0, *frame)), "GIF")
    body = part[part.index(b"\x2c", 13 + 3 * 2 ** ((part[10] & 7) + 1)) :]
    control = b"" if transparent is None else b"\x21\xf9\4\1\0\0" + bytes([transparent]) + b"\0"
    descriptor = b"\x2c" + struct.pack("<HHHH", *place, *frame)
    return b"GIF89a" + struct.pack("<HHBBB", *screen, part[10], background, 0) + part[13 : part.index(b"\x2c", 13 + 3 * 2 ** ((part[10] & 7) + 1))][: 3 * 2 ** ((part[10] & 7) + 1)] + control + descriptor + body[9:]


def gifs():
    other = Image.new("RGB", RGB.size, (9, 200, 90)).quantize(4)
    files["gif_87.gif"] = saved(PALETTE, "GIF")
    files["gif_interlaced.gif"] = saved(PALETTE, "GIF", interlace=1)
    files["gif_animated.gif"] = saved(PALETTE, "GIF", save_all=True, append_images=[other, PALETTE])
    files["gif_transparent.gif"] = saved(PALETTE, "GIF", transparency=5)
    files["gif_animated_transparent.gif"] = saved(PALETTE, "GIF", save_all=True, append_images=[other], transparency=5)
    files["gif_frame_smaller_than_screen.gif"] = gif_frame((WIDTH, HEIGHT), (30, 20), (5, 4))
    files["gif_frame_smaller_transparent.gif"] = gif_frame((WIDTH, HEIGHT), (30, 20), (5, 4), transparent=2)
    files["gif_frame_leaves_screen.gif"] = gif_frame((30, 20), (WIDTH, HEIGHT), (0, 0))
    files["gif_cut.gif"] = files["gif_87.gif"][:-120]
    files["gif_no_trailer.gif"] = files["gif_87.gif"][:-1]


def webps():
    files["webp_lossy.webp"] = saved(RGB, "WEBP", quality=90)
    files["webp_lossless.webp"] = saved(RGB, "WEBP", lossless=True)
    files["webp_lossy_alpha.webp"] = saved(RGBA, "WEBP", quality=90, exact=True)
    files["webp_lossless_alpha.webp"] = saved(RGBA, "WEBP", lossless=True, exact=True)
    frames = [RGB, Image.new("RGB", RGB.size, (9, 200, 90))]
    files["webp_animated.webp"] = saved(RGB, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    files["webp_animated_alpha.webp"] = saved(RGBA, "WEBP", save_all=True, append_images=frames[1:], lossless=True, exact=True)
    files["webp_oriented_6.webp"] = saved(RGB, "WEBP", lossless=True, exif=exif(6))
    files["webp_oriented_6_introduced.webp"] = saved(RGB, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(6))
    files["webp_oriented_6_xmp.webp"] = saved(RGB, "WEBP", lossless=True, xmp=XMP)
    files["webp_cut.webp"] = files["webp_lossy.webp"][:-150]


# TIFF


def tiff(values, photometric, *, order="<", planar=1, tile=None, rows=None, bits=8, extra=(), pack=lambda data: data, compression=1):
    """A TIFF by hand: strips of `rows` rows, or tiles."""
    values = np.asarray(values)
    values = values.reshape(*values.shape[:2], -1)
    height, width, samples = values.shape
    planes = [values] if planar == 1 else [values[..., sample : sample + 1] for sample in range(samples)]
    blocks = []
    for plane in planes:
        if tile:
            padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)), mode="edge")
            blocks += [padded[y : y + tile, x : x + tile] for y in range(0, height, tile) for x in range(0, width, tile)]
        else:
            step = rows or height
            blocks += [plane[y : y + step] for y in range(0, height, step)]

    def encoded(block):
        if bits < 8:
            return pack(b"".join(row[1:] for row in packed(block.reshape(block.shape[0], -1), bits)))
        return pack(block.astype({8: "u1", 16: order + "u2", 32: order + "f4"}[bits]).tobytes())

    data = [encoded(block) for block in blocks]
    entries = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples), (259, 3, [compression])]
    entries += [(262, 3, [photometric]), (277, 3, [samples]), (284, 3, [planar]), *extra]
    place = 8
    offsets = []
    for block in data:
        offsets.append(place)
        place += len(block) + len(block) % 2
    lengths = [len(block) for block in data]
    if tile:
        entries += [(322, 4, [tile]), (323, 4, [tile]), (324, 4, offsets), (325, 4, lengths)]
    else:
        entries += [(273, 4, offsets), (278, 4, [rows or height]), (279, 4, lengths)]
    entries.sort()
    code = {3: "H", 4: "I"}
    directory, beyond = b"", b""
    end = place + 2 + 12 * len(entries) + 4
    for tag, kind, numbers in entries:
        raw = struct.pack(order + code[kind] * len(numbers), *numbers)
        if len(raw) > 4:
            value = struct.pack(order + "I", end + len(beyond))
            beyond += raw + b"\0" * (len(raw) % 2)
        else:
            value = raw.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, len(numbers)) + value
    mark = b"II*\0" if order == "<" else b"MM\0*"
    body = b"".join(block + b"\0" * (len(block) % 2) for block in data)
    return mark + struct.pack(order + "I", place) + body + struct.pack(order + "H", len(entries)) + directory + b"\0" * 4 + beyond


def tiffs():
    rgb, grey, rgba, cmyk = np.array(RGB), np.array(GREY), np.array(RGBA), np.array(CMYK)
    for name, option in [("raw", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits"), ("jpeg", "jpeg")]:
        files[f"tiff_{name}.tif"] = saved(RGB, "TIFF", compression=option)
    files["tiff_lzw_predictor.tif"] = saved(RGB, "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    files["tiff_old_deflate.tif"] = tiff(rgb, 2, pack=zlib.compress, compression=32946)
    files["tiff_strips.tif"] = tiff(rgb, 2, rows=7)
    files["tiff_big_endian.tif"] = tiff(rgb, 2, order=">", rows=7)
    files["tiff_tiles.tif"] = tiff(rgb, 2, tile=16)
    files["tiff_tiles_deflate.tif"] = tiff(rgb, 2, tile=32, pack=zlib.compress, compression=8)
    files["tiff_planar.tif"] = tiff(rgb, 2, planar=2)
    files["tiff_planar_strips.tif"] = tiff(rgb, 2, planar=2, rows=10)
    files["tiff_planar_tiles.tif"] = tiff(rgb, 2, planar=2, tile=16)
    files["tiff_grey_8.tif"] = saved(GREY, "TIFF")
    files["tiff_grey_white_is_zero.tif"] = tiff(255 - grey, 0)
    files["tiff_grey_4.tif"] = tiff(grey >> 4, 1, bits=4)
    files["tiff_grey_16.tif"] = tiff(grey.astype(int) * 256 + 37, 1, bits=16)
    files["tiff_grey_float.tif"] = tiff(grey / 255.0, 1, bits=32, extra=[(339, 3, [3])])
    files["tiff_bilevel.tif"] = saved(RGB.convert("1"), "TIFF")
    files["tiff_bilevel_fax4.tif"] = saved(RGB.convert("1"), "TIFF", compression="group4")
    files["tiff_rgb_16.tif"] = tiff(rgb.astype(int) * 256 + 37, 2, bits=16)
    files["tiff_rgba.tif"] = tiff(rgba, 2, extra=[(338, 3, [2])])
    files["tiff_rgb_unnamed_extra.tif"] = tiff(rgba, 2, extra=[(338, 3, [0])])
    files["tiff_cmyk.tif"] = tiff(cmyk, 5)
    files["tiff_palette.tif"] = saved(PALETTE, "TIFF")
    index = np.array(PALETTE).astype(int)
    colours = np.array(PALETTE.getpalette()[: 16 * 3], int).reshape(16, 3).T * 257
    colour_map = lambda bits: (320, 3, [int(value) for plane in colours for value in np.resize(plane, 2**bits)])
    for bits in (1, 2, 4, 8):
        files[f"tiff_palette_{bits}.tif"] = tiff(index % 2**bits, 3, bits=bits, extra=[colour_map(bits)])
    files["tiff_palette_big_endian.tif"] = tiff(index, 3, order=">", rows=7, extra=[colour_map(8)])
    files["tiff_palette_tiles_deflate.tif"] = tiff(index, 3, tile=16, pack=zlib.compress, compression=8, extra=[colour_map(8)])
    files["tiff_palette_alpha.tif"] = tiff(np.stack([index, 255 - index], -1), 3, extra=[colour_map(8), (338, 3, [2])])
    files["tiff_palette_missing.tif"] = tiff(index, 3)
    files["tiff_bilevel_fax3.tif"] = saved(RGB.convert("1"), "TIFF", compression="group3")
    files["tiff_bilevel_huffman.tif"] = saved(RGB.convert("1"), "TIFF", compression="tiff_ccitt")
    files["tiff_lab.tif"] = saved(Image.merge("LAB", [GREY, GREY, GREY]), "TIFF")
    files["tiff_oriented_6_long.tif"] = tiff(rgb, 2, extra=[(274, 4, [6])])
    files["tiff_ycbcr.tif"] = tiff(np.array(RGB.convert("YCbCr")), 6, extra=[(530, 3, [1, 1])])
    files["tiff_oriented_6.tif"] = tiff(rgb, 2, extra=[(274, 3, [6])])
    files["tiff_two_pages.tif"] = saved(RGB, "TIFF", save_all=True, append_images=[GREY])
    files["tiff_cut.tif"] = files["tiff_raw.tif"][:-1500]
    files["tiff_claims_twice_the_height.tif"] = tiff(rgb, 2).replace(struct.pack("<HHII", 257, 4, 1, HEIGHT), struct.pack("<HHII", 257, 4, 1, 2 * HEIGHT))


# BMP


def bmp(bits, data, *, compression=0, colours=b"", size=(WIDTH, HEIGHT), masks=b"", header=40):
    offset = 14 + header + len(masks) + len(colours)
    if header == 12:
        info = struct.pack("<IHHHH", 12, *size, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, *size, 1, bits, compression, len(data), 2835, 2835, len(colours) // 4, 0)
        info = info.ljust(header, b"\0")
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + masks + colours + data


def bmp_rows(rows):
    return b"".join(row + b"\0" * (-len(row) % 4) for row in rows)


def bmps():
    rgb, index = np.array(RGB), np.array(PALETTE)
    bgr = rgb[..., ::-1]
    colours = np.array(PALETTE.getpalette()[: 16 * 3], np.uint8).reshape(-1, 3)
    quads = b"".join(bytes(colour[::-1]) + b"\0" for colour in colours)
    triples = b"".join(bytes(colour[::-1]) for colour in colours)
    up = lambda values: values[::-1]
    bit_rows = lambda values, depth: bmp_rows(row[1:] for row in packed(values, depth))
    files["bmp_24.bmp"] = bmp(24, bmp_rows(row.tobytes() for row in up(bgr)))
    files["bmp_24_top_down.bmp"] = bmp(24, bmp_rows(row.tobytes() for row in bgr), size=(WIDTH, -HEIGHT))
    files["bmp_24_os2.bmp"] = bmp(24, bmp_rows(row.tobytes() for row in up(bgr)), header=12)
    bgra = np.dstack([bgr, np.array(GREY)])
    files["bmp_32.bmp"] = bmp(32, up(bgra).tobytes())
    files["bmp_32_masks_alpha.bmp"] = bmp(
        32, up(bgra).tobytes(), compression=3, header=108 - 52, masks=b""
    )[:54] + struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + up(bgra).tobytes()
    word = lambda red, green: (
        (rgb[..., 0].astype(int) >> 3 << (5 + green)) | (rgb[..., 1].astype(int) >> (8 - green) << 5) | (rgb[..., 2] >> 3)
    )
    words = lambda values: bmp_rows(row.astype("<u2").tobytes() for row in up(values))
    files["bmp_16_555.bmp"] = bmp(16, words(word(5, 5)))
    files["bmp_16_565.bmp"] = bmp(16, words(word(5, 6)), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    files["bmp_8.bmp"] = bmp(8, bit_rows(up(index), 8), colours=quads)
    files["bmp_4.bmp"] = bmp(4, bit_rows(up(index), 4), colours=quads)
    files["bmp_4_top_down.bmp"] = bmp(4, bit_rows(index, 4), colours=quads, size=(WIDTH, -HEIGHT))
    files["bmp_1.bmp"] = bmp(1, bit_rows(up(index) & 1, 1), colours=quads[:8])
    files["bmp_8_os2.bmp"] = bmp(8, bit_rows(up(index), 8), colours=triples + bytes(240 * 3), header=12)
    runs = b"".join(b"".join(bytes([1, value]) for value in row) + b"\0\0" for row in up(index)) + b"\0\1"
    files["bmp_rle8.bmp"] = bmp(8, runs, compression=1, colours=quads)
    whole = b"".join(bytes([0, WIDTH]) + row.tobytes() + b"\0" * (WIDTH % 2) + b"\0\0" for row in up(index)) + b"\0\1"
    files["bmp_rle8_absolute.bmp"] = bmp(8, whole, compression=1, colours=quads)
    files["bmp_rle8_with_gaps.bmp"] = bmp(8, b"\x0a\3\0\2\5\2\x0a\4\0\0\x05\6\0\1", compression=1, colours=quads)
    nibbles = b"".join(b"".join(bytes([1, value << 4]) for value in row) + b"\0\0" for row in up(index)) + b"\0\1"
    files["bmp_rle4.bmp"] = bmp(4, nibbles, compression=2, colours=quads)
    files["bmp_cut.bmp"] = files["bmp_24.bmp"][:-500]
    files["bmp_claims_too_much.bmp"] = bmp(24, b"", size=(60000, 60000))
    files["bmp_size_in_header_wrong.bmp"] = b"BM\1\0\0\0" + files["bmp_24.bmp"][6:]


def own():
    """The pixels of files of which Pillow makes others: what they were made from."""
    framed = Image.new("RGB", RGB.size)
    framed.paste(PALETTE.convert("RGB").crop((0, 0, 30, 20)), (5, 4))
    return {
        "gif_frame_leaves_screen.gif": PALETTE.convert("RGB").crop((0, 0, 30, 20)),
        "gif_frame_smaller_than_screen.gif": framed,
        "gif_frame_smaller_transparent.gif": framed,
        "png_grey_16.png": GREY.convert("RGB"),
        "png_grey_16_trns.png": GREY.convert("RGB"),
        "tiff_grey_16.tif": GREY.convert("RGB"),
        "tiff_oriented_6.tif": RGB,
        "tiff_oriented_6_long.tif": RGB,
    }


def expected(data):
    """Pillow's pixels, or its error."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return Image.fromarray(np.array(picture.convert("RGB"))), None
    except Exception as error:  # whatever Pillow raises is its answer
        return None, f"{type(error).__name__}: {error}"


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in (jpegs, pngs, gifs, webps, tiffs, bmps):
        make()
    shutil.rmtree(FOLDER)
    (FOLDER / "expected").mkdir(parents=True)
    refused = {}
    for name, data in sorted(files.items()):
        (FOLDER / name).write_bytes(data)
        picture, error = expected(data)
        if picture:
            picture.save(FOLDER / "expected" / f"{name}.png", optimize=True)
        else:
            refused[name] = error.split(" <_io")[0].split(" (")[0]
    (FOLDER / "own").mkdir()
    for name, picture in own().items():
        picture.save(FOLDER / "own" / f"{name}.png", optimize=True)
    (FOLDER / "README.md").write_text(README)
    (FOLDER / "refused.json").write_text(json.dumps(refused, indent=1) + "\n")
    print(len(files), "pictures,", len(refused), "refused by Pillow")


main()
