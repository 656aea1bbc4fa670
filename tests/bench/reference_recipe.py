"""Weights, images, masks and targets of the golden numbers, bit for bit, by the recipe of tests/golden/README.md."""
import math

import numpy as np
import torch

from model_sizes import CELLS, IMAGE, STRIDE


def field(seed, name, shape):
    """Floats in [-1, 1) that follow from a name."""
    key = 0xCBF29CE484222325
    for byte in ("%d:%s" % (seed, name)).encode():
        key = (key ^ byte) * 0x100000001B3 % 2 ** 64
    z = np.uint64(key) + np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    values = ((z >> np.uint64(40)).astype(np.int64) - 8388608).astype(np.float32) * np.float32(2 ** -23)
    return torch.from_numpy(values.reshape(shape))


def weight(seed, name, shape):
    values = field(seed, name, shape)
    if name.endswith("relative_position_bias_table") or name in ("mask_token", "cls_token") or name.startswith("pos_embed"):
        return 0.5 * values
    if len(shape) == 1:
        return 1 + 0.125 * values if name.endswith(".weight") else 0.125 * values
    fan_in = values.numel() // shape[0]
    return 2.0 ** -(int(math.log2(fan_in)) // 2) * values


def fill(model, seed):
    """All that is trained; position embeddings keep what they are."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(weight(seed, name, tuple(parameter.shape)))


def images(seed, step, batch, side=IMAGE):
    total = 0
    for name, pixels, scale in (("coarse", 32, 1), ("middle", 8, 0.5), ("fine", 1, 0.25)):
        values = field(seed, "images/%d/%s" % (step, name), (batch, 3, side // pixels, side // pixels))
        total = total + scale * values.repeat_interleave(pixels, 2).repeat_interleave(pixels, 3)
    return total


def mask(seed, step, ratio):
    cells = torch.zeros(CELLS)
    cells[field(seed, "mask/%d" % step, (CELLS,)).argsort()[:int(CELLS * ratio)]] = 1
    return cells.view(IMAGE // STRIDE, -1)


def cells_swapped(batch, cells):
    """What the encoder sees when pixels are mixed: the partner where a cell is 1."""
    shown = cells.repeat_interleave(STRIDE, 0).repeat_interleave(STRIDE, 1)
    return torch.where(shown == 1, batch.flip(0), batch)


def mixed_up(batch, share):
    return share * batch + (1 - share) * batch.flip(0)


def targets(step, batch, classes, share, smoothing):
    labels = (7 * torch.arange(batch) + 3 + step) % classes
    smooth = torch.full((batch, classes), smoothing / classes)
    smooth[torch.arange(batch), labels] = 1 - smoothing + smoothing / classes
    return mixed_up(smooth, share)
