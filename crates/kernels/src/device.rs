//! Where the arithmetic happens.

use burn::tensor::Device;
use std::str::FromStr;

/// `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first NVIDIA GPU if this build and this machine have one, else the CPU.
    Auto,
    /// burn's flex backend.
    Cpu,
    /// An NVIDIA GPU by its number.
    Cuda(usize),
}

/// The device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Built without the feature.
    #[error(
        "this program was built without CUDA: build it with `--features cuda` (see README.md), or use --device cpu"
    )]
    NotBuilt,
    /// No driver, no GPU, or not so many.
    #[error(
        "no CUDA device {wanted}: {found} found; is the NVIDIA driver installed? --device cpu works everywhere"
    )]
    NotFound {
        /// As asked for.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
}

impl DeviceChoice {
    /// The device, and a sentence that says which one was taken and why.
    pub fn open(self) -> Result<(Device, String), DeviceError> {
        let cpu = |why: &str| Ok((Device::flex(), format!("device: cpu{why}")));
        match (self, cuda_devices()) {
            (Self::Cpu, _) => cpu(""),
            (Self::Auto, None) => cpu(" (built without CUDA)"),
            (Self::Auto, Some(0)) => cpu(" (no CUDA device found)"),
            (Self::Auto, Some(_)) => Ok((cuda(0), "device: cuda:0".to_owned())),
            (Self::Cuda(_), None) => Err(DeviceError::NotBuilt),
            (Self::Cuda(wanted), Some(found)) if wanted >= found => {
                Err(DeviceError::NotFound { wanted, found })
            }
            (Self::Cuda(index), Some(_)) => Ok((cuda(index), format!("device: cuda:{index}"))),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "cuda" => Ok(Self::Cuda(0)),
            Some(("cuda", number)) => number
                .parse()
                .map(Self::Cuda)
                .map_err(|_| format!("`{number}` is no number of a GPU")),
            _ => Err("use auto, cpu, cuda or cuda:N".to_owned()),
        }
    }
}

/// Number of GPUs; `None` in a build without CUDA. Asks without touching a driver that may not be there.
#[cfg(feature = "cuda")]
fn cuda_devices() -> Option<usize> {
    use burn::tensor::DeviceType;
    Some(Device::enumerate(DeviceType::Cuda).into_vec().len())
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Option<usize> {
    None
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Device {
    Device::cuda(index)
}

#[cfg(not(feature = "cuda"))]
fn cuda(_index: usize) -> Device {
    Device::flex()
}
