"""Attention over a key for each cell, and convolutions, in plain PyTorch: the common part of PVT, Twins and PVTv2.

A key is `reduction` x `reduction` tokens of one cell, narrowed by a convolution; in the last stage, where a cell is one token,
rows are keys as they are. For a convolution that reaches into other cells the other image of a mixture is zeros, as is everything
outside the picture.
"""
from torch import nn

from reference_layers import Block, Mlp, hidden_between
from reference_model import Encoder


def to_image(x, side):
    """B x side^2 x C -> B x C x side x side"""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], side, side)


class MaskedConv2d(nn.Conv2d):
    """A pass for each image of a mixture. A result belongs to the image under the centre of its kernel."""

    def forward(self, x, mask=None):
        """mask: 1 where the input shows the partner image, 1 x 1 x H x W; None: the images are not mixed."""
        if mask is None:
            return super().forward(x)
        centres = mask[:, :, ::self.stride[0], ::self.stride[1]]
        return super().forward(x * (1 - mask)) * (1 - centres) + super().forward(x * mask) * centres


def depthwise(dim):
    return MaskedConv2d(dim, dim, 3, padding=1, groups=dim)


def convolved(layer, x, mask, side):
    """Tokens as an image through a MaskedConv2d: B x side^2 x C -> B x side^2 x C"""
    mask = None if mask is None else to_image(mask, side)
    return layer(to_image(x, side), mask).flatten(2).transpose(1, 2)


def initialise_fan_out(layers):
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.kernel_size[0] * layer.kernel_size[1] * layer.out_channels // layer.groups
            nn.init.normal_(layer.weight, std=(2 / fan_out) ** 0.5)
            nn.init.zeros_(layer.bias)


class ReducedAttention(nn.Module):
    def __init__(self, stage):
        super().__init__()
        dim = stage.width
        self.heads, self.scale, self.side, self.reduction = stage.heads, (dim // stage.heads) ** -0.5, stage.side, stage.reduction
        self.q, self.kv, self.proj = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        if self.reduction > 1:
            self.sr, self.norm = nn.Conv2d(dim, dim, self.reduction, self.reduction), nn.LayerNorm(dim)

    def keys(self, y):
        """B x N x C -> B x M x C"""
        if self.reduction == 1:
            return y
        return self.norm(self.sr(to_image(y, self.side)).flatten(2).transpose(1, 2))

    def mask_of_keys(self, mask):
        if self.reduction == 1:
            return mask
        return to_image(mask, self.side)[:, :, ::self.reduction, ::self.reduction].reshape(1, -1, 1)

    def forward(self, y, mask):
        """mask: 1 for tokens of the partner image, 1 x N x 1, or None."""
        b, n, c = y.shape
        q = self.q(y).view(b, n, self.heads, c // self.heads).transpose(1, 2)
        k, v = self.kv(self.keys(y)).view(b, -1, 2, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q * self.scale) @ k.transpose(-2, -1)  # B x heads x N x M
        if mask is not None:
            scores = scores + hidden_between(mask, self.mask_of_keys(mask))
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c))


class ReducedEncoder(Encoder):
    eps = 1e-6

    def block(self, stage, n, drop_path):
        return Block(stage.width, ReducedAttention(stage), Mlp(stage.width, stage.hidden), drop_path, self.eps)

    def image_before(self, number, x):
        """Input of a stage: the images themselves, or the tokens of the stage before as an image."""
        return x if number == 0 else to_image(x, self.stages[number - 1].side)

    def channels_before(self, number):
        return 3 if number == 0 else self.stages[number - 1].width
