//! How this process was started: alone, or with others by `mpirun` or `srun`.

use std::env;

/// How the launchers that are known name the number of processes and the place of each. `mpirun` of OpenMPI, of MPICH and
/// its kin, of MVAPICH; `srun` of Slurm. The last is empty for a script of `sbatch`, which is one process whatever the job is.
const LAUNCHERS: [Launcher; 4] = [
    Launcher("mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    Launcher("mpirun", "PMI_SIZE", "PMI_RANK"),
    Launcher("mpirun", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"),
    Launcher("srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
];

/// The place among processes that a launcher gives without saying how many there are.
const PMIX_RANK: &str = "PMIX_RANK";

/// Its name, and its variables for the number of processes and for the place of this one.
struct Launcher(&'static str, &'static str, &'static str);

/// This process among those that were started with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// Who started them.
    pub by: &'static str,
    /// Place of this process among all, from 0.
    pub rank: usize,
    /// Number of processes; `None` if the launcher did not say.
    pub count: Option<usize>,
}

/// Processes were started together and cannot work together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// This program was built without MPI.
    #[error(
        "{by} started {}, but this program was built without MPI, so that each would do the whole work over the others: build \
         it with `cargo build -p train -p explain --features mpi` (docs/clusters.md)", processes(*.count)
    )]
    WithoutMpi {
        /// Who started them.
        by: &'static str,
        /// How many, where that is known.
        count: Option<usize>,
    },
    /// MPI sees other processes than those that were started.
    #[error(
        "{by} started {}, but MPI sees {found}: the launcher is another MPI's than the one this program was built with; take \
         the mpirun that came with it, with Slurm `srun --mpi=pmix` (docs/clusters.md)", processes(*.count)
    )]
    OtherMpi {
        /// Who started them.
        by: &'static str,
        /// How many, where that is known.
        count: Option<usize>,
        /// How many MPI sees.
        found: usize,
    },
    /// MPI cannot be used as it must be.
    #[error("MPI cannot be used: {0}")]
    Mpi(String),
    /// A value of the environment cannot be read.
    #[error("{name}={value} is no number of seconds from 1 on")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Not all of them answer.
    #[error(transparent)]
    Lost(#[from] crate::Lost),
}

/// True unless a launcher started this process as another than the first: only the first speaks. Asks the environment
/// alone, so that it may be called before anything else.
pub fn is_first() -> bool {
    launched().is_none_or(|launched| launched.rank == 0)
}

/// What the environment says; `None` if this process was started alone.
pub(crate) fn launched() -> Option<Launched> {
    launched_with(|name| env::var(name).ok())
}

fn launched_with(variable: impl Fn(&str) -> Option<String>) -> Option<Launched> {
    let number = |name: &str| variable(name)?.parse::<usize>().ok();
    for Launcher(by, count, rank) in LAUNCHERS {
        if let (Some(count), Some(rank)) = (number(count), number(rank)) {
            let count = Some(count);
            return (count != Some(1)).then_some(Launched { by, rank, count });
        }
    }
    number(PMIX_RANK).map(|rank| Launched {
        by: "a launcher",
        rank,
        count: None,
    })
}

fn processes(count: Option<usize>) -> String {
    count.map_or_else(
        || "this process with others".to_owned(),
        |count| format!("{count} processes"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<Launched> {
        launched_with(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_process_knows_who_started_it_with_others() {
        let mpirun = with(&[
            ("OMPI_COMM_WORLD_SIZE", "4"),
            ("OMPI_COMM_WORLD_RANK", "2"),
            ("PMIX_RANK", "2"),
            // The step of Slurm in which mpirun started its daemons.
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("SLURM_PROCID", "1"),
        ]);
        let expected = Launched {
            by: "mpirun",
            rank: 2,
            count: Some(4),
        };
        assert_eq!(mpirun, Some(expected));
        let srun = with(&[("SLURM_STEP_NUM_TASKS", "3"), ("SLURM_PROCID", "0")]);
        assert_eq!(srun.map(|srun| (srun.by, srun.rank)), Some(("srun", 0)));
        let pmix = with(&[("PMIX_RANK", "1")]);
        assert_eq!(pmix.map(|pmix| (pmix.rank, pmix.count)), Some((1, None)));
    }

    #[test]
    fn one_process_is_alone_whoever_started_it() {
        assert_eq!(with(&[]), None);
        let one = [("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")];
        assert_eq!(with(&one), None);
        let batch_script = [("SLURM_NTASKS", "4"), ("SLURM_PROCID", "0")];
        assert_eq!(with(&batch_script), None);
        let srun_of_one = [("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0")];
        assert_eq!(with(&srun_of_one), None);
    }

    #[test]
    fn a_program_without_mpi_says_how_to_build_it() {
        let error = StartError::WithoutMpi {
            by: "mpirun",
            count: Some(4),
        };
        let said = error.to_string();
        assert!(said.starts_with("mpirun started 4 processes, "), "{said}");
        assert!(said.contains("--features mpi`"), "{said}");
    }
}
