#!/usr/bin/env python3
"""Classifies a picture with the OpenCV of any Python, without any code of ours:

    classify.py model.onnx labels.txt picture.jpg [size (224)]

`mixmim info model.onnx` tells size and labels (labels.txt: one per line). Resizing is OpenCV's, which differs a
little from the training's; where a program must give the trainer's answers, use opencv2/mixmim.hpp.
"""
import sys

import cv2

model, labels, picture = sys.argv[1:4]
size = int(sys.argv[4]) if len(sys.argv) > 4 else 224
labels = open(labels, encoding="utf-8").read().splitlines()

image = cv2.imread(picture)
height, width = image.shape[:2]
shorter = int(size / 0.875) if size <= 224 else size
height, width = (int(side * shorter / min(image.shape[:2])) for side in (height, width))
image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
top, left = round((height - size) / 2), round((width - size) / 2)
net = cv2.dnn.readNetFromONNX(model)
net.setInput(cv2.dnn.blobFromImage(image[top:top + size, left:left + size]))
scores = net.forward()[0]
shares = cv2.exp(scores - scores.max()).ravel()
for i in shares.argsort()[::-1][:5]:
    print(f"{labels[i]} {shares[i] / shares.sum():.4f}")
