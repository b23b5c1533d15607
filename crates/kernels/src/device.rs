//! The device that computes.

use burn::tensor::Device;
use std::str::FromStr;

/// A value of `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU of the first backend in the table that this build and this machine have, else the CPU.
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

/// A device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The program was built without the backend's feature.
    #[error(
        "this program was built without {title}: build it with `--features {name}` (see README.md), or use --device cpu"
    )]
    NotBuilt {
        /// The backend as people write it.
        title: &'static str,
        /// The backend as typed.
        name: &'static str,
    },
    /// There is no driver, no GPU, or not so many.
    #[error(
        "no {title} device {wanted}: {found} found; is the {driver} installed? --device cpu works everywhere"
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
}

/// A backend for GPUs. A further one is one entry of [`GPU_BACKENDS`] and one feature.
#[derive(Debug)]
struct GpuBackend {
    /// Name in `--device` and of the feature.
    name: &'static str,
    /// Name as people write it.
    title: &'static str,
    /// Software that the machine must have.
    driver: &'static str,
    /// Lists and opens its devices; `None` in a build without the feature.
    built: Option<Built>,
}

/// The part of a backend that is there only in a build with its feature.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "gpu"),
    allow(dead_code, reason = "no backend of this build has one")
)]
struct Built {
    /// Number of devices, found without touching a driver that may not be there.
    count: fn() -> usize,
    open: fn(usize) -> Device,
}

/// All backends for GPUs, the preferred one first.
const GPU_BACKENDS: &[GpuBackend] = &[GpuBackend {
    name: "cuda",
    title: "CUDA",
    driver: "NVIDIA driver",
    #[cfg(feature = "cuda")]
    built: Some(Built {
        count: || {
            let devices = Device::enumerate(burn::tensor::DeviceType::Cuda);
            devices.into_vec().len()
        },
        open: Device::cuda,
    }),
    #[cfg(not(feature = "cuda"))]
    built: None,
}];

impl DeviceChoice {
    /// A line for `--help`: the values that `--device` takes.
    pub fn help() -> String {
        format!("Where to compute: {}", values())
    }

    /// The device, and a sentence that says which one was taken and why.
    ///
    /// # Errors
    /// The backend is not part of this build, or has no such device.
    pub fn open(self) -> Result<(Device, String), DeviceError> {
        match self {
            Self::Cpu => Ok((Device::flex(), "device: cpu".to_owned())),
            Self::Auto => Ok(first_gpu().unwrap_or_else(|why| {
                let sentence = format!("device: cpu ({why})");
                (Device::flex(), sentence)
            })),
            Self::Gpu { backend, number } => GPU_BACKENDS[backend].open(number),
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

impl GpuBackend {
    fn open(&self, number: usize) -> Result<(Device, String), DeviceError> {
        let &Self {
            name,
            title,
            driver,
            ref built,
        } = self;
        let built = built
            .as_ref()
            .ok_or(DeviceError::NotBuilt { title, name })?;
        let found = (built.count)();
        if number >= found {
            return Err(DeviceError::NotFound {
                title,
                driver,
                wanted: number,
                found,
            });
        }
        let sentence = format!("device: {name}:{number}");
        Ok(((built.open)(number), sentence))
    }
}

/// The first GPU that can be opened, or why there is none.
fn first_gpu() -> Result<(Device, String), String> {
    let built: Vec<&GpuBackend> = GPU_BACKENDS
        .iter()
        .filter(|backend| backend.built.is_some())
        .collect();
    let titles = |backends: &[&GpuBackend]| {
        let titles: Vec<&str> = backends.iter().map(|backend| backend.title).collect();
        titles.join(" or ")
    };
    if built.is_empty() {
        let all: Vec<&GpuBackend> = GPU_BACKENDS.iter().collect();
        return Err(format!("built without {}", titles(&all)));
    }
    let opened = built.iter().find_map(|backend| backend.open(0).ok());
    opened.ok_or_else(|| format!("no {} device found", titles(&built)))
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
        let gpu = |number| Ok(DeviceChoice::Gpu { backend: 0, number });
        assert_eq!("auto".parse(), Ok(DeviceChoice::Auto));
        assert_eq!("cpu".parse(), Ok(DeviceChoice::Cpu));
        assert_eq!("cuda".parse::<DeviceChoice>(), gpu(0));
        assert_eq!("cuda:3".parse::<DeviceChoice>(), gpu(3));
        let refused = |text: &str| text.parse::<DeviceChoice>().unwrap_err();
        assert_eq!(refused("cuda:x"), "`x` is no number of a GPU");
        assert_eq!(refused("cpu:0"), "use auto, cpu, cuda or cuda:N");
        assert_eq!(refused("tpu"), "use auto, cpu, cuda or cuda:N");
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_build_without_a_gpu_takes_the_cpu_and_says_why() {
        let (_, sentence) = DeviceChoice::Auto.open().unwrap();
        assert_eq!(sentence, "device: cpu (built without CUDA)");
        let error = "cuda".parse::<DeviceChoice>().unwrap().open().unwrap_err();
        assert!(error.to_string().contains("`--features cuda`"), "{error}");
    }
}
