//! Files and folders that are there whole or not at all, locks, digests.
//!
//! The promise of [`write_atomically`] and [`PartialFolder`]:
//!
//! * At every moment, also after a kill or a loss of power, the name holds what it held before or all of the new content.
//! * What they report as written survives a loss of power: files are brought to the disk before they get their name, and
//!   then the folder with the name in it.
//! * What is unfinished has a hidden name, `.partial-…`, in the folder of the target. After an error nothing of it stays;
//!   after a kill [`recover`] removes it.
//! * A folder that is removed by [`remove_folder`] is whole until it is gone.
//! * New files and folders may be read by whom the user's `umask` lets.
//! * A symbolic link in the place of the target is replaced, not followed.

mod digest;
mod durable;
mod file;
mod folder;
mod lock;
mod replace;

pub use digest::{Sha256Sum, digest_of, sha256, sha256_hex, sha256_of};
pub use durable::{create_folders, sync_folder, sync_tree};
pub use file::{write_atomically, write_atomically_with};
pub use folder::PartialFolder;
pub use lock::{Lock, Protection, lock_file};
pub use replace::{folders_in, recover, remove_folder};
