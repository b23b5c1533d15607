//! The device that computes: how it is named, found and opened.

mod backends;
mod comparison;
mod failure;

use backends::{GPU_BACKENDS, GpuBackend};
use burn::backend::{DispatchDevice, FlexDevice};
use burn::tensor::Device;
use std::{str::FromStr, sync::OnceLock};

pub use failure::{Advice, DeviceFailed, advise};

/// The GPU that this program computes on.
static OPENED: OnceLock<Device> = OnceLock::new();

/// A value of `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best GPU that this build and this machine have, never one made of software; else the CPU.
    Auto,
    /// burn's CPU backend, flex.
    Cpu,
    /// A GPU: the place of its backend in the table of backends, and its number there.
    Gpu {
        /// Place of the backend.
        backend: usize,
        /// Number of the GPU, from 0.
        number: usize,
    },
}

/// What is done before a GPU is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceCheck {
    /// Its results are compared with the CPU's.
    Compare,
    /// Nothing.
    Skip,
}

impl DeviceCheck {
    /// The comparison, unless a person does without.
    pub fn unless(skip: bool) -> Self {
        if skip { Self::Skip } else { Self::Compare }
    }
}

/// A device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The program was built without the backend's feature.
    #[error(
        "this program was built without {title}: build it with `--features {name}` (see docs/devices.md), or use --device cpu"
    )]
    NotBuilt {
        /// The backend as people write it.
        title: &'static str,
        /// The backend as typed.
        name: &'static str,
    },
    /// There is no driver, no GPU, or not so many.
    #[error(
        "no {title} device {wanted}: {found} found; it needs the {driver}. `train devices` lists what there is, --device cpu works everywhere"
    )]
    NotFound {
        /// The backend as people write it.
        title: &'static str,
        /// Software that the machine must have.
        driver: &'static str,
        /// Number of the GPU that was asked for.
        wanted: usize,
        /// Number of GPUs that are there.
        found: usize,
    },
    /// It failed at its first operation.
    #[error(
        "{device} does not work: {reason}. It needs the {driver} (docs/devices.md); --device cpu works everywhere"
    )]
    Broken {
        /// Software that the machine must have.
        driver: &'static str,
        /// The device as typed.
        device: String,
        /// What its driver says.
        reason: String,
    },
    /// It computes something else than the CPU.
    #[error(
        "{device} computes a wrong {operation} (off by {difference:.0e} of the largest value), so nothing that it trains could be trusted: \
         update its driver, use another --device, or go on all the same with --skip-device-check"
    )]
    WrongNumbers {
        /// The device as typed, with its name.
        device: String,
        /// What differs.
        operation: &'static str,
        /// Largest difference as a share of the largest value.
        difference: f64,
    },
}

/// A device that this build can reach.
#[derive(Debug, Clone)]
pub struct ListedDevice {
    /// The device as typed: `cuda:0`.
    pub typed: String,
    /// Its name, as its driver gives it.
    pub name: String,
    /// Memory in bytes, where the driver tells.
    pub memory: Option<u64>,
    /// Software that it needs.
    pub driver: &'static str,
    /// True if a program on the CPU plays the GPU.
    pub software: bool,
    /// The device itself.
    pub device: Device,
}

impl DeviceChoice {
    /// A line for `--help`: the values that `--device` takes.
    pub fn help() -> String {
        format!("Where to compute: {}", values())
    }

    /// The device, and a sentence that says which one was taken and why.
    ///
    /// # Errors
    /// The backend is not part of this build, or has no such device, or the device fails the `check`.
    pub fn open(self, check: DeviceCheck) -> Result<(Device, String), DeviceError> {
        match self {
            Self::Cpu => Ok((Device::flex(), "device: cpu".to_owned())),
            Self::Auto => Ok(best_gpu(check).unwrap_or_else(|why| {
                let sentence = format!("device: cpu ({why})");
                (Device::flex(), sentence)
            })),
            Self::Gpu { backend, number } => {
                let backend = &GPU_BACKENDS[backend];
                let found = devices_of(backend)?;
                let count = found.len();
                let listed = found.into_iter().nth(number);
                let listed = listed.ok_or(DeviceError::NotFound {
                    title: backend.title,
                    driver: backend.driver,
                    wanted: number,
                    found: count,
                })?;
                prove(&listed, check)?;
                Ok(opened(listed))
            }
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, number) = text
            .split_once(':')
            .map_or((text, None), |(name, number)| (name, Some(number)));
        let backend = GPU_BACKENDS.iter().position(|backend| backend.name == name);
        match (text, backend, number) {
            ("auto", ..) => Ok(Self::Auto),
            ("cpu", ..) => Ok(Self::Cpu),
            (_, Some(backend), None) => Ok(Self::Gpu { backend, number: 0 }),
            (_, Some(backend), Some(number)) => number
                .parse()
                .map(|number| Self::Gpu { backend, number })
                .map_err(|_| format!("`{number}` is no number of a GPU")),
            _ => Err(format!("use {}", values())),
        }
    }
}

/// The GPUs that this build can reach, the preferred backend first.
pub fn gpus() -> Vec<ListedDevice> {
    let backends = GPU_BACKENDS.iter();
    backends
        .filter_map(|backend| devices_of(backend).ok())
        .flatten()
        .collect()
}

/// Backends that are not part of this build, as typed.
pub fn backends_not_built() -> Vec<&'static str> {
    let absent = GPU_BACKENDS.iter().filter(|backend| backend.list.is_none());
    absent.map(|backend| backend.name).collect()
}

/// True if `device` is the CPU, whose results are there when a call returns; a GPU works through a queue.
pub fn is_cpu(device: &Device) -> bool {
    let inner = device.clone().inner();
    matches!(inner.as_dispatch(), DispatchDevice::Flex(FlexDevice))
}

/// Waits until the GPU that was opened, if any, has done what it was given, as a program must before it ends: drivers crash
/// that still work when it does. A failure is none any more.
pub fn finish_work() {
    if let Some(device) = OPENED.get() {
        let device = device.clone();
        let _ = comparison::quietly(move || device.sync());
    }
}

/// The devices of `backend`; software ones come after all others.
fn devices_of(backend: &GpuBackend) -> Result<Vec<ListedDevice>, DeviceError> {
    let &GpuBackend {
        name,
        title,
        driver,
        list,
        memory,
    } = backend;
    let list = list.ok_or(DeviceError::NotBuilt { title, name })?;
    let (software, real): (Vec<_>, Vec<_>) = list().into_iter().partition(backends::is_software);
    let count = real.len();
    let devices = real.into_iter().chain(software).enumerate();
    Ok(devices
        .map(|(number, device)| ListedDevice {
            typed: format!("{name}:{number}"),
            name: backends::name(&device),
            memory: memory(number),
            driver,
            software: number >= count,
            device,
        })
        .collect())
}

/// The first GPU that is none of software and passes the check, or why there is none.
fn best_gpu(check: DeviceCheck) -> Result<(Device, String), String> {
    let built: Vec<&GpuBackend> = GPU_BACKENDS
        .iter()
        .filter(|backend| backend.list.is_some())
        .collect();
    if built.is_empty() {
        return Err("this build has no GPUs: docs/devices.md".to_owned());
    }
    let mut refused = Vec::new();
    for listed in gpus().into_iter().filter(|listed| !listed.software) {
        match prove(&listed, check) {
            Ok(()) => return Ok(opened(listed)),
            Err(error) => refused.push(error.to_string()),
        }
    }
    if refused.is_empty() {
        let titles: Vec<&str> = built.iter().map(|backend| backend.title).collect();
        Err(format!("no {} device found", titles.join(" or ")))
    } else {
        Err(refused.join("; "))
    }
}

fn opened(listed: ListedDevice) -> (Device, String) {
    let ListedDevice {
        typed,
        name,
        software,
        device,
        ..
    } = listed;
    failure::tell_in_one_sentence(&typed);
    let _ = OPENED.set(device.clone());
    let kind = if software {
        ", software on the CPU"
    } else {
        ""
    };
    (device, format!("device: {typed} ({name}{kind})"))
}

fn prove(listed: &ListedDevice, check: DeviceCheck) -> Result<(), DeviceError> {
    let ListedDevice {
        typed,
        name,
        driver,
        device,
        ..
    } = listed;
    if check == DeviceCheck::Skip {
        return Ok(());
    }
    let named = || format!("{typed} ({name})");
    match comparison::first_wrong(device) {
        Ok(None) => Ok(()),
        Ok(Some(wrong)) => Err(DeviceError::WrongNumbers {
            device: named(),
            operation: wrong.operation,
            difference: wrong.difference,
        }),
        Err(reason) => Err(DeviceError::Broken {
            driver,
            device: named(),
            reason,
        }),
    }
}

/// The values of `--device`, in words: `auto, cpu, cuda or cuda:N`.
fn values() -> String {
    let gpus: Vec<String> = GPU_BACKENDS
        .iter()
        .map(|backend| format!("{0} or {0}:N", backend.name))
        .collect();
    format!("auto, cpu, {}", gpus.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_its_backend_and_its_number() {
        let gpu = |backend, number| Ok(DeviceChoice::Gpu { backend, number });
        assert_eq!("auto".parse(), Ok(DeviceChoice::Auto));
        assert_eq!("cpu".parse(), Ok(DeviceChoice::Cpu));
        assert_eq!("cuda".parse::<DeviceChoice>(), gpu(0, 0));
        assert_eq!("cuda:3".parse::<DeviceChoice>(), gpu(0, 3));
        assert_eq!("wgpu:1".parse::<DeviceChoice>(), gpu(3, 1));
        let refused = |text: &str| text.parse::<DeviceChoice>().unwrap_err();
        let all =
            "use auto, cpu, cuda or cuda:N, metal or metal:N, vulkan or vulkan:N, wgpu or wgpu:N";
        assert_eq!(refused("cuda:x"), "`x` is no number of a GPU");
        assert_eq!(refused("cpu:0"), all);
        assert_eq!(refused("tpu"), all);
    }

    #[test]
    fn the_cpu_is_told_from_a_gpu() {
        assert!(is_cpu(&Device::flex()));
        assert!(is_cpu(&Device::flex().autodiff()));
        for listed in gpus() {
            assert!(!is_cpu(&listed.device), "{}", listed.typed);
        }
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_build_without_a_gpu_takes_the_cpu_and_says_why() {
        let (_, sentence) = DeviceChoice::Auto.open(DeviceCheck::Compare).unwrap();
        assert_eq!(
            sentence,
            "device: cpu (this build has no GPUs: docs/devices.md)"
        );
        let cuda: DeviceChoice = "cuda".parse().unwrap();
        let error = cuda.open(DeviceCheck::Compare).unwrap_err();
        assert!(error.to_string().contains("`--features cuda`"), "{error}");
        assert_eq!(backends_not_built(), ["cuda", "metal", "vulkan", "wgpu"]);
    }
}
