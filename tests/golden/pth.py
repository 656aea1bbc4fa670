"""Writes tests/golden/pth/torch.pth, which tests/model_io/pth_test.cpp reads: everything that files of PyTorch contain.

    pip install torch==2.11.0 numpy && python tests/golden/pth.py
"""
import argparse
import collections
import pathlib

import numpy
import torch

PATH = pathlib.Path(__file__).parent / "pth" / "torch.pth"

grid = torch.arange(12, dtype=torch.float32).reshape(3, 4)
model = collections.OrderedDict(
    grid=grid,
    column=grid[:, 1],  # shares the storage, with an offset and a stride
    turned=grid.t(),
    half=torch.tensor([0.5, -2.0], dtype=torch.float16),
    bfloat=torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
    double=torch.tensor(0.1, dtype=torch.float64),
    index=torch.tensor([[-1, 2**40]], dtype=torch.int64),
    truth=torch.tensor([True, False, True]),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(torch.tensor([7.0])),
)
model._metadata = collections.OrderedDict(version=1)

torch.save(
    {
        "model": model,
        "epoch": 299,
        "numbers": [0, 255, 256, 65536, -1, 2**31, -(2**62), 2**70, 0.1, True, False, None],
        "args": argparse.Namespace(model="mixmim_base", lr=1.5e-4, betas=(0.9, 0.95)),
        "size": model["grid"].shape,
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "history": numpy.zeros(2),
    },
    PATH,
)
