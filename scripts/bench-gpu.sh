#!/usr/bin/env bash
# Training throughput of this program beside PyTorch on one NVIDIA GPU: ResNet-34, 224 px, batch 32, synthetic pictures.
# Needs: a GPU with its driver, an open network for the first CUDA build (see README.md), python3 with torch and torchvision.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}

cargo build --release -p train --features cuda
for round in $(seq "$rounds"); do
    echo "== round $round, this program"
    target/release/train pets-resnet34 --device cuda --check --set data.source=sample --set data.folder=data/sample |
        grep -E "^stage|expected time"
    echo "== round $round, PyTorch"
    python3 - <<'PY'
import time, torch, torchvision
model = torchvision.models.resnet34(num_classes=37).cuda().train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.rand(32, 3, 224, 224, device="cuda")
y = torch.randint(0, 37, (32,), device="cuda")
for step in range(30):
    if step == 10:
        torch.cuda.synchronize(); start = time.time()
    optimizer.zero_grad(); torch.nn.functional.cross_entropy(model(x), y).backward(); optimizer.step()
torch.cuda.synchronize()
print(f"{20 * 32 / (time.time() - start):.1f} pictures/s")
PY
done
