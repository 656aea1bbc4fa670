"""pipeline_rivals.py NAME FOLDER SECONDS: images per second of another data loader on one core, as a JSON line.

Each does the same: files from a folder, random crop (scale 0.2 to 1), bicubic resize to 224, random flip, batches of 64 uint8
images. Exit code 77 where its package is not installed.
"""
import json
import os
import random
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"  # one core for everybody

SIZE, BATCH = 224, 64
RIVALS = {}


def rival(function):
    RIVALS[function.__name__] = function
    return function


def files_in(folder):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
                  if name.lower().endswith((".jpg", ".jpeg")))


def rate(batches, seconds):
    """batches yields the number of images in each batch, endlessly."""
    next(batches)  # warm-up
    start, images = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        images += next(batches)
    return {"images_per_second": images / (time.perf_counter() - start)}


def loader_batches(folder, transform, loader=None):
    import torch
    from torchvision.datasets import ImageFolder
    torch.set_num_threads(1)
    data = ImageFolder(folder, transform, **({"loader": loader} if loader else {}))
    # In this process: on one core a worker process only adds the cost of passing batches on.
    batches = torch.utils.data.DataLoader(data, batch_size=min(BATCH, len(data)), shuffle=True, drop_last=True)
    while True:
        for images, _ in batches:
            yield len(images)


@rival
def torchvision_pillow(folder, seconds):
    from torchvision import transforms as t
    crop = t.RandomResizedCrop(SIZE, scale=(0.2, 1), interpolation=t.InterpolationMode.BICUBIC)
    return rate(loader_batches(folder, t.Compose([crop, t.RandomHorizontalFlip(), t.PILToTensor()])), seconds)


@rival
def torchvision_tensors(folder, seconds):
    from torchvision.io import ImageReadMode, decode_image, read_file
    from torchvision.transforms import v2 as t
    crop = t.RandomResizedCrop(SIZE, scale=(0.2, 1), interpolation=t.InterpolationMode.BICUBIC, antialias=True)
    load = lambda path: decode_image(read_file(path), ImageReadMode.RGB)
    return rate(loader_batches(folder, t.Compose([crop, t.RandomHorizontalFlip()]), load), seconds)


@rival
def timm_finetuning(folder, seconds):
    from timm.data import create_transform
    transform = create_transform(SIZE, is_training=True, auto_augment="rand-m9-mstd0.5-inc1", interpolation="bicubic",
                                 re_prob=0.25, re_mode="pixel", re_count=1)
    return rate(loader_batches(folder, transform), seconds)


@rival
def dali(folder, seconds):
    from nvidia.dali import fn, pipeline_def, types

    @pipeline_def(batch_size=BATCH, num_threads=1, device_id=None)
    def chain():
        encoded, _ = fn.readers.file(file_root=folder, random_shuffle=True)
        images = fn.decoders.image_random_crop(encoded, device="cpu", output_type=types.RGB,
                                               random_area=[0.2, 1.0], random_aspect_ratio=[0.75, 4 / 3])
        images = fn.resize(images, resize_x=SIZE, resize_y=SIZE, interp_type=types.INTERP_CUBIC, antialias=True)
        return fn.flip(images, horizontal=fn.random.coin_flip())

    pipe = chain()
    pipe.build()

    def batches():
        while True:
            pipe.run()
            yield BATCH
    return rate(batches(), seconds)


@rival
def mlx_data(folder, seconds):
    import mlx.data as dx
    samples = [{"file": path.encode()} for path in files_in(folder)]

    def batches():
        while True:
            stream = (dx.buffer_from_vector(samples).shuffle().to_stream().load_image("file", output_key="image")
                      .image_random_area_crop("image", (0.2, 1.0), (0.75, 4 / 3)).image_resize("image", SIZE, SIZE)
                      .image_random_h_flip("image", 0.5).batch(BATCH))
            for batch in stream:
                yield len(batch["image"])
    return rate(batches(), seconds)


@rival
def pillow_resize(folder, seconds):
    """Crop and resize of decoded images only: ms per image."""
    from PIL import Image
    images = [Image.open(path).convert("RGB") for path in files_in(folder)]
    draw, spent, count, start = random.Random(0), 0.0, 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        image = draw.choice(images)
        for _ in range(10):
            area, ratio = image.width * image.height * draw.uniform(0.2, 1), draw.uniform(0.75, 4 / 3)
            width, height = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
            if 0 < width <= image.width and 0 < height <= image.height:
                break
        else:
            continue
        left, top = draw.randint(0, image.width - width), draw.randint(0, image.height - height)
        before = time.perf_counter()
        image.crop((left, top, left + width, top + height)).resize((SIZE, SIZE), Image.BICUBIC)
        spent, count = spent + time.perf_counter() - before, count + 1
    return {"resize_ms": 1000 * spent / count}


if __name__ == "__main__":
    try:
        print(json.dumps(RIVALS[sys.argv[1]](sys.argv[2], float(sys.argv[3]))))
    except ImportError as missing:
        print("not installed: %s" % missing, file=sys.stderr)
        sys.exit(77)
