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
class Stage:
    width: int
    heads: int
    hidden: int  # width inside the MLPs
    side: int  # of the token grid
    kernel: int  # side of what becomes a token, in pixels or in tokens of the stage before
    windows: tuple  # side of each block's window


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
    drop_path: float = 0.1  # of fine-tuning
    image: int = IMAGE

    def stages(self):
        windows = swin_windows(self.image, self.window // 7)
        return [Stage(width, width // self.head_dim, self.ratios[s] * width, self.image // PATCH >> s, PATCH if s == 0 else 2,
                      (windows[s],) * self.depths[s]) for s, width in enumerate(self.widths)]


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


def attention_layers(rows, width):
    return [(rows, width, 3 * width), (rows, width, width)]


def mlp_layers(rows, width, hidden):
    return [(rows, width, hidden), (rows, hidden, width)]


def stage_layers(stage, width_before, batch):
    rows = batch * stage.side ** 2
    layers = [(rows, stage.kernel ** 2 * width_before, stage.width)]
    for _ in stage.windows:
        layers += attention_layers(rows, stage.width) + mlp_layers(rows, stage.width, stage.hidden)
    return layers


def linear_layers(size, task, batch):
    """Every product with a weight matrix in a forward pass: (rows, inputs, outputs)."""
    layers, width = [], 3
    for stage in size.stages():
        layers += stage_layers(stage, width, batch)
        width = stage.width
    if task == "finetune":
        return layers + [(batch, width, CLASSES)]
    views, dim = 2 * batch * CELLS, size.decoder_dim
    block = attention_layers(views, dim) + mlp_layers(views, dim, MLP * dim)
    return layers + [(batch * CELLS, width, dim)] + size.decoder_depth * block + [(views, dim, 3 * STRIDE ** 2)]


def attention_macs(size, task, batch):
    """Multiply-adds of scores and weighted values over whole windows: what the mask hides is counted too."""
    macs = sum(2 * stage.width * batch * stage.side ** 2 * window ** 2 for stage in size.stages() for window in stage.windows)
    if task == "pretrain":
        macs += 2 * size.decoder_depth * size.decoder_dim * 2 * batch * CELLS ** 2
    return macs


def training_flop(size, task, batch):
    """Floating point operations of a training step: two per multiply-add, and the backward pass costs two forward ones."""
    linear = sum(rows * inputs * outputs for rows, inputs, outputs in linear_layers(size, task, batch))
    return 6 * (linear + attention_macs(size, task, batch))


PRETRAINING_GFLOP = {"base": 114.0, "large": 231.0, "huge": 721.8}  # published, per image
CLASSIFIER_GMAC = {"swin_t": 4.491, "swin_s": 8.741, "swin_b": 15.431, "swin_l": 34.476,
                   "swin_t_w14": 4.889, "swin_s_w14": 9.405, "swin_b_w14": 16.316, "swin_l_w14": 35.803}  # per image


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
