"""Makes the pictures of `mixmim augment` again with Pillow, from parameters.jsonl, and compares them byte by byte.

    mixmim augment --data photos/train --recipe finetune --count 1000 --batch 50 --out look
    pip install "pillow<13" && python tests/golden/redo.py look photos/train

Prints the pictures that differ and exits 1 if there are any. Pillow 13 raises where posterize keeps 0 bits, and resizes a
few narrow pictures in another order.
"""
import collections
import json
import pathlib
import sys

from PIL import Image, ImageEnhance, ImageOps

FILL = (124, 116, 104)
AFFINE = {"ShearX": lambda v: (1, v, 0, 0, 1, 0), "ShearY": lambda v: (1, 0, 0, v, 1, 0),
          "TranslateXRel": lambda v: (1, 0, v, 0, 1, 0), "TranslateYRel": lambda v: (1, 0, 0, 0, 1, v)}
ENHANCE = {"ColorIncreasing": ImageEnhance.Color, "ContrastIncreasing": ImageEnhance.Contrast,
           "BrightnessIncreasing": ImageEnhance.Brightness, "SharpnessIncreasing": ImageEnhance.Sharpness}


def solarize_add(image, added):
    return image.point([min(255, i + added) if i < 128 else i for i in range(256)] * 3)


PLAIN = {"AutoContrast": lambda i, v: ImageOps.autocontrast(i), "Equalize": lambda i, v: ImageOps.equalize(i),
         "Invert": lambda i, v: ImageOps.invert(i),
         "Rotate": lambda i, v: i.rotate(v, resample=Image.BICUBIC, fillcolor=FILL),
         "PosterizeIncreasing": lambda i, v: ImageOps.posterize(i, int(v)),
         "SolarizeIncreasing": lambda i, v: ImageOps.solarize(i, int(v)),
         "SolarizeAdd": lambda i, v: solarize_add(i, int(v))}


def apply(image, name, value):
    if name in ENHANCE:
        return ENHANCE[name](image).enhance(value)
    if name in AFFINE:
        return image.transform(image.size, Image.AFFINE, AFFINE[name](value), resample=Image.BICUBIC, fillcolor=FILL)
    return PLAIN[name](image, value)


def redo(root, line, size):
    image = Image.open(root / line["source"]).convert("RGB")
    crop = line["crop"]
    box = (crop["left"], crop["top"], crop["left"] + crop["width"], crop["top"] + crop["height"])
    if "resize" in line:  # evaluation: resize the whole, then crop
        return image.resize((line["resize"]["width"], line["resize"]["height"]), Image.BICUBIC).crop(box)
    image = image.crop(box).resize((size, size), Image.BICUBIC)
    if line["flip"]:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    for op in line["ops"]:
        image = apply(image, op["name"], op["value"])
    return image


def main(folder, root):
    different, operations, pictures = 0, collections.Counter(), 0
    for text in open(folder / "parameters.jsonl"):
        line = json.loads(text)
        ours = Image.open(folder / line["file"])
        theirs = redo(root, line, ours.width)
        pictures += 1
        operations.update(op["name"] for op in line["ops"])
        if ours.tobytes() == theirs.tobytes():
            continue
        different += 1
        worst = max(abs(a - b) for a, b in zip(ours.tobytes(), theirs.tobytes()))
        print("%s: differs by up to %d: %s" % (line["file"], worst, line))
    for name, count in sorted(operations.items()):
        print("%6d x %s" % (count, name))
    print("%d pictures, %d differ" % (pictures, different))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
