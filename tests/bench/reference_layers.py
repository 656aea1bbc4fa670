"""Parts of every reference model, as one writes them in PyTorch at first.

Tokens in raster order; attention over all rows, whose mask is a large number taken off the scores. Parameters have the names of
the published checkpoints. B images, N tokens, C channels.
"""
import torch
from torch import nn
from torch.nn import functional as F

HIDDEN = -1e30  # on a score: e^-100, after the published -100, is a denormal number, which makes a step a tenth slower


def relative_position_index(window):
    """Which row of the bias table a pair of tokens uses: N x N."""
    row, column = torch.arange(window).repeat_interleave(window), torch.arange(window).repeat(window)
    apart = lambda place: place[:, None] - place[None, :] + window - 1
    return apart(row) * (2 * window - 1) + apart(column)


def hidden_between(rows, columns):
    """Added to scores of pairs, it hides those whose numbers differ: ... x N x 1, ... x M x 1 -> ... x N x M"""
    return torch.where(rows != columns.transpose(-2, -1), HIDDEN, 0.0)


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

    def __init__(self, dim, heads, window=None):
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
        return scores + HIDDEN * (1 - together)


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention over all rows, as in the decoder, and an MLP."""

    def __init__(self, dim, attention, mlp, drop_path=0.0, eps=1e-5):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim, eps), attention
        self.norm2, self.mlp = nn.LayerNorm(dim, eps), mlp
        self.drop_path = DropPath(drop_path)

    def attend(self, y, mask):
        return self.attn(y, mask)

    def feed(self, y, mask):
        return self.mlp(y)

    def forward(self, x, mask=None):
        """mask: 1 for tokens of the partner image, 1 x N x 1; None: the images are not mixed."""
        x = x + self.drop_path(self.attend(self.norm1(x), mask))
        return x + self.drop_path(self.feed(self.norm2(x), mask))


class PatchEmbed(nn.Module):
    def __init__(self, channels, dim, kernel):
        super().__init__()
        self.proj, self.norm = nn.Conv2d(channels, dim, kernel, kernel), nn.LayerNorm(dim)

    def forward(self, image):
        return self.norm(self.proj(image).flatten(2).transpose(1, 2))
