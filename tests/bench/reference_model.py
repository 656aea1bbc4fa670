"""MixMIM (arXiv 2205.13137) around any encoder, in plain PyTorch: what `./run bench train` compares our trainer with.

An encoder is a subclass of Encoder; a model is one of the two tasks together with an encoder: class X(Pretraining, AnEncoder).
The decoder computes both views, from whose output the loss selects.
"""
import torch
from torch import nn
from torch.nn import functional as F

from model_sizes import CLASSES, STRIDE
from reference_layers import Block, PatchEmbed, PatchMerging, Stage


def sine_embedding(side, dim):
    """The first half of the channels says the column of a token, the second its row: 1 x side^2 x dim, not trained."""
    quarter = dim // 4
    frequency = 10000 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    angle = torch.outer(torch.arange(side, dtype=torch.float64), frequency)
    column, row = angle.repeat(side, 1), angle.repeat_interleave(side, 0)
    values = torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], dim=1)
    return nn.Parameter(values.float().unsqueeze(0), requires_grad=False)


def initialise_xavier(model):
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class Encoder(nn.Module):
    layer_decay = 0.7
    not_decayed = ()  # names of parameters that do not decay, besides all vectors
    merging_layer, last_layer = 1, 0  # of layer decay: a merging after its stage's last block, the end after the last of all

    def __init__(self, size, drop_path):
        super().__init__()
        stages, blocks = size.stages(), sum(size.depths)
        self.size, self.width, self.sides = size, stages[-1][0], [stage[3] for stage in stages]
        self.patch_embed = PatchEmbed(size.embed)
        self.layers, first = nn.ModuleList(), 0
        for width, heads, depth, side, window in stages:
            made = [self.block(n, width, heads, side, window, drop_path * (first + n) / (blocks - 1)) for n in range(depth)]
            last = len(self.layers) + 1 == len(stages)
            self.layers.append(Stage(made, None if last else PatchMerging(width, side)))
            first += depth
        self.norm = nn.LayerNorm(self.width)

    def block(self, n, width, heads, side, window, drop_path):
        """The n-th of a stage."""
        return Block(width, heads, side, window, drop_path)

    def position(self, x):
        return x

    def initialise(self):
        initialise_xavier(self)

    def encode(self, images, mask=None):
        """mask: 7 x 7 floats, 1 where a cell shows the partner image; None: the images are not mixed. -> B x 49 x C"""
        x, masks = self.patch_embed(images), [None] * len(self.layers)
        if mask is not None:
            masks = [F.interpolate(mask[None, None], size=side).view(1, -1, 1) for side in self.sides]
            x = x * (1 - masks[0]) + x.flip(0) * masks[0]
        x = self.position(x)
        for layer, tokens in zip(self.layers, masks):
            x = layer(x, tokens)
        return self.norm(x)

    def decays(self, name, parameter):
        return parameter.ndim > 1 and name.split(".")[-1] not in self.not_decayed

    def layer_of(self, name):
        """Which layer a parameter belongs to when the learning rate falls from layer to layer: 0 nearest the images."""
        words, depths = name.split("."), self.size.depths
        if words[0] == "patch_embed":
            return 0
        if words[0] != "layers":
            return sum(depths) + self.last_layer
        stage = int(words[1])
        if words[2] == "blocks":
            return sum(depths[:stage]) + int(words[3]) + 1
        return sum(depths[:stage + 1]) + self.merging_layer


class Pretraining:
    def __init__(self, size):
        super().__init__(size, drop_path=0.0)
        dim = size.decoder_dim
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.decoder_embed = nn.Linear(self.width, dim)
        self.decoder_pos_embed = sine_embedding(size.image // STRIDE, dim)
        self.decoder_blocks = nn.ModuleList(Block(dim, size.decoder_heads) for _ in range(size.decoder_depth))
        self.decoder_norm, self.decoder_pred = nn.LayerNorm(dim), nn.Linear(dim, 3 * STRIDE ** 2)
        self.initialise()
        nn.init.trunc_normal_(self.mask_token, std=0.02)

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
    def __init__(self, size, classes=CLASSES, drop_path=0.1):
        super().__init__(size, drop_path)
        self.head = nn.Linear(self.width, classes)
        self.initialise()
        nn.init.trunc_normal_(self.head.weight, std=2e-5)

    def logits(self, images):
        return self.head(self.encode(images).mean(1))

    def forward(self, images, targets):
        return -(targets * self.logits(images).log_softmax(-1)).sum(-1).mean()
