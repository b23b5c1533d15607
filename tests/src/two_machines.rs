//! Two network namespaces with a cable between them, which stand for two machines.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{self, Command},
};

/// Two machines with a cable. Dropped, they are gone with everything that runs on them.
#[derive(Debug)]
pub struct TwoMachines {
    /// Their names.
    names: [String; 2],
    /// What mpirun starts instead of ssh.
    agent: PathBuf,
}

/// Addresses of the machines.
const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

impl TwoMachines {
    /// Two machines whose cable carries `rate` (`200mbit`); files of theirs are left in `scratch`. A sentence if that is not
    /// allowed here.
    pub fn new(rate: &str, scratch: &Path) -> Result<Self, String> {
        let id = process::id();
        let machines = Self {
            names: ["a", "b"].map(|name| format!("pets-{name}{id}")),
            agent: scratch.join("agent.sh"),
        };
        let [a, b] = &machines.names;
        ip(&["netns", "add", a])?;
        ip(&["netns", "add", b])?;
        let cable = ["link", "add", "cable", "netns", a, "type", "veth", "peer"];
        ip(&[&cable[..], &["name", "cable", "netns", b]].concat())?;
        for (name, address) in machines.names.iter().zip(ADDRESSES) {
            let address = format!("{address}/24");
            ip(&["-n", name, "addr", "add", &address, "dev", "cable"])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
            ip(&["-n", name, "link", "set", "cable", "up"])?;
            let shaped = ["qdisc", "add", "dev", "cable", "root", "tbf", "rate", rate];
            let queue = ["burst", "256kb", "latency", "50ms"];
            let tc = [&["netns", "exec", name, "tc"], &shaped[..], &queue].concat();
            if let Err(error) = ip(&tc) {
                eprintln!("the cable between the two machines is not shaped: {error}");
            }
        }
        // mpirun calls it with the machine's address before the command.
        let script = format!(
            "#!/bin/sh\nshift\nexec ip netns exec {b} unshare --uts sh -c 'hostname {b}; exec sh -c \"$0\"' \"$*\"\n"
        );
        fs::write(&machines.agent, script).map_err(|error| error.to_string())?;
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&machines.agent, executable).map_err(|error| error.to_string())?;
        Ok(machines)
    }

    /// The name of the second machine.
    pub fn second(&self) -> &str {
        &self.names[1]
    }

    /// One process of `program` on each, started on the first in `folder`, with more `options` of mpirun.
    pub fn mpirun(
        &self,
        folder: &Path,
        options: &[&str],
        program: &Path,
        arguments: &[&str],
    ) -> Command {
        let name = &self.names[0];
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", name, "unshare", "--uts", "sh", "-c"])
            .arg(format!("hostname {name}; exec \"$0\" \"$@\""))
            .args(["mpirun", "--allow-run-as-root", "--bind-to", "none"])
            .args([
                "-H",
                &ADDRESSES.map(|address| format!("{address}:1")).join(","),
            ])
            .args(["--mca", "plm_rsh_agent"])
            .arg(&self.agent)
            .args(["--mca", "btl", "self,tcp"])
            .args(["--mca", "btl_tcp_if_include", "cable"])
            .args(["--mca", "oob_tcp_if_include", "cable"])
            .args(options)
            .arg(program)
            .args(arguments)
            .current_dir(folder);
        command
    }

    /// Pulls the cable.
    pub fn cut(&self) {
        ip(&["-n", &self.names[0], "link", "set", "cable", "down"]).unwrap();
    }
}

impl Drop for TwoMachines {
    fn drop(&mut self) {
        for name in &self.names {
            for process in ip(&["netns", "pids", name]).unwrap_or_default().lines() {
                let _ = Command::new("kill").args(["-KILL", process]).status();
            }
            let _ = ip(&["netns", "del", name]);
        }
    }
}

/// What `ip` says.
fn ip(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!(
            "ip {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
