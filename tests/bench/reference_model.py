"""MixMIM (arXiv 2205.13137) around any encoder, in plain PyTorch: what `./run bench train` compares our trainer with.

An encoder is a subclass of Encoder; a model is one of the two tasks together with an encoder: class X(Pretraining, AnEncoder).
Images are mixed before the encoder, which is the same as mixing tokens where no patch reaches into another cell. The decoder
computes both views, from whose output the loss selects.
"""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from model_sizes import CLASSES, MLP, STRIDE
from reference_layers import Attention, Block, Mlp


def sine_embedding(side, dim):
    """The first half of the channels says the column of a token, the second its row: 1 x side^2 x dim, not trained."""
    quarter = dim // 4
    frequency = 10000 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    angle = torch.outer(torch.arange(side, dtype=torch.float64), frequency)
    column, row = angle.repeat(side, 1), angle.repeat_interleave(side, 0)
    values = torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], dim=1)
    return nn.Parameter(values.float().unsqueeze(0), requires_grad=False)


def mask_at(mask, side):
    """The cells of a mask as an image of another size: 1 x 1 x side x side, or None of None."""
    return None if mask is None else F.interpolate(mask[None, None], size=side)


def rows_of(mask, side):
    """A mask for tokens: 1 x side^2 x 1, or None of None."""
    return None if mask is None else mask_at(mask, side).view(1, -1, 1)


def draw_truncated(tensor):
    nn.init.trunc_normal_(tensor, std=0.02)


def initialise_linear(layers, draw):
    """Their weights by a function that draws them, their biases zero."""
    for layer in layers:
        if isinstance(layer, nn.Linear):
            draw(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class Encoder(nn.Module):
    """A subclass has build(), which registers parts in the published order, block(), stage(), and layer_of() for layer decay."""
    layer_decay = 0.8
    not_decayed = ()  # words in names of parameters that do not decay, besides all vectors
    eps = 1e-5

    def __init__(self, size):
        super().__init__()
        self.size, self.stages = size, size.stages()
        self.width, self.depth = self.stages[-1].width, sum(size.depths)

    def made_blocks(self, drop_path):
        """The blocks of every stage. The deeper one is, the more often it is dropped."""
        rates = (drop_path * n / (self.depth - 1) for n in itertools.count())
        return [nn.ModuleList(self.block(stage, n, next(rates)) for n in range(len(stage.windows))) for stage in self.stages]

    def add_end(self):
        """The part after the last stage."""
        self.norm = nn.LayerNorm(self.width, self.eps)

    def initialise(self):
        """The decoder as MixMIM, the encoder as its authors."""
        parts = list(self.named_modules())
        initialise_linear((part for name, part in parts if name.startswith("decoder")), nn.init.xavier_uniform_)
        self.initialise_encoder([part for name, part in parts if not name.startswith("decoder")])

    def initialise_encoder(self, layers):
        initialise_linear(layers, draw_truncated)

    def rows(self, images, mask=None):
        """Features of tokens; before them, in encoders that have them, those of class tokens."""
        x = images if mask is None else torch.where(mask_at(mask, images.shape[-1]) == 1, images.flip(0), images)
        for number in range(len(self.stages)):
            x = self.stage(number, x, mask)
        return self.norm(x)

    def encode(self, images, mask=None):
        """mask: 7 x 7 floats, 1 where a cell shows the partner image; None: the images are not mixed. -> B x 49 x C"""
        return self.rows(images, mask)

    def pooled(self, images):
        """A classifier's input: B x C"""
        return self.rows(images).mean(1)

    def blocks_before(self, stage):
        """How many there are in the stages before this one."""
        return sum(self.size.depths[:stage])

    def decays(self, name, parameter):
        return parameter.ndim > 1 and not set(name.split(".")) & set(self.not_decayed)


class Pretraining:
    def __init__(self, size):
        super().__init__(size)
        dim = size.decoder_dim
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.decoder_pos_embed = sine_embedding(size.image // STRIDE, dim)
        self.build(drop_path=0.0)
        self.decoder_embed = nn.Linear(self.width, dim)
        self.decoder_blocks = nn.ModuleList(self.decoder_block() for _ in range(size.decoder_depth))
        self.decoder_norm, self.decoder_pred = nn.LayerNorm(dim), nn.Linear(dim, 3 * STRIDE ** 2)
        self.initialise()
        draw_truncated(self.mask_token)

    def decoder_block(self):
        dim = self.size.decoder_dim
        return Block(dim, Attention(dim, self.size.decoder_heads), Mlp(dim, MLP * dim))

    def decode(self, tokens, mask):
        """Both views, the images' own first: B x 49 x C -> 2B x 49 x 3072"""
        x = self.decoder_embed(tokens)
        x = torch.cat([x * (1 - mask) + self.mask_token * mask, x * mask + self.mask_token * (1 - mask)])
        x = x + self.decoder_pos_embed
        for block in self.decoder_blocks:
            x = block(x)
        return self.decoder_pred(self.decoder_norm(x))

    def target(self, images):
        """Pixels of every cell, normalised cell by cell, channels last: B x 49 x 3072"""
        side = self.size.image // STRIDE
        patches = images.view(-1, 3, side, STRIDE, side, STRIDE).permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)
        return (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6).sqrt()

    def forward(self, images, mask):
        cells = mask.view(1, -1, 1)
        own, partner = self.decode(self.encode(images, mask), cells).chunk(2)
        prediction = own * cells + partner.flip(0) * (1 - cells)
        return ((prediction - self.target(images)) ** 2).mean()


class Classification:
    def __init__(self, size, classes=CLASSES):
        super().__init__(size)
        self.classes = classes
        self.build(size.drop_path)
        self.initialise()
        nn.init.trunc_normal_(self.head.weight, std=2e-5)

    def add_end(self):
        super().add_end()
        self.head = nn.Linear(self.width, self.classes)

    def logits(self, images):
        return self.head(self.pooled(images))

    def forward(self, images, targets):
        return -(targets * self.logits(images).log_softmax(-1)).sum(-1).mean()
