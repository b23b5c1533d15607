//! The table of backends for GPUs.

use burn::tensor::Device;

/// A backend for GPUs. A further one is one entry of [`GPU_BACKENDS`] and one feature.
#[derive(Debug)]
pub(super) struct GpuBackend {
    /// Name in `--device` and of the feature.
    pub(super) name: &'static str,
    /// Name as people write it.
    pub(super) title: &'static str,
    /// Software that the machine must have.
    pub(super) driver: &'static str,
    /// Lists its devices without touching a driver that may not be there; `None` in a build without the feature.
    pub(super) list: Option<fn() -> Vec<Device>>,
    /// Bytes of memory of a device, where the driver tells.
    pub(super) memory: fn(usize) -> Option<u64>,
}

/// `Some` of a function that lists the devices of a type, in a build with the feature.
macro_rules! list {
    ($feature:literal, $kind:ident) => {{
        #[cfg(feature = $feature)]
        let list: Option<fn() -> Vec<Device>> =
            Some(|| Device::enumerate(burn::tensor::DeviceType::$kind).into_vec());
        #[cfg(not(feature = $feature))]
        let list = None;
        list
    }};
}

/// All backends for GPUs, the preferred one first: a vendor's own before those over a common interface.
pub(super) const GPU_BACKENDS: &[GpuBackend] = &[
    GpuBackend {
        name: "cuda",
        title: "CUDA",
        driver: "NVIDIA driver and libdevice.10.bc of the CUDA toolkit",
        list: list!("cuda", Cuda),
        memory: cuda_memory,
    },
    GpuBackend {
        name: "metal",
        title: "Metal",
        driver: "macOS",
        list: list!("metal", Metal),
        memory: |_| None,
    },
    GpuBackend {
        name: "vulkan",
        title: "Vulkan",
        driver: "Vulkan driver of the GPU",
        list: list!("vulkan", Vulkan),
        memory: |_| None,
    },
    GpuBackend {
        name: "wgpu",
        title: "WebGPU",
        driver: "Vulkan, Metal or DirectX driver of the GPU",
        list: list!("wgpu", Wgpu),
        memory: |_| None,
    },
];

/// True if a program on the CPU plays the GPU: lavapipe, SwiftShader, WARP.
#[cfg(feature = "wgpu")]
pub(super) fn is_software(device: &Device) -> bool {
    use burn::backend::{CubeDevice, DispatchDevice, WgpuDeviceKind};
    matches!(
        device.as_dispatch(),
        DispatchDevice::Cube(CubeDevice::Wgpu(device)) if device.kind == WgpuDeviceKind::Cpu
    )
}

#[cfg(not(feature = "wgpu"))]
pub(super) fn is_software(_device: &Device) -> bool {
    false
}

/// The name that the driver gives it. Opens the device.
#[cfg(feature = "gpu")]
pub(super) fn name(device: &Device) -> String {
    device
        .as_dispatch()
        .identity()
        .map_or_else(|| format!("{device:?}"), |identity| identity.name)
}

#[cfg(not(feature = "gpu"))]
pub(super) fn name(device: &Device) -> String {
    format!("{device:?}")
}

#[cfg(feature = "cuda")]
fn cuda_memory(number: usize) -> Option<u64> {
    let context = cudarc::driver::CudaContext::new(number).ok()?;
    context.total_mem().ok().map(|bytes| bytes as u64)
}

#[cfg(not(feature = "cuda"))]
fn cuda_memory(_number: usize) -> Option<u64> {
    None
}
