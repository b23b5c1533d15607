#!/usr/bin/env bash
# Milliseconds of a training step of ResNet-34 on one NVIDIA GPU, this program beside PyTorch, in turn.
# Needs: a GPU with its driver, what scripts/build-cuda.sh needs, python3 with torch and torchvision.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}

scripts/build-cuda.sh
source scripts/llvm.sh
llvm_from_pypi "${CARGO_TARGET_DIR:-target}/llvm"
cargo build -p train --example speed --features cuda
for round in $(seq "$rounds"); do
    for case in "224 32" "352 32" "224 128"; do
        echo "== round $round, $case"
        # shellcheck disable=SC2086 # two arguments
        "${CARGO_TARGET_DIR:-target}/debug/examples/speed" train $case 40 cuda
        # shellcheck disable=SC2086
        python3 - $case <<'PY'
import sys, time, torch, torchvision
size, count = map(int, sys.argv[1:])
torch.backends.cudnn.benchmark = True
for name, tf32, half in [("f32", False, False), ("TF32", True, False), ("bf16", True, True)]:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    layout = torch.channels_last if tf32 else torch.contiguous_format
    model = torchvision.models.resnet34(num_classes=37).cuda().to(memory_format=layout)
    pictures = torch.rand(count, 3, size, size, device="cuda").to(memory_format=layout)
    classes = torch.randint(0, 37, (count,), device="cuda")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(40):
        if step == 20:
            torch.cuda.synchronize()
            start = time.time()
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=half):
            loss = torch.nn.functional.cross_entropy(model(pictures), classes)
        loss.backward()
        optimizer.step()
    torch.cuda.synchronize()
    print(f"torch {name}: {1000 * (time.time() - start) / 20:.1f} ms")
PY
    done
done
