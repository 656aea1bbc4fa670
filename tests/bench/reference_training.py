"""The reference models by name, and what trains them: masks, parameter groups, optimiser."""
import torch

from model_sizes import CELLS, IMAGE, SIZES, STRIDE
from reference_mixmim import MixmimEncoder
from reference_model import Classification, Pretraining
from reference_pvt import PvtEncoder, PvtV2Encoder
from reference_swin import SwinEncoder
from reference_twins import PcpvtEncoder, SvtEncoder

ENCODERS = {"mixmim": MixmimEncoder, "swin": SwinEncoder, "pvt": PvtEncoder, "twins_svt": SvtEncoder, "twins_pcpvt": PcpvtEncoder,
            "pvt_v2": PvtV2Encoder}
TASKS = {"pretrain": Pretraining, "finetune": Classification}
MODELS = {(encoder, task): type(TASKS[task].__name__ + ENCODERS[encoder].__name__, (TASKS[task], ENCODERS[encoder]), {})
          for encoder in ENCODERS for task in TASKS}

PARAMETERS = {  # pretraining, classifier of 1000 classes
    "base": (114_665_784, 88_344_352), "large": (223_468_244, 197_396_668), "huge": (684_709_594, 659_262_658),
    "swin_t": (54_734_714, 28_288_354), "swin_s": (76_052_618, 49_606_258),
    "swin_b": (114_089_656, 87_768_224), "swin_l": (222_604_052, 196_532_476),
    "swin_t_w14": (54_785_114, 28_338_754), "swin_s_w14": (76_183_658, 49_737_298),
    "swin_b_w14": (114_264_376, 87_942_944), "swin_l_w14": (222_866_132, 196_794_556),
    "pvt_tiny": (39_800_576, 13_229_288), "pvt_small": (51_057_152, 24_485_864),
    "pvt_medium": (70_779_392, 44_208_104), "pvt_large": (87_940_608, 61_369_320),
    "twins_svt_s": (50_632_064, 24_060_776), "twins_svt_b": (82_517_312, 56_070_952), "twins_svt_l": (125_592_832, 99_271_400),
    "twins_pcpvt_s": (50_677_504, 24_106_216), "twins_pcpvt_b": (70_399_744, 43_828_456),
    "twins_pcpvt_l": (87_560_960, 60_989_672),
    "pvt_v2_b0": (30_362_976, 3_666_760), "pvt_v2_b1": (40_580_288, 14_009_000), "pvt_v2_b2": (51_934_144, 25_362_856),
    "pvt_v2_b3": (71_809_984, 45_238_696), "pvt_v2_b4": (89_127_360, 62_556_072), "pvt_v2_b5": (108_527_296, 81_956_008)}


def draw_mask(ratio=0.5):
    """The cells with the smallest draws show the partner image: 7 x 7 floats, 0 or 1."""
    mask = torch.zeros(CELLS)
    mask[torch.rand(CELLS).argsort()[:int(CELLS * ratio)]] = 1
    return mask.view(IMAGE // STRIDE, -1)


def parameter_groups(model, lr, layer_decay=1.0, weight_decay=0.05):
    """A group for each pair of weight decay and rate: the nearer a layer is to the images, the less it learns."""
    groups, layers = {}, model.depth + 1
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = weight_decay if model.decays(name, parameter) else 0.0
            scale = layer_decay ** (layers - model.layer_of(name))
            group = {"params": [], "weight_decay": decay, "lr": lr * scale, "scale": scale}
            groups.setdefault((decay, scale), group)["params"].append(parameter)
    return list(groups.values())


def build(task, size_name):
    """The model of a task ("pretrain" or "finetune"), its parameters counted."""
    size = SIZES[size_name]
    model = MODELS[size.encoder, task](size)
    counted = sum(p.numel() for p in model.parameters())
    expected = PARAMETERS.get(size_name, (counted, counted))[task == "finetune"]
    if counted != expected:
        raise AssertionError("%s, %s: expected %d parameters, got %d" % (size_name, task, expected, counted))
    return model


def make_optimizer(model, task, **options):
    """AdamW with the groups, betas and learning rate of the published recipe; options of torch.optim.AdamW."""
    lr, layer_decay, beta2 = (1.2e-3, 1.0, 0.95) if task == "pretrain" else (2e-3, model.layer_decay, 0.999)
    return torch.optim.AdamW(parameter_groups(model, lr, layer_decay), lr=lr, betas=(0.9, beta2), **options)
