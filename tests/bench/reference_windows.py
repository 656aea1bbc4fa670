"""Encoders that see windows and merge patches, in plain PyTorch: the common part of MixMIM's own and Swin."""
import torch
from torch import nn

from reference_layers import Block, Mlp, PatchEmbed
from reference_model import Encoder, rows_of


def to_windows(x, side, window):
    """B x side^2 x C -> B * windows x window^2 x C"""
    across, channels = side // window, x.shape[-1]
    return x.view(-1, across, window, across, window, channels).transpose(2, 3).reshape(-1, window ** 2, channels)


def from_windows(x, side, window):
    across, channels = side // window, x.shape[-1]
    return x.view(-1, across, across, window, window, channels).transpose(2, 3).reshape(-1, side ** 2, channels)


class WindowBlock(Block):
    """Tokens are cut into windows and put back in every block."""

    def __init__(self, stage, window, attention, drop_path, eps=1e-5):
        super().__init__(stage.width, attention, Mlp(stage.width, stage.hidden), drop_path, eps)
        self.side, self.window = stage.side, window

    def attend(self, y, mask):
        y = self.attn(to_windows(y, self.side, self.window), self.mask_of_windows(mask, y.shape[0]))
        return from_windows(y, self.side, self.window)

    def mask_of_windows(self, mask, batch):
        return None if mask is None else to_windows(mask.repeat(batch, 1, 1), self.side, self.window)


class PatchMerging(nn.Module):
    def __init__(self, dim, side):
        super().__init__()
        self.side = side
        self.reduction, self.norm = nn.Linear(4 * dim, 2 * dim, bias=False), nn.LayerNorm(4 * dim)

    def forward(self, x):
        x = x.view(x.shape[0], self.side, self.side, -1)
        x = torch.cat([x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)], dim=-1)
        return self.reduction(self.norm(x.flatten(1, 2)))


class Layer(nn.Module):
    """The blocks of a stage, and the merging that begins the next one."""

    def __init__(self, blocks, downsample):
        super().__init__()
        self.blocks, self.downsample = blocks, downsample


class WindowEncoder(Encoder):
    merging_layer, last_layer = 0, 1  # for layer decay: a merging with its stage's last block, the end after the last of all

    def build(self, drop_path):
        self.patch_embed = PatchEmbed(3, self.stages[0].width, self.stages[0].kernel)
        self.layers = nn.ModuleList()
        for stage, blocks in zip(self.stages, self.made_blocks(drop_path)):
            last = stage is self.stages[-1]
            self.layers.append(Layer(blocks, None if last else PatchMerging(stage.width, stage.side)))
        self.add_end()

    def narrow(self, number, x):
        return self.patch_embed(x) if number == 0 else self.layers[number - 1].downsample(x)

    def stage(self, number, x, mask):
        x, rows = self.narrow(number, x), rows_of(mask, self.stages[number].side)
        for block in self.layers[number].blocks:
            x = block(x, rows)
        return x

    def layer_of(self, name):
        words = name.split(".")
        if words[0] == "patch_embed":
            return 0
        if words[0] != "layers":
            return self.depth + self.last_layer
        stage = int(words[1])
        if words[2] == "blocks":
            return self.blocks_before(stage) + int(words[3]) + 1
        return self.blocks_before(stage + 1) + self.merging_layer
