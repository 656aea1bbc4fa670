"""What the comparison with golden numbers needs: their files, and a table of the worst errors."""
import json
import math
import struct

import numpy as np
import torch


class Report:
    """A line for each quantity. An error that is no number fails."""

    def __init__(self):
        self.lines, self.failed, self.compared = {}, 0, 0

    def add(self, what, error, allowed):
        count, worst, _ = self.lines.get(what, (0, 0.0, allowed))
        self.lines[what] = (count + 1, worst if math.isnan(worst) or error <= worst else error, allowed)

    def relative(self, what, got, expected, allowed):
        self.add(what, abs(got - expected) / max(abs(expected), 1e-30), allowed)

    def equal(self, what, got, expected):
        self.add(what, 0.0 if got == expected else math.inf, 0.0)

    def samples(self, what, got, samples, scale, allowed):
        """samples: pairs of row-major index and value; errors as shares of `scale`."""
        got = got.detach().flatten()
        for index, value in samples:
            self.add(what, abs(got[index].item() - value) / scale, allowed)

    def described(self, what, got, expected, allowed):
        """expected: shape, sum, abs_sum and samples; errors as shares of 1 + the largest value, of sums as shares of abs_sum."""
        if list(got.shape) != expected["shape"]:
            self.add(what, math.inf, allowed)
            return
        self.samples(what, got, expected["samples"], 1 + got.abs().max().item(), allowed)
        exact = got.detach().double()
        self.add(what + ": sums", abs(exact.sum().item() - expected["sum"]) / expected["abs_sum"], allowed)
        self.add(what + ": sums", abs(exact.abs().sum().item() / expected["abs_sum"] - 1), allowed)

    def tensor(self, what, got, expected, allowed):
        """Errors as shares of 1 + the largest value. Another shape is an infinite error."""
        if got.shape != expected.shape:
            self.add(what, math.inf, allowed)
            return
        self.add(what, ((got.detach() - expected).abs().max() / (1 + expected.abs().max())).item(), allowed)

    def flush(self, title):
        print(title)
        for what, (count, worst, allowed) in self.lines.items():
            wrong = not worst <= allowed
            self.failed, self.compared = self.failed + wrong, self.compared + count
            print("  %-32s %5d  worst %8.1e of %8.1e  %s" % (what, count, worst, allowed, "WRONG" if wrong else "ok"))
        self.lines = {}


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_safetensors(path):
    """Its tensors of float32 by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        values = file.read()
    header.pop("__metadata__", None)
    wrong = [name for name, entry in header.items() if entry["dtype"] != "F32"]
    if wrong:
        raise ValueError("%s: expected float32, got another type in %s" % (path, ", ".join(wrong)))
    cut = lambda entry: np.frombuffer(values[slice(*entry["data_offsets"])], dtype="<f4").reshape(entry["shape"])
    return {name: torch.from_numpy(cut(entry).copy()) for name, entry in header.items()}
