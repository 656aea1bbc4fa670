"""What the encoders of the reference models are made of, as one writes it in PyTorch at first.

Tokens in raster order, cut into windows and put back in every block; attention over whole windows, whose mask is a large
number taken off the scores. Parameters have the names of the published checkpoints. B images, N tokens, C channels.
"""
import torch
from torch import nn
from torch.nn import functional as F

from model_sizes import MLP, PATCH


def relative_position_index(window):
    """Which row of the bias table a pair of tokens uses: N x N."""
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    apart = lambda place: place[:, None] - place[None, :] + window - 1
    return apart(row) * (2 * window - 1) + apart(column)


def to_windows(x, side, window):
    """B x side^2 x C -> B * windows x window^2 x C"""
    across, channels = side // window, x.shape[-1]
    return x.view(-1, across, window, across, window, channels).transpose(2, 3).reshape(-1, window ** 2, channels)


def from_windows(x, side, window):
    across, channels = side // window, x.shape[-1]
    return x.view(-1, across, across, window, window, channels).transpose(2, 3).reshape(-1, side ** 2, channels)


class DropPath(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.keep = 1 - rate

    def forward(self, x):
        if self.keep == 1 or not self.training:
            return x
        return x * x.new_empty(x.shape[0], 1, 1).bernoulli_(self.keep).div_(self.keep)


class Attention(nn.Module):
    """`window`: its side, for a bias per relative position; None for none."""

    def __init__(self, dim, heads, window):
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.window = window
        if window:
            self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
            self.register_buffer("relative_position_index", relative_position_index(window))
            nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, x, mask):
        """mask: 1 for tokens of the partner image, B * windows x N x 1, or None."""
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q * self.scale) @ k.transpose(-2, -1)  # B * windows x heads x N x N
        if self.window:
            bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
            scores = scores + bias.view(n, n, -1).permute(2, 0, 1).unsqueeze(0)
        if mask is not None:
            scores = self.hide(scores, mask)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c))

    def hide(self, scores, mask):
        mask = mask.unsqueeze(1)
        together = mask * mask.transpose(-2, -1) + (1 - mask) * (1 - mask).transpose(-2, -1)
        return scores - 1e30 * (1 - together)


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, MLP * dim), nn.Linear(MLP * dim, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """`window` None: attention over all tokens, as in the decoder."""
    attention = Attention

    def __init__(self, dim, heads, side=None, window=None, drop_path=0.0):
        super().__init__()
        self.side, self.window = side, window
        self.norm1, self.attn = nn.LayerNorm(dim), self.attention(dim, heads, window)
        self.norm2, self.mlp = nn.LayerNorm(dim), Mlp(dim)
        self.drop_path = DropPath(drop_path)

    def attend(self, y, mask):
        if not self.window:
            return self.attn(y, mask)
        y = self.attn(to_windows(y, self.side, self.window), self.mask_of_windows(mask, y.shape[0]))
        return from_windows(y, self.side, self.window)

    def mask_of_windows(self, mask, batch):
        return None if mask is None else to_windows(mask.repeat(batch, 1, 1), self.side, self.window)

    def forward(self, x, mask=None):
        x = x + self.drop_path(self.attend(self.norm1(x), mask))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchMerging(nn.Module):
    def __init__(self, dim, side):
        super().__init__()
        self.side = side
        self.reduction, self.norm = nn.Linear(4 * dim, 2 * dim, bias=False), nn.LayerNorm(4 * dim)

    def forward(self, x):
        x = x.view(x.shape[0], self.side, self.side, -1)
        x = torch.cat([x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)], dim=-1)
        return self.reduction(self.norm(x.flatten(1, 2)))


class Stage(nn.Module):
    def __init__(self, blocks, downsample):
        super().__init__()
        self.blocks, self.downsample = nn.ModuleList(blocks), downsample

    def forward(self, x, mask):
        for block in self.blocks:
            x = block(x, mask)
        return x if self.downsample is None else self.downsample(x)


class PatchEmbed(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj, self.norm = nn.Conv2d(3, dim, PATCH, PATCH), nn.LayerNorm(dim)

    def forward(self, images):
        return self.norm(self.proj(images).flatten(2).transpose(1, 2))
