"""Prints the table of tests/data_pipeline/rand_augment_test.cpp: hashes of what Pillow makes of noise, per operation.

    pip install "pillow<13" numpy && python tests/golden/image_ops.py
"""
from PIL import Image

from redo import apply
from resample import fnv1a, noise

CASES = [
    ("AutoContrast", None), ("Equalize", None), ("Invert", None),
    ("Rotate", 27.0), ("Rotate", -30.0), ("Rotate", 0.0), ("Rotate", 90.0), ("Rotate", 180.0), ("Rotate", -90.0),
    ("PosterizeIncreasing", 0), ("PosterizeIncreasing", 1), ("PosterizeIncreasing", 4), ("PosterizeIncreasing", 8),
    ("SolarizeIncreasing", 0), ("SolarizeIncreasing", 26), ("SolarizeIncreasing", 256),
    ("SolarizeAdd", 0), ("SolarizeAdd", 99), ("SolarizeAdd", 128),
    ("ColorIncreasing", 0.1), ("ColorIncreasing", 1.0), ("ColorIncreasing", 1.9),
    ("ContrastIncreasing", 0.19), ("ContrastIncreasing", 1.81),
    ("BrightnessIncreasing", 0.19), ("BrightnessIncreasing", 1.81),
    ("SharpnessIncreasing", 0.1), ("SharpnessIncreasing", 1.9),
    ("ShearX", 0.27), ("ShearX", -0.3), ("ShearY", 0.27), ("ShearY", -0.3),
    ("TranslateXRel", 0.45 * 96), ("TranslateXRel", -7.3), ("TranslateYRel", 0.45 * 96), ("TranslateYRel", -7.3),
]


def soft(width, height):
    """Noise with few levels, as pictures with much of one colour have: 64..127."""
    return (noise(width * height * 3) // 4 + 64).tobytes()


for width, height in ((96, 96), (33, 20), (2, 2), (1, 1)):
    for name, value in CASES if width == 96 else CASES[::2]:
        image = Image.frombytes("RGB", (width, height), soft(width, height))
        argument = "{}" if value is None else repr(float(value))
        print("    {AugmentOp::k%s, %s, {%d, %d}, 0x%016x}," %
              (name, argument, width, height, fnv1a(apply(image, name, value).tobytes())))
