"""Prints the table of tests/mixmim/resample_test.cpp: hashes of what Pillow's bicubic resize makes of noise.

    pip install "pillow==9.4.0" "numpy<2" && python tests/golden/resample.py

Pillow 9.4, 11.3 and 12.3 give the same table; 13.0 runs the vertical pass first for some sizes and differs there.
"""
import numpy
from PIL import Image

# channels, input width x height, output width x height
CASES = [
    (3, 500, 375, 224, 224), (3, 375, 500, 224, 224), (3, 97, 61, 224, 224), (3, 1024, 33, 224, 224),
    (3, 224, 224, 224, 224), (3, 224, 100, 224, 224), (3, 100, 224, 224, 224), (3, 224, 375, 224, 224),
    (3, 1, 1, 64, 64), (3, 1, 97, 64, 64), (3, 97, 1, 64, 64), (3, 2, 3, 5, 7), (3, 225, 223, 1, 1),
    (3, 32, 32, 64, 64), (3, 64, 64, 32, 32), (1, 333, 222, 96, 144), (4, 120, 90, 31, 200),
]


def noise(count):
    """The upper bytes of a linear congruential generator; every third value is 0 or 255, to make the filter clip."""
    state, values = 1, numpy.empty(count, numpy.uint8)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        value = state >> 24
        values[i] = value if i % 3 else (255 if value & 1 else 0)
    return values


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


if __name__ == "__main__":
    for channels, width, height, new_width, new_height in CASES:
        pixels = noise(width * height * channels).reshape(height, width, channels)
        mode = {1: "L", 3: "RGB", 4: "CMYK"}[channels]  # CMYK: four plain channels (RGBA would be premultiplied)
        image = Image.frombytes(mode, (width, height), pixels.tobytes())
        resized = image.resize((new_width, new_height), Image.BICUBIC)
        print("    {%d, {%d, %d}, {%d, %d}, 0x%016x}," %
              (channels, width, height, new_width, new_height, fnv1a(resized.tobytes())))
