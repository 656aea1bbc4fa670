"""The reference models by name, and what trains them: masks, parameter groups, optimiser."""
import torch

from model_sizes import CELLS, IMAGE, SIZES, STRIDE
from reference_mixmim import MixmimClassifier, MixmimPretraining

MODELS = {("mixmim", "pretrain"): MixmimPretraining, ("mixmim", "finetune"): MixmimClassifier}

PARAMETERS = {  # pretraining, classifier of 1000 classes
    "base": (114_665_784, 88_344_352), "large": (223_468_244, 197_396_668), "huge": (684_709_594, 659_262_658)}


def draw_mask(ratio=0.5):
    """The cells with the smallest draws show the partner image: 7 x 7 floats, 0 or 1."""
    mask = torch.zeros(CELLS)
    mask[torch.rand(CELLS).argsort()[:int(CELLS * ratio)]] = 1
    return mask.view(IMAGE // STRIDE, -1)


def parameter_groups(model, lr, layer_decay=1.0, weight_decay=0.05):
    """A group for each pair of weight decay and rate: the nearer a layer is to the images, the less it learns."""
    groups, layers = {}, sum(model.size.depths) + 1
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
