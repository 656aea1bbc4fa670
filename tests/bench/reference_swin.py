"""Swin (arXiv 2103.14030) under MixMIM in plain PyTorch: every second block shifts its windows by rolling the image.

A window at the edge of the rolled image holds up to four regions that are no neighbours: their tokens do not see each other. In
pretraining, neither do tokens of different images: the two masks are added. A hidden pair gets -1e30 and not the published -100,
because e^-100 is a denormal number, which makes a step of fine-tuning a tenth slower and changes no result.
"""
import torch
from torch import nn

from reference_layers import Attention, Block, to_windows
from reference_model import Classification, Encoder, Pretraining


def hidden_between(numbers, side, window):
    """What is added to the score of two tokens of a window, by whether their numbers differ: 1 x side^2 x 1 -> windows x N x N"""
    numbers = to_windows(numbers, side, window)
    apart = numbers != numbers.transpose(1, 2)
    return torch.zeros(apart.shape).masked_fill(apart, -1e30)


def hidden_by_shift(side, window, shift):
    """The rolled image has three bands in each direction, because the last window's two come from opposite edges."""
    band = torch.zeros(side)
    band[side - window:] = 1
    band[side - shift:] = 2
    regions = 3 * band[:, None] + band[None, :]
    return hidden_between(regions.view(1, -1, 1), side, window)


class SwinAttention(Attention):
    def hide(self, scores, mask):
        """mask: the same for every image, windows x N x N"""
        of_images = scores.view(-1, mask.shape[0], *scores.shape[1:])
        return (of_images + mask.unsqueeze(1)).view(scores.shape)


class SwinBlock(Block):
    attention = SwinAttention

    def __init__(self, dim, heads, side, window, drop_path, shift):
        super().__init__(dim, heads, side, window, drop_path)
        self.shift = shift
        self.register_buffer("attn_mask", hidden_by_shift(side, window, shift) if shift else None)

    def rolled(self, x, by):
        image = x.view(-1, self.side, self.side, x.shape[-1])
        return image.roll((by, by), (1, 2)).view(x.shape)

    def attend(self, y, mask):
        if not self.shift:
            return super().attend(y, mask)
        return self.rolled(super().attend(self.rolled(y, -self.shift), mask), self.shift)

    def mask_of_windows(self, mask, batch):
        if mask is None:
            return self.attn_mask
        groups = self.rolled(mask, -self.shift) if self.shift else mask
        by_group = hidden_between(groups, self.side, self.window)
        return by_group if self.attn_mask is None else self.attn_mask + by_group


class SwinEncoder(Encoder):
    layer_decay = 0.8
    not_decayed = ("relative_position_bias_table",)
    merging_layer, last_layer = 0, 1

    def block(self, n, width, heads, side, window, drop_path):
        shift = window // 2 if n % 2 == 1 and window < side else 0
        return SwinBlock(width, heads, side, window, drop_path, shift)

    def initialise(self):
        """The decoder as MixMIM, the encoder as its authors."""
        super().initialise()
        for layer in self.layers.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)


class SwinPretraining(Pretraining, SwinEncoder):
    pass


class SwinClassifier(Classification, SwinEncoder):
    pass
