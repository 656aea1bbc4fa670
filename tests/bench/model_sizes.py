"""Sizes of the models and what a training step of them costs; needs no PyTorch. Run alone, it tests itself."""
from dataclasses import dataclass

IMAGE, PATCH, STRIDE, MLP = 224, 4, 32, 4  # pixels; the last is how much wider a block is inside
CELLS = (IMAGE // STRIDE) ** 2
CLASSES = 1000


@dataclass(frozen=True)
class Size:
    embed: int
    depths: tuple
    decoder_dim: int
    decoder_depth: int
    decoder_heads: int
    head_dim: int = 32
    windows: tuple = (14, 14, 14, 7)
    encoder: str = "mixmim"
    image: int = IMAGE

    def stages(self):
        """(width, heads, depth, side of the token grid, side of a window) of every stage."""
        return [(self.embed << s, (self.embed << s) // self.head_dim, depth, self.image // PATCH >> s, self.windows[s])
                for s, depth in enumerate(self.depths)]


def swin_windows(image, times):
    """Sides of windows: `times` the smallest divisor of the grid of cells that is at least 7, at most the grid of tokens."""
    cells = image // STRIDE
    side = next(divisor for divisor in range(min(7, cells), cells + 1) if cells % divisor == 0)
    return tuple(min(times * side, cells << stage) for stage in (3, 2, 1, 0))


def swin(embed, third_depth, times):
    return Size(embed, (2, 2, third_depth, 2), 512, 8, 16, windows=swin_windows(IMAGE, times), encoder="swin")


SIZES = {
    "tiny": Size(32, (1, 1, 2, 1), 64, 1, 2),
    "base": Size(128, (2, 2, 18, 2), 512, 8, 16),
    "large": Size(192, (2, 2, 18, 2), 512, 8, 16),
    "huge": Size(352, (2, 2, 18, 2), 512, 8, 16),
}
for letter, embed, third_depth in (("t", 96, 6), ("s", 96, 18), ("b", 128, 18), ("l", 192, 18)):
    SIZES["swin_" + letter] = swin(embed, third_depth, 1)
    SIZES["swin_" + letter + "_w14"] = swin(embed, third_depth, 2)


def block_layers(rows, width):
    return [(rows, width, 3 * width), (rows, width, width), (rows, width, MLP * width), (rows, MLP * width, width)]


def linear_layers(size, task, batch):
    """Every product with a weight matrix in a forward pass: (rows, inputs, outputs)."""
    stages = size.stages()
    layers = [(batch * stages[0][3] ** 2, 3 * PATCH ** 2, size.embed)]
    for s, (width, _, depth, side, _) in enumerate(stages):
        rows = batch * side ** 2
        layers += depth * block_layers(rows, width)
        if s + 1 < len(stages):
            layers.append((rows // 4, 4 * width, 2 * width))
    width = stages[-1][0]
    if task == "finetune":
        return layers + [(batch, width, CLASSES)]
    views = 2 * batch * CELLS
    return (layers + [(batch * CELLS, width, size.decoder_dim)] + size.decoder_depth * block_layers(views, size.decoder_dim)
            + [(views, size.decoder_dim, 3 * STRIDE ** 2)])


def attention_macs(size, task, batch):
    """Multiply-adds of scores and weighted values over whole windows: what the mask hides is counted too."""
    macs = sum(2 * depth * width * batch * side ** 2 * window ** 2 for width, _, depth, side, window in size.stages())
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
