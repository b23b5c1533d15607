//! A device that is lost while a program computes on it: software is never unplugged.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the layer says when it loses the device: what a program says comes after it.
pub const LOST: &str = "lost_device.c: the device is lost\n";

/// What the layer says at the start.
pub const ASKED: &str = "lost_device.c: between the program and its driver\n";

const NAME: &str = "VK_LAYER_PETS_lost_device";
const LIBRARY: &str = "liblost_device.so";

/// Where a driver tells of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldIn {
    /// It refuses work.
    Submission,
    /// It takes work and does nothing, and whoever waits for it is told: a device that hangs.
    Wait,
}

/// A Vulkan layer that loses the device of a program: `lost_device.c`.
#[derive(Debug)]
pub struct LosingLayer {
    folder: PathBuf,
}

impl LosingLayer {
    /// Builds it in `folder`; says why where that cannot be.
    pub fn build(folder: &Path) -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("Vulkan has layers of this kind on Linux".to_owned());
        }
        let folder = folder.join("layer");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("lost_device.c"), include_str!("lost_device.c")).unwrap();
        fs::write(folder.join("lost_device.json"), manifest()).unwrap();
        let compiler = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o", LIBRARY, "lost_device.c"])
            .current_dir(&folder)
            .status();
        match compiler {
            Ok(status) if status.success() => Ok(Self { folder }),
            Ok(_) => panic!("lost_device.c does not compile"),
            Err(error) => Err(format!("no C compiler `cc`: {error}")),
        }
    }

    /// Lets `program` lose its device as soon as `file` is there.
    pub fn lose<'a>(&self, program: &'a mut Command, file: &Path, told: ToldIn) -> &'a mut Command {
        let told = match told {
            ToldIn::Submission => "submission",
            ToldIn::Wait => "wait",
        };
        program
            .env("VK_LAYER_PATH", &self.folder)
            .env("VK_INSTANCE_LAYERS", NAME)
            .env("LOSE_DEVICE_WHEN", file)
            .env("LOSE_DEVICE_IN", told)
    }
}

/// What Vulkan's loader wants to know of a layer.
fn manifest() -> String {
    format!(
        r#"{{"file_format_version": "1.0.0", "layer": {{"name": "{NAME}", "type": "GLOBAL", "library_path": "./{LIBRARY}",
        "api_version": "1.3.0", "implementation_version": "1", "description": "Loses the device"}}}}"#
    )
}
