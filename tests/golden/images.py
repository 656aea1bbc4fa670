"""Writes tests/golden/images and prints the table of tests/data_pipeline/decode_test.cpp: hashes of the RGB pixels
that Pillow finds in each file.

    pip install "pillow==9.4.0" "numpy<2" && python tests/golden/images.py
"""
import pathlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).parent / "images"
WIDTH, HEIGHT = 45, 35  # odd, and no multiple of a block


def picture():
    """Waves with a hard-edged square: smooth enough for JPEG, with something to ring."""
    y, x, c = numpy.mgrid[0:HEIGHT, 0:WIDTH, 0:3]
    image = 127 + 60 * (numpy.sin(0.21 * x + 0.7 * c) + numpy.cos(0.17 * y * (c + 1)))
    image[10:20, 15:30] = (250, 10, 60)
    return image.clip(0, 255).astype(numpy.uint8)


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def write_files():
    rgb = Image.fromarray(picture())
    grey = rgb.convert("L")
    alpha = Image.fromarray((numpy.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) % 256).astype(numpy.uint8))
    rotated = Image.Exif()
    rotated[0x0112] = 6  # orientation: a quarter turn, to be ignored
    for subsampling, name in enumerate(["444", "422", "420"]):
        rgb.save(FOLDER / f"colour_{name}.jpg", quality=80, subsampling=subsampling)
    rgb.save(FOLDER / "progressive.jpg", quality=70, progressive=True)
    rgb.save(FOLDER / "rotated.jpg", quality=80, exif=rotated)
    grey.save(FOLDER / "grey.jpg", quality=80)
    rgb.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=85)
    rgb.save(FOLDER / "png_named.jpeg", format="PNG")
    grey.save(FOLDER / "grey.png")
    rgb.quantize(16).save(FOLDER / "palette.png")
    grey.point(lambda v: 255 * (v > 127), mode="1").save(FOLDER / "bilevel.png")
    Image.merge("RGBA", [*rgb.split(), alpha]).save(FOLDER / "alpha.png")
    Image.merge("LA", [grey, alpha]).save(FOLDER / "grey_alpha.png")
    rgb.save(FOLDER / "windows.bmp")
    rgb.save(FOLDER / "raw.ppm")
    grey.save(FOLDER / "raw.pgm")
    rgb.save(FOLDER / "lzw.tif", compression="tiff_lzw")
    rgb.save(FOLDER / "lossless.webp", lossless=True)
    rgb.save(FOLDER / "lossy.webp", quality=80)


write_files()
for file in sorted(FOLDER.iterdir()):
    image = Image.open(file).convert("RGB")
    print('    {"%s", 0x%016x},' % (file.name, fnv1a(image.tobytes())))
