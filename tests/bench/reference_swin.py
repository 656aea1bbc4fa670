"""Swin (arXiv 2103.14030) under MixMIM in plain PyTorch: every second block shifts its windows by rolling the image.

A window at the edge of the rolled image holds up to four regions that are no neighbours: their tokens do not see each other. In
pretraining, neither do tokens of different images: the two masks are added.
"""
import torch

from reference_layers import Attention, hidden_between
from reference_windows import WindowBlock, WindowEncoder, to_windows


def hidden_in_windows(numbers, side, window):
    """The same within every window: 1 x side^2 x 1 -> windows x N x N"""
    numbers = to_windows(numbers, side, window)
    return hidden_between(numbers, numbers)


def hidden_by_shift(side, window, shift):
    """The rolled image has three bands in each direction, because the last window's two come from opposite edges."""
    band = torch.zeros(side)
    band[side - window:] = 1
    band[side - shift:] = 2
    regions = 3 * band[:, None] + band[None, :]
    return hidden_in_windows(regions.view(1, -1, 1), side, window)


class SwinAttention(Attention):
    def hide(self, scores, mask):
        """mask: the same for every image, windows x N x N"""
        of_images = scores.view(-1, mask.shape[0], *scores.shape[1:])
        return (of_images + mask.unsqueeze(1)).view(scores.shape)


class SwinBlock(WindowBlock):
    def __init__(self, stage, window, shift, drop_path):
        super().__init__(stage, window, SwinAttention(stage.width, stage.heads, window), drop_path)
        self.shift = shift
        self.register_buffer("attn_mask", hidden_by_shift(stage.side, window, shift) if shift else None)

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
        by_group = hidden_in_windows(groups, self.side, self.window)
        return by_group if self.attn_mask is None else self.attn_mask + by_group


class SwinEncoder(WindowEncoder):
    not_decayed = ("relative_position_bias_table",)

    def block(self, stage, n, drop_path):
        window = stage.windows[n]
        return SwinBlock(stage, window, window // 2 if n % 2 == 1 and window < stage.side else 0, drop_path)
