"""The model, the inputs and the outputs that a file of golden numbers speaks of."""
import re

import reference_recipe as recipe
from model_sizes import IMAGE, Size
from reference_training import MODELS

PARTS = (  # modules of a stage, {0} counted from 0, {1} from 1; and what the golden numbers call the output
    ("layers.{0}.downsample", "stage{1}.out"), ("patch_embed{1}", "stage{1}.embed"),
    ("patch_embeds.{0}", "stage{1}.embed"), ("pos_block.{0}", "stage{1}.peg"))


def size_of(config, image=IMAGE):
    stages = range(len(config["depths"]))
    widths = tuple(config.get("dims") or (config["embed_dim"] << stage for stage in stages))
    ratios = tuple(config.get("mlp_ratios") or (config["mlp_ratio"] for _ in stages))
    decoder = [config.get("decoder_" + key, 0) for key in ("dim", "depth", "num_heads")]
    return Size(widths, tuple(config["depths"]), *decoder, head_dim=widths[0] // config["num_heads"][0], ratios=ratios,
                window=config.get("window_size", [7])[0], encoder=config.get("encoder", "mixmim"), drop_path=0.0, image=image)


def model_of(golden, task, image=IMAGE):
    size = size_of(golden["config"], image)
    model = MODELS[size.encoder, task](size, **({"classes": golden["config"]["classes"]} if task == "finetune" else {}))
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
    seen, parts = {}, dict(model.named_modules())
    def keep(name, module):
        module.register_forward_hook(lambda _, __, output: seen.__setitem__(name, output.detach()))
    for name in ("patch_embed", "decoder_embed", "decoder_norm"):
        if name in parts:
            keep(name, parts[name])
    for number in range(len(model.stages)):
        for part, name in PARTS:
            if part.format(number, number + 1) in parts:
                keep(name.format(number, number + 1), parts[part.format(number, number + 1)])
    watch_encoder(model, seen)
    if task == "finetune":
        model.head.register_forward_hook(lambda _, inputs, output: seen.update(pooled=inputs[0].detach(), logits=output.detach()))
        return seen
    for number, block in enumerate(model.decoder_blocks):
        keep("decoder_block%d" % number, block)
    model.decoder_blocks[0].register_forward_pre_hook(lambda _, inputs: seen.update(decoder_input=inputs[0].detach()))
    keep("prediction", model.decoder_pred)
    return seen


def watch_encoder(model, seen):
    """Results of its stages, and its own."""
    stage, rows, cells = model.stage, model.rows, model.stages[-1].side ** 2

    def watched_stage(number, x, mask):
        x = stage(number, x, mask)
        seen["stage%d.blocks" % (number + 1)] = seen["stage%d.out" % (number + 1)] = x.detach()
        return x

    def watched_rows(*inputs):
        x = rows(*inputs)
        seen["encoder"] = x[:, -cells:].detach()
        return x

    model.stage, model.rows = watched_stage, watched_rows


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
