"""The model, the inputs and the outputs that a file of golden numbers speaks of."""
import re

import reference_recipe as recipe
from model_sizes import IMAGE, Size
from reference_training import MODELS


def size_of(config, image=IMAGE, windows=None):
    embed = config.get("embed_dim") or config["dims"][0]
    decoder = [config.get("decoder_" + key, 0) for key in ("dim", "depth", "num_heads")]
    return Size(embed, tuple(config["depths"]), *decoder, head_dim=embed // config["num_heads"][0],
                windows=windows or tuple(config["window_size"]), encoder=config.get("encoder", "mixmim"), image=image)


def model_of(golden, task, **size):
    size = size_of(golden["config"], **size)
    classify = {"classes": golden["config"]["classes"], "drop_path": 0.0} if task == "finetune" else {}
    model = MODELS[size.encoder, task](size, **classify)
    recipe.fill(model, golden["seed"])
    return model


def inputs_of(golden, task, step):
    """What forward() takes: images and mask, or mixed images and targets."""
    images = recipe.images(golden["seed"], step, golden["batch"])
    if task == "pretrain":
        return images, recipe.mask(golden["seed"], step, golden["mask_ratio"])
    share, classes = golden["mixup_lambda"], golden["config"]["classes"]
    return recipe.mixed_up(images, share), recipe.targets(step, golden["batch"], classes, share, golden["label_smoothing"])


def watch(model, task):
    """Everything that the golden numbers name, filled by the next forward pass."""
    seen = {}
    def keep(name, module):
        module.register_forward_hook(lambda _, __, output: seen.__setitem__(name, output.detach()))
    keep("patch_embed", model.patch_embed)
    for number, layer in enumerate(model.layers, 1):
        keep("stage%d.blocks" % number, layer.blocks[-1])
        keep("stage%d.out" % number, layer)
    keep("encoder", model.norm)
    if task == "finetune":
        model.head.register_forward_hook(lambda _, inputs, output: seen.update(pooled=inputs[0].detach(), logits=output.detach()))
        return seen
    keep("decoder_embed", model.decoder_embed)
    for number, block in enumerate(model.decoder_blocks):
        keep("decoder_block%d" % number, block)
    model.decoder_blocks[0].register_forward_pre_hook(lambda _, inputs: seen.update(decoder_input=inputs[0].detach()))
    keep("decoder_norm", model.decoder_norm)
    keep("prediction", model.decoder_pred)
    return seen


def part_of(seen, name):
    """For example prediction.second_view.image_last.cells0to1: rows of `prediction`, then cells."""
    base = next(key for key in sorted(seen, key=len, reverse=True) if name == key or name.startswith(key + "."))
    part, words = seen[base], name[len(base):].split(".")
    if "image0" in words:
        part = part[0]
    if "image_last" in words:
        part = part[-1]
    for first, last in re.findall(r"cells(\d+)to(\d+)", name):
        part = part[int(first):int(last) + 1]
    return part
