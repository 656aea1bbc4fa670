#!/usr/bin/env python3
"""Classifies a picture with the OpenCV of any Python, without any code of ours:

    classify.py model.onnx picture.jpg

Labels, size and crop come from the file itself. Resizing is OpenCV's, which differs a little from the training's;
where a program must give the trainer's answers, use opencv2/mixmim.hpp.
"""
import json
import sys

import cv2


def fields(message):
    """(number, bytes) of the fields of a protobuf message that hold bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        kind = tag & 7
        size = varint() if kind in (0, 2) else 8 if kind == 1 else 4
        if kind == 2:
            yield tag >> 3, message[at:at + size]
        at += 0 if kind == 0 else size


def metadata(path):
    """What an ONNX file says about itself: its metadata_props are field 14, key and value of each 1 and 2."""
    with open(path, "rb") as file:
        model = memoryview(file.read())
    entries = (dict(fields(entry)) for number, entry in fields(model) if number == 14)
    return {bytes(entry[1]).decode(): bytes(entry[2]).decode() for entry in entries}


model, picture = sys.argv[1:3]
about = metadata(model)
labels = json.loads(about["mixmim.labels"])
size = json.loads(about["mixmim.inputSize"])
rows, columns = size if isinstance(size, list) else (size, size)
crop, rule = json.loads(about["mixmim.evalCrop"]), about.get("mixmim.evalRule", "official")

turned = about.get("mixmim.orientation") == "apply"  # as in training
image = cv2.imread(picture, cv2.IMREAD_COLOR if turned else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
high, wide = image.shape[:2]
whole = [rule == "stretch" or rule == "official" and side > 224 for side in (rows, columns)]
least_rows, least_columns = (side if all_of_it else int(side / crop) for side, all_of_it in zip((rows, columns), whole))
if rule == "stretch":
    height, width = rows, columns
elif least_columns * high >= least_rows * wide:
    height, width = high * least_columns // wide, least_columns
else:
    height, width = least_rows, wide * least_rows // high
image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
top, left = round((height - rows) / 2), round((width - columns) / 2)
net = cv2.dnn.readNetFromONNX(model)
net.setInput(cv2.dnn.blobFromImage(image[top:top + rows, left:left + columns]))
scores = net.forward()[0]
several = json.loads(about.get("mixmim.model", "{}")).get("labels") == "several"  # per picture
if about["mixmim.head"] == "probabilities":
    shares = scores
elif several:
    shares = 1 / (1 + cv2.exp(-scores).ravel())
else:
    shares = cv2.exp(scores - scores.max()).ravel()
    shares /= shares.sum()
for i in shares.argsort()[::-1][:5]:
    print(f"{labels[i]} {shares[i]:.4f}")
