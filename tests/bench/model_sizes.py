"""Sizes of the models and what a training step of them costs; needs no PyTorch. Run alone, it tests itself."""
from dataclasses import dataclass

IMAGE, PATCH, STRIDE, MLP = 224, 4, 32, 4  # pixels; the last is how much wider a block is inside, where nothing else is said
CELLS = (IMAGE // STRIDE) ** 2
CLASSES = 1000


def swin_windows(image, times):
    """Sides of windows: `times` the smallest divisor of the grid of cells that is at least 7, at most the grid of tokens."""
    cells = image // STRIDE
    side = next(divisor for divisor in range(min(7, cells), cells + 1) if cells % divisor == 0)
    return tuple(min(times * side, cells << stage) for stage in (3, 2, 1, 0))


@dataclass(frozen=True)
class Family:
    """Facts that the sizes of an encoder share."""
    windowed: tuple = (True,)  # which blocks see a window, in turn; the others see a key for each cell
    kernels: tuple = (PATCH, 2, 2, 2)  # sides of what becomes a token, at the start of each stage
    class_token: bool = False  # in the last stage, one for each image of a mixture
    convolved_position: bool = False  # by 3 x 3 tokens, depthwise
    convolved_mlp: bool = False  # likewise


FAMILIES = {"mixmim": Family(), "swin": Family(), "pvt": Family(windowed=(False,), class_token=True),
            "twins_svt": Family(windowed=(True, False), convolved_position=True),
            "twins_pcpvt": Family(windowed=(False,), convolved_position=True),
            "pvt_v2": Family(windowed=(False,), kernels=(7, 3, 3, 3), convolved_mlp=True)}


@dataclass(frozen=True)
class Stage:
    width: int
    heads: int
    hidden: int  # width inside the MLPs
    side: int  # of the token grid
    kernel: int  # side of what becomes a token: pixels, or tokens of the stage before
    reduction: int  # side of a cell in tokens, which become a key of blocks without windows
    windows: tuple  # side of each block's window, or None
    class_token: bool

    def rows(self, images):
        """Tokens and class tokens: of an image, or of the two of a mixture."""
        return self.side ** 2 + images * self.class_token


@dataclass(frozen=True)
class Size:
    widths: tuple
    depths: tuple
    decoder_dim: int = 512
    decoder_depth: int = 8
    decoder_heads: int = 16
    head_dim: int = 32
    ratios: tuple = (MLP,) * 4
    window: int = 14  # or 7, the side at 224 pixels where the grid has room for it
    encoder: str = "mixmim"
    drop_path: float = 0.1  # in fine-tuning
    image: int = IMAGE

    def stages(self):
        return [self.stage(s) for s in range(len(self.depths))]

    def stage(self, s):
        family, width, side = FAMILIES[self.encoder], self.widths[s], self.image // PATCH >> s
        window, turns = swin_windows(self.image, self.window // 7)[s], len(family.windowed)
        windows = tuple(window if family.windowed[n % turns] else None for n in range(self.depths[s]))
        return Stage(width, width // self.head_dim, self.ratios[s] * width, side, family.kernels[s],
                     side * STRIDE // self.image, windows, family.class_token and s + 1 == len(self.depths))


def doubled(width):
    return tuple(width << stage for stage in range(4))


SIZES = {
    "tiny": Size(doubled(32), (1, 1, 2, 1), 64, 1, 2),
    "base": Size(doubled(128), (2, 2, 18, 2)),
    "large": Size(doubled(192), (2, 2, 18, 2)),
    "huge": Size(doubled(352), (2, 2, 18, 2)),
}
for letter, width, third_depth in (("t", 96, 6), ("s", 96, 18), ("b", 128, 18), ("l", 192, 18)):
    for name, window in (("swin_%s", 7), ("swin_%s_w14", 14)):
        SIZES[name % letter] = Size(doubled(width), (2, 2, third_depth, 2), window=window, encoder="swin")


MORE_DROPPED = ("pvt_medium", "pvt_large", "twins_svt_b", "pvt_v2_b3", "pvt_v2_b4", "pvt_v2_b5")  # as their authors train them


def add_reduced(name, widths, depths, ratios=(8, 8, 4, 4), head_dim=64):
    """A size with blocks that see a key for each cell."""
    SIZES[name] = Size(widths, depths, head_dim=head_dim, ratios=ratios, window=7, encoder=name.rpartition("_")[0],
                       drop_path=0.3 if name in MORE_DROPPED else 0.1)


PVT_WIDTHS = (64, 128, 320, 512)
TINY, SMALL, MEDIUM, LARGE = (2, 2, 2, 2), (3, 4, 6, 3), (3, 4, 18, 3), (3, 8, 27, 3)
for name, depths in (("tiny", TINY), ("small", SMALL), ("medium", MEDIUM), ("large", LARGE)):
    add_reduced("pvt_" + name, PVT_WIDTHS, depths)
for name, width, depths in (("s", 64, (2, 2, 10, 4)), ("b", 96, (2, 2, 18, 2)), ("l", 128, (2, 2, 18, 2))):
    add_reduced("twins_svt_" + name, doubled(width), depths, (MLP,) * 4, 32)
for name, depths in (("s", SMALL), ("b", MEDIUM), ("l", LARGE)):
    add_reduced("twins_pcpvt_" + name, PVT_WIDTHS, depths)
add_reduced("pvt_v2_b0", (32, 64, 160, 256), TINY, head_dim=32)
for name, depths in (("b1", TINY), ("b2", SMALL), ("b3", MEDIUM), ("b4", LARGE)):
    add_reduced("pvt_v2_" + name, PVT_WIDTHS, depths)
add_reduced("pvt_v2_b5", PVT_WIDTHS, (3, 6, 40, 3), (MLP,) * 4)


def window_layers(rows, width):
    """Attention within windows, or over all rows."""
    return [(rows, width, 3 * width), (rows, width, width)]


def reduced_layers(rows, stage, cells):
    """Attention over a key for each cell; where a cell is one token, over all rows."""
    width, keys = stage.width, cells if stage.reduction > 1 else rows
    layers = [(rows, width, width), (keys, width, 2 * width), (rows, width, width)]
    return layers + ([(keys, stage.reduction ** 2 * width, width)] if stage.reduction > 1 else [])


def mlp_layers(rows, width, hidden):
    return [(rows, width, hidden), (rows, hidden, width)]


def images_of(task):
    """How many an image of a batch shows."""
    return 2 if task == "pretrain" else 1


def stage_layers(stage, width_before, task, batch):
    rows, cells = batch * stage.rows(images_of(task)), batch * CELLS
    layers = [(batch * stage.side ** 2, stage.kernel ** 2 * width_before, stage.width)]
    for window in stage.windows:
        layers += window_layers(rows, stage.width) if window else reduced_layers(rows, stage, cells)
        layers += mlp_layers(rows, stage.width, stage.hidden)
    return layers


def linear_layers(size, task, batch):
    """Every product with a weight matrix in a forward pass: (rows, inputs, outputs)."""
    layers, width = [], 3
    for stage in size.stages():
        layers += stage_layers(stage, width, task, batch)
        width = stage.width
    if task == "finetune":
        return layers + [(batch, width, CLASSES)]
    views, dim = 2 * batch * CELLS, size.decoder_dim
    block = window_layers(views, dim) + mlp_layers(views, dim, MLP * dim)
    return layers + [(batch * CELLS, width, dim)] + size.decoder_depth * block + [(views, dim, 3 * STRIDE ** 2)]


def keys_met(stage, window, rows):
    """How many keys a row of a block is compared with."""
    if window:
        return window ** 2
    return CELLS if stage.reduction > 1 else rows


def attention_macs(size, task, batch):
    """Multiply-adds of scores and weighted values over whole windows: what the mask hides is counted too."""
    macs = 0
    for stage in size.stages():
        rows = stage.rows(images_of(task))
        macs += sum(2 * stage.width * batch * rows * keys_met(stage, window, rows) for window in stage.windows)
    if task == "pretrain":
        macs += 2 * size.decoder_depth * size.decoder_dim * 2 * batch * CELLS ** 2
    return macs


def depthwise_macs(size, batch):
    """Multiply-adds of convolutions by 3 x 3 tokens that keep channels apart; the other image's tokens are counted too."""
    family, macs = FAMILIES[size.encoder], 0
    for stage in size.stages():
        channels = family.convolved_position * stage.width + family.convolved_mlp * len(stage.windows) * stage.hidden
        macs += 9 * batch * stage.side ** 2 * channels
    return macs


def training_flop(size, task, batch):
    """Floating point operations of a training step: two per multiply-add, and the backward pass costs two forward ones."""
    linear = sum(rows * inputs * outputs for rows, inputs, outputs in linear_layers(size, task, batch))
    return 6 * (linear + attention_macs(size, task, batch) + depthwise_macs(size, batch))


PRETRAINING_GFLOP = {"base": 114.0, "large": 231.0, "huge": 721.8}  # published, per image
CLASSIFIER_GMAC = {"swin_t": 4.491, "swin_s": 8.741, "swin_b": 15.431, "swin_l": 34.476,
                   "swin_t_w14": 4.889, "swin_s_w14": 9.405, "swin_b_w14": 16.316, "swin_l_w14": 35.803,
                   "pvt_tiny": 1.933, "pvt_small": 3.816, "pvt_medium": 6.659, "pvt_large": 9.814,
                   "twins_svt_s": 2.927, "twins_svt_b": 8.563, "twins_svt_l": 15.112,
                   "twins_pcpvt_s": 3.809, "twins_pcpvt_b": 6.653, "twins_pcpvt_l": 9.808,
                   "pvt_v2_b0": 0.566, "pvt_v2_b1": 2.108, "pvt_v2_b2": 4.027, "pvt_v2_b3": 6.897, "pvt_v2_b4": 10.101,
                   "pvt_v2_b5": 11.717}  # per image


def check():
    """The counts agree with the known ones."""
    known = [(name, "pretrain", number, 1e9, 0.05) for name, number in PRETRAINING_GFLOP.items()]
    known += [(name, "finetune", number, 6e9, 0.0006) for name, number in CLASSIFIER_GMAC.items()]
    for name, task, expected, unit, rounding in known:
        counted = training_flop(SIZES[name], task, 8) / 8 / unit
        assert abs(counted - expected) < rounding, "%s, %s: expected %.3f, counted %.4f" % (name, task, expected, counted)


if __name__ == "__main__":
    check()
    print("counts agree with the published ones")
