#!/usr/bin/env bash
# Builds the programs with backends for GPUs and runs the device tests on every device that they reach: every operation
# beside the CPU, fastai's twenty iterations, PyTorch's maps, what the loop waits for, and stories with a kill and a resume,
# with too little memory, and with a device that is lost. Without a GPU a program plays one: SwiftShader, which chromium
# brings, or Mesa's lavapipe. Half precision, which SwiftShader does not have, is tried on lavapipe as well.
#
#   scripts/test-devices.sh            the backend wgpu
#   scripts/test-devices.sh cuda       also CUDA, built with LLVM from PyPI
#
# It has a target folder and a profile of its own: less optimised, so that it builds in a third of the time.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/llvm.sh
export CARGO_TARGET_DIR=${DEVICES_TARGET_DIR:-target/devices}
features=wgpu
if [ "${1-}" = cuda ]; then
    if llvm_from_pypi "$CARGO_TARGET_DIR/llvm"; then
        features=cuda,wgpu
    else
        echo "no LLVM from PyPI: CUDA is not built"
    fi
fi

export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}

# cargo_on_devices VERB ARGUMENT...
cargo_on_devices() {
    cargo "$1" --profile devices --features "$features" -p train -p explain -p kernels -p stories "${@:2}"
}
cargo_on_devices build --bins

# Where chromium lies on Debian; it brings Vulkan's loader, too.
chromium=/usr/lib/chromium
if ! ldconfig -p | grep -q libvulkan.so.1 && [ -e "$chromium/libvulkan.so.1" ]; then
    export LD_LIBRARY_PATH=$chromium${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
real_gpus() {
    "$CARGO_TARGET_DIR/devices/train" --quiet devices | grep '^wgpu' | grep -v 'software on the CPU'
}
if [ -e "$chromium/vk_swiftshader_icd.json" ] && ! real_gpus; then
    export VK_DRIVER_FILES=$chromium/vk_swiftshader_icd.json
fi
listed=$("$CARGO_TARGET_DIR/devices/train" devices)
echo "$listed"
if [ "$(wc -l <<<"$listed")" -lt 2 ]; then
    echo "no GPU, and no software that plays one: install chromium or Mesa's Vulkan drivers"
    exit 1
fi
# Of golden_cam what is about devices: the rest is the CPU's, at a low optimisation.
cargo_on_devices test --test golden_cam -- on_every_device --nocapture
cargo_on_devices test --test devices --test trace -- --include-ignored --nocapture

if lavapipe=$(compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' | head -n 1); then
    export VK_DRIVER_FILES=$lavapipe
    cargo_on_devices test --test devices -- --include-ignored --nocapture half_precision
else
    echo "no lavapipe (Debian's mesa-vulkan-drivers): half precision is tried on the devices above alone"
fi
