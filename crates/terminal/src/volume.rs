use clap::Args;

/// How much a program says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Volume {
    /// Results, warnings, messages and progress bars.
    #[default]
    Normal,
    /// Results and warnings.
    Quiet,
    /// Nothing: another process speaks.
    Silent,
}

/// The flags of every program that set its [`Volume`].
#[derive(Debug, Clone, Copy, Args)]
pub struct VolumeArgs {
    /// Print results, warnings and errors only.
    #[arg(long, short, global = true)]
    quiet: bool,
}

impl From<VolumeArgs> for Volume {
    fn from(arguments: VolumeArgs) -> Self {
        if arguments.quiet {
            Self::Quiet
        } else {
            Self::Normal
        }
    }
}
