"""PVT and PVTv2 (arXiv 2102.12122, 2106.13797) under MixMIM in plain PyTorch.

PVT has a learnt position in every stage and a class token in the last. In pretraining there is one for each image of a mixture,
because an image must find what it finds alone; both are the same parameter. PVTv2 has convolutions instead: stages begin with
patches that overlap, and an MLP looks at a token's neighbours.
"""
import re

import torch
from torch import nn
from torch.nn import functional as F

from reference_layers import Block, PatchEmbed
from reference_model import draw_truncated, mask_at, rows_of
from reference_reduced import MaskedConv2d, ReducedAttention, ReducedEncoder, convolved, depthwise, initialise_fan_out


class NumberedEncoder(ReducedEncoder):
    """A name of a part ends in its stage, counted from 1."""

    def part(self, name, number):
        return getattr(self, "%s%d" % (name, number + 1))

    def set_part(self, name, number, value):
        setattr(self, "%s%d" % (name, number + 1), value)

    def layer_of(self, name):
        """A part before the blocks of a stage has the layer of the block before it, and a norm that of its stage's last block."""
        if name == "cls_token":
            return self.blocks_before(len(self.stages) - 1)
        part = re.match(r"(patch_embed|pos_embed|block|norm)(\d)\.?(\d*)", name)
        if not part:
            return self.depth + 1
        stage = int(part[2]) - 1
        if part[1] == "block":
            return self.blocks_before(stage) + int(part[3]) + 1
        return self.blocks_before(stage + (part[1] == "norm"))


class PvtEncoder(NumberedEncoder):
    not_decayed = ("cls_token",)

    def build(self, drop_path):
        for number, stage in enumerate(self.stages):
            self.set_part("pos_embed", number, nn.Parameter(torch.zeros(1, stage.side ** 2 + stage.class_token, stage.width)))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, self.width))
        for number, (stage, blocks) in enumerate(zip(self.stages, self.made_blocks(drop_path))):
            self.set_part("patch_embed", number, PatchEmbed(self.channels_before(number), stage.width, stage.kernel))
            self.set_part("block", number, blocks)
        self.add_end()

    def initialise_encoder(self, layers):
        super().initialise_encoder(layers)
        for number in range(len(self.stages)):
            draw_truncated(self.part("pos_embed", number))
        draw_truncated(self.cls_token)

    def stage(self, number, x, mask):
        x, rows = self.part("patch_embed", number)(self.image_before(number, x)), rows_of(mask, self.stages[number].side)
        if self.stages[number].class_token:
            x, rows = self.with_class_tokens(x, rows)
        else:
            x = x + self.part("pos_embed", number)
        for block in self.part("block", number):
            x = block(x, rows)
        return x

    def with_class_tokens(self, x, rows):
        """Tokens and their mask, each with a row for each image before them."""
        images = 1 if rows is None else 2
        position = self.part("pos_embed", len(self.stages) - 1)
        first = (self.cls_token + position[:, :1]).expand(x.shape[0], images, -1)
        if rows is not None:
            rows = torch.cat([rows.new_tensor([0, 1]).view(1, 2, 1), rows], dim=1)
        return torch.cat([first, x + position[:, 1:]], dim=1), rows

    def encode(self, images, mask=None):
        return self.rows(images, mask)[:, -self.stages[-1].side ** 2:]

    def pooled(self, images):
        return self.rows(images)[:, 0]


class OverlappingPatchEmbed(nn.Module):
    def __init__(self, channels, dim, kernel):
        super().__init__()
        self.proj = MaskedConv2d(channels, dim, kernel, (kernel + 1) // 2, kernel // 2)
        self.norm = nn.LayerNorm(dim)

    def forward(self, image, mask):
        return self.norm(self.proj(image, mask).flatten(2).transpose(1, 2))


class ConvolvedMlp(nn.Module):
    def __init__(self, stage):
        super().__init__()
        self.side = stage.side
        self.fc1 = nn.Linear(stage.width, stage.hidden)
        self.dwconv = nn.ModuleDict({"dwconv": depthwise(stage.hidden)})
        self.fc2 = nn.Linear(stage.hidden, stage.width)

    def forward(self, x, mask):
        return self.fc2(F.gelu(convolved(self.dwconv["dwconv"], self.fc1(x), mask, self.side)))


class ConvolvedBlock(Block):
    def feed(self, y, mask):
        return self.mlp(y, mask)


class PvtV2Encoder(NumberedEncoder):
    def build(self, drop_path):
        for number, (stage, blocks) in enumerate(zip(self.stages, self.made_blocks(drop_path))):
            embed = OverlappingPatchEmbed(self.channels_before(number), stage.width, stage.kernel)
            self.set_part("patch_embed", number, embed)
            self.set_part("block", number, blocks)
            self.set_part("norm", number, nn.LayerNorm(stage.width, self.eps))
        self.add_end()

    def add_end(self):
        self.norm = nn.Identity()  # because every stage ends with a norm

    def block(self, stage, n, drop_path):
        return ConvolvedBlock(stage.width, ReducedAttention(stage), ConvolvedMlp(stage), drop_path, self.eps)

    def initialise_encoder(self, layers):
        super().initialise_encoder(layers)
        initialise_fan_out(layers)

    def stage(self, number, x, mask):
        image, rows = self.image_before(number, x), rows_of(mask, self.stages[number].side)
        x = self.part("patch_embed", number)(image, mask_at(mask, image.shape[-1]))
        for block in self.part("block", number):
            x = block(x, rows)
        return self.part("norm", number)(x)
