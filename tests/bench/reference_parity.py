"""reference_parity.py FOLDER: compares the reference models with the golden numbers of a folder; fails when one is wrong.

Reads X_pretrain.json and X_finetune.json of every model, and beside them X_*.safetensors, X_official.pth and the entries of X
in extras.json, where there are any. Each line: how many numbers, the worst relative error, and what is allowed.
"""
import glob
import math
import os
import re
import sys

import torch
from torch.nn import functional as F

import reference_recipe as recipe
from model_sizes import STRIDE
from reference_golden import inputs_of, model_of, part_of, watch
from reference_model import mask_at
from reference_report import Report, read_json, read_safetensors
from reference_training import ENCODERS, parameter_groups

EXACT, LOSS, SEEN, GRADIENT, STEPS, CHANGE, NOISY = 1e-9, 2e-6, 1e-5, 2e-5, 1e-5, 1e-2, 3e-3
NORM, COARSE_NORM = 2e-6, 2e-4  # the latter, of MixMIM's own encoder, was taken as a float32 norm of float32 norms


def compare_seen(report, golden, seen):
    for name, expected in golden["activations"].items():
        if name == "decoder_embed" and expected["shape"][0] == 2 * golden["batch"]:
            name = "decoder_input"  # of both views, with mask tokens and positions
        report.described("activations", seen[name], expected, SEEN)


def without_keys(name, tensor):
    """A bias but for its keys' part, whose gradient is zero: what one sees there is rounding."""
    if name.endswith("attn.kv.bias"):
        return tensor.chunk(2)[1]
    if name.endswith("attn.qkv.bias"):
        queries, _, values = tensor.chunk(3)
        return torch.cat([queries, values])
    return tensor


def compare_gradients(report, golden, model):
    trained = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    report.equal("gradients: names", list(trained), list(golden["gradients"]))
    for name, expected in golden["gradients"].items():
        length = without_keys(name, trained[name]).double().norm().item()
        report.relative("gradients: length", length, expected["l2"], GRADIENT)
        report.samples("gradients: samples", trained[name], expected["samples"], expected["max_abs"], GRADIENT)
    return trained


def compare_groups(report, golden, task, model):
    """The groups of the optimiser by parameter: its decay, its layer's share of the rate."""
    layer_decay = golden["training"]["hyper_parameters"].get("layer_decay", 1.0)
    groups = parameter_groups(model, 1.0, layer_decay, golden["training"]["hyper_parameters"]["weight_decay"])
    of = {id(p): group for group in groups for p in group["params"]}
    expected = golden["parameter_groups"] if task == "finetune" else golden["weight_decay"]
    for name, entry in expected.items():
        group = of[id(model.get_parameter(name))]
        report.equal("weight decay", group["weight_decay"], entry["weight_decay"] if task == "finetune" else entry)
        if task == "finetune":
            report.relative("layer decay", group["scale"], entry["lr_scale"], EXACT)
    return groups


def rate(hyper, step):
    epoch = step / hyper["iters_per_epoch"]
    if epoch < hyper["warmup_epochs"]:
        return hyper["lr"] * epoch / hyper["warmup_epochs"]
    done = (epoch - hyper["warmup_epochs"]) / (hyper["epochs"] - hyper["warmup_epochs"])
    return hyper["min_lr"] + (hyper["lr"] - hyper["min_lr"]) * 0.5 * (1 + math.cos(math.pi * done))


def compare_training(report, golden, task, model):
    expected, groups = golden["training"], compare_groups(report, golden, task, model)
    hyper = expected["hyper_parameters"]
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(groups, betas=tuple(hyper["betas"]), eps=hyper["eps"])
    for step in range(hyper["steps"]):
        for group in groups:
            group["lr"] = rate(hyper, step) * group["scale"]
        optimizer.zero_grad()
        loss = model(*inputs_of(golden, task, step))
        loss.backward()
        report.relative("training: loss", loss.item(), expected["loss"][step], STEPS)
        report.add("training: rate", abs(rate(hyper, step) - expected["lr"][step]), EXACT)
        optimizer.step()
    for name, entry in (golden.get("final_parameters") or expected["final_parameters"]).items():
        if entry["float32_noise"] < NOISY:
            change = without_keys(name, model.get_parameter(name).detach() - before[name]).double().norm().item()
            report.relative("training: change", change, entry["change_l2"], CHANGE)


def compare_groups_apart(report, model, images, mask):
    """Other pixels in one image of a mixture change no bit of what is computed for the other one."""
    tokens = model.encode(images, mask)
    for number in (0, 1):
        shown = (mask == number).float().repeat_interleave(STRIDE, 0).repeat_interleave(STRIDE, 1)
        mixture = recipe.cells_swapped(images, mask)
        others = model.encode(recipe.cells_swapped(mixture + shown * (1 + mixture), mask), mask)
        same = (tokens == others).all(-1)
        report.equal("images of a mixture are apart", same.all(0).tolist(), (mask.flatten() != number).tolist())
    unmixed = model.encode(images, torch.zeros_like(mask))
    report.tensor("empty mask", unmixed, model.encode(images), SEEN)


def compare_official(report, path, model, images, logits):
    """A checkpoint in the published layout loads, hides the same pairs of tokens, and gives the same answers."""
    entries, own = torch.load(path, weights_only=True), model.state_dict()
    entries = entries.get("model", entries)
    report.equal("published file: names", sorted(entries), sorted(own))
    if entries.keys() != own.keys():
        return
    for name in dict(model.named_buffers()):
        meaning = torch.sign if name.endswith("attn_mask") else torch.clone
        report.equal("published file: buffers", torch.equal(meaning(entries[name]), meaning(own[name])), True)
    parameters = [name for name, _ in model.named_parameters()]
    report.equal("published file: order", [name for name in entries if name in parameters], parameters)
    model.load_state_dict(entries)
    report.tensor("published file: logits", model.logits(images), logits, SEEN)


def compare_tensors(report, seen, tensors):
    for name, expected in tensors.items():
        got = part_of(seen, name)
        same = got.numel() == expected.numel()  # some files keep the axis of an only image, and masks as tokens
        report.tensor("full tensors", got.reshape(expected.shape) if same else got, expected, SEEN)


def compare_pretraining(report, golden, model, tensors):
    images, mask = inputs_of(golden, "pretrain", 0)
    report.equal("mask", mask.int().flatten().tolist(), golden["mask_step0"])
    seen = watch(model, "pretrain")
    loss = model(images, mask)
    if "mixed_images_step0" in golden:
        report.described("images", recipe.cells_swapped(images, mask), golden["mixed_images_step0"], EXACT)
    else:
        with torch.no_grad():
            model.patch_embed(images)  # seen in place of the mixture's, because the published model mixes tokens
    seen["target"] = model.target(images)
    for number, stage in enumerate(model.stages, 1):
        seen["mask.stage%d" % number] = mask_at(mask, stage.side).view(stage.side, stage.side)
    compare_seen(report, golden, seen)
    compare_tensors(report, seen, tensors)
    with torch.no_grad():
        compare_groups_apart(report, model, images, mask)
    return loss


def compare_finetuning(report, golden, model, tensors):
    mixed, targets = inputs_of(golden, "finetune", 0)
    unmixed = recipe.images(golden["seed"], 0, golden["batch"])
    report.described("images", mixed, golden["mixed_images_step0"], EXACT)
    seen = watch(model, "finetune")
    with torch.no_grad():
        unmixed_logits = model.logits(unmixed)
    loss = model(mixed, targets)
    compare_seen(report, golden, seen)
    report.tensor("logits", seen["logits"][:, :16], torch.tensor(golden["logits_first_16"]), SEEN)
    report.tensor("logits", unmixed_logits[:, :16], torch.tensor(golden["logits_first_16_unmixed_images"]), SEEN)
    report.equal("answers", seen["logits"].argmax(1).tolist(), golden["argmax"])
    seen.update(logits_unmixed_images=unmixed_logits, soft_targets=targets)
    compare_tensors(report, seen, tensors)
    return loss


def compare_model(report, folder, name, task):
    path = os.path.join(folder, "%s_%s" % (name, task))
    golden = read_json(path + ".json")
    tensors = read_safetensors(path + ".safetensors") if os.path.exists(path + ".safetensors") else {}
    model = model_of(golden, task)
    if "window_size" in golden["config"]:
        report.equal("windows", [stage.windows[0] for stage in model.stages], golden["config"]["window_size"])
    report.equal("parameters", sum(p.numel() for p in model.parameters()), golden["parameters_total"])
    for entry, expected in golden.get("weight_checks", {}).items():
        report.described("weights", model.get_parameter(entry), expected, EXACT)
    loss = (compare_pretraining if task == "pretrain" else compare_finetuning)(report, golden, model, tensors)
    report.relative("loss", loss.item(), golden["loss"], LOSS)
    loss.backward()
    gradients = compare_gradients(report, golden, model)
    norm = torch.stack([gradient.double().norm() for gradient in gradients.values()]).norm().item()
    report.relative("gradients: norm", norm, golden["grad_norm"], COARSE_NORM if model.size.encoder == "mixmim" else NORM)
    compare_training(report, golden, task, model)
    report.flush("%s, %s" % (name, task))


def compare_other_sizes(report, name, golden, extras):
    """Parameters of places are resized to another image size; tiny numbers show a wrong epsilon."""
    for image in (384, 192):
        expected = extras["%s.%d" % (name, image)]
        model = model_of(golden, "finetune", image)
        trained = dict(model_of(golden, "finetune").named_parameters())
        for entry, parameter in model.named_parameters():
            with torch.no_grad():
                parameter.copy_(resized(entry, trained[entry], parameter))
        for entry, description in expected["resized"].items():
            report.described("%d px: resized" % image, model.get_parameter(entry), description, SEEN)
        with torch.no_grad():
            logits = model.logits(recipe.images(golden["seed"], 0, 1, image))
        report.tensor("%d px: logits" % image, logits, torch.tensor(expected["logits"]), SEEN)
    model = model_of(golden, "finetune")
    with torch.no_grad():
        for entry, parameter in model.named_parameters():
            if re.search(r"patch_embed|pos_embed|cls_token|\.proj\.|\.fc2\.|\.sr\.|\.reduction\.", entry):
                parameter *= 2.0 ** -8
        logits = model.logits(recipe.images(golden["seed"], 0, 1))
    report.tensor("small numbers: logits", logits, torch.tensor(extras[name + ".small_numbers"]["logits"]), SEEN)
    report.flush("%s, other sizes and numbers" % name)


def resized(name, source, target):
    """A parameter for another image size: tables of relative positions are pictures, and so are positions."""
    if name.endswith("bias_table"):
        return picture_resized(source, len(target), mode="bicubic")
    if not name.startswith("pos_embed"):
        return source
    first = source.shape[1] - math.isqrt(source.shape[1]) ** 2  # rows of the class token
    tokens = picture_resized(source[0, first:], target.shape[1] - first, mode="bilinear")
    return torch.cat([source[0, :first], tokens]).unsqueeze(0)


def picture_resized(rows, count, mode):
    """side^2 x C -> count x C, as a picture of C channels."""
    side, target = math.isqrt(len(rows)), math.isqrt(count)
    return F.interpolate(rows.t().view(1, -1, side, side), size=(target, target), mode=mode).flatten(2)[0].t()


def compare_folder(report, folder):
    """Names of the models that were compared."""
    extras_path, compared = os.path.join(folder, "extras.json"), []
    for path in sorted(glob.glob(os.path.join(folder, "*_finetune.json"))):
        name = os.path.basename(path)[:-len("_finetune.json")]
        golden = read_json(path)
        encoder = golden["config"].get("encoder", "mixmim")
        if encoder not in ENCODERS:
            sys.exit("%s: expected an encoder out of %s, got %s" % (path, ", ".join(ENCODERS), encoder))
        compared.append(name)
        for task in ("pretrain", "finetune"):
            compare_model(report, folder, name, task)
        official = os.path.join(folder, name + "_official.pth")
        if os.path.exists(official):
            images = recipe.images(golden["seed"], 0, golden["batch"])
            logits = torch.tensor(golden["logits_first_16_unmixed_images"])
            with torch.no_grad():
                compare_official(report, official, model_of(golden, "finetune"), images, logits)
            report.flush(name + ", published file")
        extras = read_json(extras_path) if os.path.exists(extras_path) else {}
        if name + ".384" in extras:
            compare_other_sizes(report, name, golden, extras)
    return compared


def main(arguments):
    if len(arguments) != 1:
        sys.exit("usage: reference_parity.py FOLDER")
    torch.manual_seed(0)
    report = Report()
    compared = compare_folder(report, arguments[0])
    if not compared:
        sys.exit("%s: expected files X_pretrain.json and X_finetune.json, got none" % arguments[0])
    if report.failed:
        sys.exit("%d quantities are wrong" % report.failed)
    print("%d numbers of %s agree" % (report.compared, ", ".join(compared)))


if __name__ == "__main__":
    main(sys.argv[1:])
