"""MixMIM (arXiv 2205.13137) as one writes it in PyTorch at first: what `./run bench train` compares our trainer with.

Tokens in raster order, cut into windows and put back in every block; attention over whole windows, whose mask is a large
number taken off the scores; a decoder for both views, from whose output the loss selects. Parameters have the names of the
published checkpoints. B images, N tokens, C channels.
"""
import torch
from torch import nn
from torch.nn import functional as F

from model_sizes import CELLS, CLASSES, IMAGE, MLP, PATCH, SIZES, STRIDE

PARAMETERS = {("base", "pretrain"): 114_665_784, ("large", "pretrain"): 223_468_244, ("huge", "pretrain"): 684_709_594,
              ("base", "finetune"): 88_344_352, ("large", "finetune"): 197_396_668, ("huge", "finetune"): 659_262_658}


def sine_embedding(side, dim):
    """The first half of the channels says the column of a token, the second its row: 1 x side^2 x dim, not trained."""
    quarter = dim // 4
    frequency = 10000 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    angle = torch.outer(torch.arange(side, dtype=torch.float64), frequency)
    column, row = angle.repeat(side, 1), angle.repeat_interleave(side, 0)
    values = torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], dim=1)
    return nn.Parameter(values.float().unsqueeze(0), requires_grad=False)


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
            mask = mask.unsqueeze(1)
            together = mask * mask.transpose(-2, -1) + (1 - mask) * (1 - mask).transpose(-2, -1)
            scores = scores - 1e30 * (1 - together)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c))


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, MLP * dim), nn.Linear(MLP * dim, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """`window` None: attention over all tokens, as in the decoder."""

    def __init__(self, dim, heads, side=None, window=None, drop_path=0.0):
        super().__init__()
        self.side, self.window = side, window
        self.norm1, self.attn = nn.LayerNorm(dim), Attention(dim, heads, window)
        self.norm2, self.mlp = nn.LayerNorm(dim), Mlp(dim)
        self.drop_path = DropPath(drop_path)

    def forward(self, x, mask=None):
        y = self.norm1(x)
        if self.window:
            if mask is not None:
                mask = to_windows(mask.repeat(x.shape[0], 1, 1), self.side, self.window)
            y = from_windows(self.attn(to_windows(y, self.side, self.window), mask), self.side, self.window)
        else:
            y = self.attn(y, mask)
        x = x + self.drop_path(y)
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchMerging(nn.Module):
    def __init__(self, dim, side):
        super().__init__()
        self.side = side
        self.norm, self.reduction = nn.LayerNorm(4 * dim), nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        x = x.view(x.shape[0], self.side, self.side, -1)
        x = torch.cat([x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)], dim=-1)
        return self.reduction(self.norm(x.flatten(1, 2)))


class Stage(nn.Module):
    def __init__(self, width, heads, side, window, drop_paths, last):
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, heads, side, window, rate) for rate in drop_paths)
        self.downsample = None if last else PatchMerging(width, side)

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


class Encoder(nn.Module):
    def __init__(self, size, drop_path):
        super().__init__()
        stages, blocks = size.stages(), sum(size.depths)
        self.patch_embed = PatchEmbed(size.embed)
        self.absolute_pos_embed = sine_embedding(IMAGE // PATCH, size.embed)
        self.layers, first = nn.ModuleList(), 0
        for s, (width, heads, depth, side, window) in enumerate(stages):
            rates = [drop_path * (first + n) / (blocks - 1) for n in range(depth)]
            self.layers.append(Stage(width, heads, side, window, rates, last=s + 1 == len(stages)))
            first += depth
        self.width, self.sides = stages[-1][0], [stage[3] for stage in stages]
        self.norm = nn.LayerNorm(self.width)

    def initialise(self):
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def encode(self, images, mask=None):
        """mask: 7 x 7 floats, 1 where a cell shows the partner image; None: the images are not mixed. -> B x 49 x C"""
        x, masks = self.patch_embed(images), [None] * len(self.layers)
        if mask is not None:
            masks = [F.interpolate(mask[None, None], size=side).view(1, -1, 1) for side in self.sides]
            x = x * (1 - masks[0]) + x.flip(0) * masks[0]
        x = x + self.absolute_pos_embed
        for layer, tokens in zip(self.layers, masks):
            x = layer(x, tokens)
        return self.norm(x)


class PretrainingModel(Encoder):
    def __init__(self, size):
        super().__init__(size, drop_path=0.0)
        dim = size.decoder_dim
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.decoder_embed = nn.Linear(self.width, dim)
        self.decoder_pos_embed = sine_embedding(IMAGE // STRIDE, dim)
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
        side = IMAGE // STRIDE
        patches = images.view(-1, 3, side, STRIDE, side, STRIDE).permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)
        return (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6).sqrt()

    def forward(self, images, mask):
        cells = mask.view(1, -1, 1)
        own, partner = self.decode(self.encode(images, mask), cells).chunk(2)
        prediction = own * cells + partner.flip(0) * (1 - cells)
        return ((prediction - self.target(images)) ** 2).mean()


class Classifier(Encoder):
    def __init__(self, size, classes=CLASSES, drop_path=0.1):
        super().__init__(size, drop_path)
        self.head = nn.Linear(self.width, classes)
        self.initialise()
        nn.init.trunc_normal_(self.head.weight, std=2e-5)

    def logits(self, images):
        return self.head(self.encode(images).mean(1))

    def forward(self, images, targets):
        return -(targets * self.logits(images).log_softmax(-1)).sum(-1).mean()


def draw_mask(ratio=0.5):
    """The cells with the smallest draws show the partner image: 7 x 7 floats, 0 or 1."""
    mask = torch.zeros(CELLS)
    mask[torch.rand(CELLS).argsort()[:int(CELLS * ratio)]] = 1
    return mask.view(IMAGE // STRIDE, -1)


def layer_scale(name, depths, decay):
    """Factor of the learning rate: the nearer the images, the smaller. Final norm and head learn as the last block does."""
    words, blocks = name.split("."), sum(depths)
    layer = blocks
    if words[0] == "patch_embed":
        layer = 0
    elif words[0] == "layers":
        stage = int(words[1])
        layer = sum(depths[:stage]) + int(words[3]) + 1 if words[2] == "blocks" else sum(depths[:stage + 1]) + 1
    return decay ** (blocks + 1 - layer)


def parameter_groups(model, depths, lr, layer_decay=1.0, weight_decay=0.05):
    """Vectors do not decay, everything else does; a group for each rate."""
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            key = (0.0 if parameter.ndim == 1 else weight_decay, layer_scale(name, depths, layer_decay))
            group = {"params": [], "weight_decay": key[0], "lr": lr * key[1]}
            groups.setdefault(key, group)["params"].append(parameter)
    return list(groups.values())


def build(task, size_name):
    """The model of a task ("pretrain" or "finetune"), its parameters counted."""
    model = {"pretrain": PretrainingModel, "finetune": Classifier}[task](SIZES[size_name])
    counted, expected = sum(p.numel() for p in model.parameters()), PARAMETERS.get((size_name, task))
    if expected not in (counted, None):
        raise AssertionError("%s, %s: expected %d parameters, got %d" % (size_name, task, expected, counted))
    return model


def make_optimizer(model, task, size_name, **options):
    """AdamW with the groups, betas and learning rate of the published recipe; options of torch.optim.AdamW."""
    lr, layer_decay, beta2 = (1.2e-3, 1.0, 0.95) if task == "pretrain" else (2e-3, 0.7, 0.999)
    groups = parameter_groups(model, SIZES[size_name].depths, lr, layer_decay)
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, beta2), **options)
