#!/usr/bin/env bash
# The whole way in a few minutes: pictures -> pretraining without labels -> fine-tuning with few labels -> one .onnx -> an
# OpenCV program that classifies with it. Every command is printed before it runs, so that it can be copied.
#
#   ./run demo                          on a data set drawn for it
#   ./run demo --data DIR --val DIR     on your own folders: one subfolder per class, the same names in both
#
# Everything is written to demo-out/.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/build/bin:$PATH

# The scale of the demo: about five minutes on two cores. Both fine-tunings get the same budget. Plain settings suit so few
# pictures better than the published recipe, which is made for a million: small batches, because what a small model learns
# in minutes is limited by the number of steps; no mixup, no RandAugment, no drop path, no layer decay.
image_size=64
pretrain_epochs=20
finetune_epochs=20
labels_per_class=100 # labelled pictures that fine-tuning sees; pretraining sees all pictures and no label
model=(--model small --model.imageSize "$image_size")
pretrain=(--epochs "$pretrain_epochs" --batch 32 --optim.lr 1.5e-3 --optim.warmupEpochs 1)
finetune=(--data.imagesPerClass "$labels_per_class" --epochs "$finetune_epochs" --batch 32 --optim.lr 1e-3
          --optim.warmupEpochs 2 --optim.layerDecay 1 --model.dropPath 0 --mix.mixup 0 --mix.cutmix 0
          --augment.randLayers 0 --augment.erase 0
          --augment.scaleMin 0.5 --run.validateEpochs "$finetune_epochs")

out=demo-out
data=$out/shapes/train
val=$out/shapes/val
own_data=no

fail() { echo "error: $*" >&2; exit 2; }

while [[ $# -gt 0 ]]; do
  case $1 in
    --data) data=${2:?"--data needs a folder"}; own_data=yes; shift 2 ;;
    --val) val=${2:?"--val needs a folder"}; own_data=yes; shift 2 ;;
    *) fail "demo: unknown option '$1', expected --data DIR --val DIR" ;;
  esac
done
for folder in "$data" "$val"; do
  if [[ $own_data == yes && ! -d $folder ]]; then fail "demo: no folder '$folder'; give both --data DIR and --val DIR"; fi
done

timings=()

# phase TITLE COMMAND...: prints the command, runs it, and notes how long it took.
phase() {
  local title=$1 start=$SECONDS
  shift
  printf '\n-- %s\n$' "$title"
  printf ' %q' "$@"
  printf '\n'
  "$@"
  timings+=("$(printf '%-34s %4d s' "$title" $((SECONDS - start)))")
}

# top1 MODEL: accuracy on the validation folder in percent; an .onnx is run by OpenCV.
top1() {
  mixmim eval --model "$1" --data "$val" --json 2>"$out/eval.log" |
    python3 -c 'import json, sys; print("%.1f %%" % (100 * json.load(sys.stdin)["top1"]))' ||
    { cat "$out/eval.log" >&2; exit 1; }
}

# quoted WORD...: as a shell takes them back.
quoted() { local words; printf -v words '%q ' "$@"; echo "${words% }"; }

# A few validation pictures, evenly spread over the classes.
somePictures() {
  find -L "$val" -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' \) | sort |
    awk -v wanted="$1" '{file[NR] = $0} END {for (i = 0; i < wanted; ++i) print file[int((i + 0.5) * NR / wanted) + 1]}'
}

mkdir -p "$out"
if [[ $own_data == no ]]; then
  phase "draw the data set" mixmim make-shapes --out "$out/shapes"
fi
phase "pretrain, no labels" mixmim pretrain --data "$data" --out "$out/pretrain" --overwrite "${model[@]}" "${pretrain[@]}"
phase "fine-tune from scratch" mixmim finetune --data "$data" --val "$val" --out "$out/from_scratch" --overwrite \
  "${model[@]}" "${finetune[@]}"
phase "fine-tune the pretrained model" mixmim finetune --data "$data" --val "$val" --out "$out/finetuned" --overwrite \
  --init "$out/pretrain" "${model[@]}" "${finetune[@]}"
phase "export" mixmim export --init "$out/finetuned" --out "$out/model.onnx"

mapfile -t pictures < <(somePictures 8)
phase "show reconstructions" mixmim show --init "$out/pretrain" "${pictures[@]}" --out "$out/reconstructions.png"
phase "classify in an OpenCV program" classify_folder "$out/model.onnx" "$val" "$out/predictions.png"

scratch=$(top1 "$out/from_scratch")
pretrained=$(top1 "$out/finetuned")
deployed=$(top1 "$out/model.onnx")

phase "report" mixmim report "$out/finetuned" "$out/from_scratch" "$out/pretrain" --out "$out/report.html"

printf '\n'
printf '  %s\n' "${timings[@]}"
cat <<TEXT

Top-1 accuracy on $val, after $finetune_epochs epochs on $labels_per_class labelled pictures per class:

  pretrained, then fine-tuned   $pretrained     and as model.onnx in OpenCV, without LibTorch: $deployed
  fine-tuned from scratch       $scratch

  report     $out/report.html            curves, mistakes and settings of the three runs: open it in a browser
  model      $out/model.onnx             one file for any OpenCV program
  pictures   $out/reconstructions.png    what pretraining makes of hidden halves
             $out/predictions.png        answers of an OpenCV program

Five things to try next:

  build/bin/mixmim predict --model $out/model.onnx $(quoted "${pictures[0]}")
  build/bin/mixmim info $out/model.onnx
  build/bin/search_by_features $out/model.onnx $(quoted "$val" "${pictures[0]}")
  build/bin/mixmim probe --init $out/pretrain --data $(quoted "$data") --val $(quoted "$val")
  build/bin/mixmim finetune --config $out/finetuned/config.ini --epochs 40 --out $out/longer --dry-run
TEXT
