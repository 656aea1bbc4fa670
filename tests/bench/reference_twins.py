"""Twins (arXiv 2104.13840) under MixMIM in plain PyTorch: positions come from a convolution after a stage's first block.

PCPVT is PVT with them. In SVT every other block sees a window, without bias or shift.
"""
import re

from torch import nn

from reference_layers import Attention, PatchEmbed
from reference_model import rows_of
from reference_reduced import ReducedEncoder, convolved, depthwise, initialise_fan_out
from reference_windows import WindowBlock


class PositionEncoding(nn.Module):
    def __init__(self, stage):
        super().__init__()
        self.side, self.proj = stage.side, nn.Sequential(depthwise(stage.width))

    def forward(self, x, mask):
        return x + convolved(self.proj[0], x, mask, self.side)


class TwinsEncoder(ReducedEncoder):
    not_decayed = ("pos_block",)

    def embeddings(self):
        return nn.ModuleList(PatchEmbed(self.channels_before(number), stage.width, stage.kernel)
                             for number, stage in enumerate(self.stages))

    def positions(self):
        return nn.ModuleList(PositionEncoding(stage) for stage in self.stages)

    def initialise_encoder(self, layers):
        super().initialise_encoder(layers)
        initialise_fan_out(layers)

    def stage(self, number, x, mask):
        rows = rows_of(mask, self.stages[number].side)
        x = self.patch_embeds[number](self.image_before(number, x))
        for n, block in enumerate(self.blocks[number]):
            x = block(x, rows)
            if n == 0:
                x = self.pos_block[number](x, rows)
        return x

    def layer_of(self, name):
        """An embedding has the layer of the block before it, a position that of its stage's first block."""
        part = re.match(r"(patch_embeds|blocks|pos_block)\.(\d)\.(\d*)", name)
        if not part:
            return self.depth + 1
        before = self.blocks_before(int(part[2]))
        if part[1] == "blocks":
            return before + int(part[3]) + 1
        return before + (part[1] == "pos_block")


class PcpvtEncoder(TwinsEncoder):
    def build(self, drop_path):
        self.patch_embeds = self.embeddings()
        self.blocks = nn.ModuleList(self.made_blocks(drop_path))
        self.add_end()
        self.pos_block = self.positions()


class SvtEncoder(TwinsEncoder):
    def build(self, drop_path):
        self.patch_embeds = self.embeddings()
        self.add_end()
        self.pos_block = self.positions()
        self.blocks = nn.ModuleList(self.made_blocks(drop_path))

    def block(self, stage, n, drop_path):
        window = stage.windows[n]
        if window is None:
            return attention_last(super().block(stage, n, drop_path))
        return attention_last(WindowBlock(stage, window, Attention(stage.width, stage.heads), drop_path, self.eps))


def attention_last(block):
    """The same block with its parts in the order of the published files."""
    attention = block.attn
    del block.attn
    block.attn = attention
    return block
