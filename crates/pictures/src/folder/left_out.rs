//! What a listing leaves out, and how that is said.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use words::{counted, first_three};

use super::name::{is_picture_ending_with_more, picture_extensions};

/// Links that a sentence names.
const NAMED_LINKS: usize = 8;
/// Endings that a sentence counts; of more it counts the most frequent.
const COUNTED: usize = 8;

/// Formats of pictures and films that are not read, without the dot.
const OTHER_FORMATS: [&str; 35] = [
    "ai", "arw", "avi", "avif", "cr2", "cr3", "dcm", "dng", "eps", "exr", "hdr", "heic", "heics",
    "heif", "ico", "j2k", "jp2", "jxl", "mkv", "mov", "mp4", "nef", "npy", "orf", "pbm", "pdf",
    "pgm", "pnm", "ppm", "psd", "raf", "rw2", "svg", "tga", "webm",
];

/// What lies in a folder and is not listed. It displays as one line that counts all of it but the links, which
/// [`LeftOut::links_line`] names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Number of files by extension, in lower case and without the dot; of those without one, under the empty text.
    pub extensions: BTreeMap<String, usize>,
    /// Number of files that are hidden or kept by a system: `.DS_Store`, `._1.jpg`, `Thumbs.db`.
    pub system_files: usize,
    /// Folders that are hidden or kept by a system, `cat/@eaDir`, with whatever is in them.
    pub system_folders: Vec<String>,
    /// Folders of runs, `runs`, with whatever is in them.
    pub runs: Vec<String>,
    /// Number of what is neither file nor folder, such as sockets.
    pub special: usize,
    /// Pictures that the list of a layout does not name.
    pub unlisted: Vec<String>,
    /// Links that are not followed.
    pub links: Vec<RefusedLink>,
}

/// A link that is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLink {
    /// Its name below the listed folder.
    pub name: String,
    /// Place that it leads to, as it is written in the link or below the listed folder.
    pub target: String,
    /// Why it is not followed.
    pub fault: LinkFault,
}

/// Why a link is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkFault {
    /// Nothing is there.
    Dead,
    /// It leads to itself, or the system refuses it for another reason.
    Refused(String),
    /// It leads to a folder that holds it, or that holds the listed folder.
    Circle,
    /// It leads to a folder that is listed already.
    Twice,
}

impl LeftOut {
    /// Tells whether something is left out, links aside.
    pub fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }

    /// Tells whether some of what is left out may be pictures that were meant: those in formats that are not read, files
    /// without an ending, and pictures that a list does not name.
    pub(crate) fn may_be_meant(&self) -> bool {
        let may_be_picture = |(ending, _): (&String, &usize)| may_be_picture(ending);
        !self.unlisted.is_empty() || self.extensions.iter().any(may_be_picture)
    }

    /// Lines to say: each with `true` if it must not be missed.
    pub fn remarks(&self) -> Vec<(bool, String)> {
        let counts = (!self.is_empty()).then(|| (self.may_be_meant(), self.to_string()));
        let links = self.links_line().map(|line| (true, line));
        counts.into_iter().chain(links).collect()
    }

    /// One line that names the links that are not followed; nothing if all are.
    pub fn links_line(&self) -> Option<String> {
        let mut links: Vec<String> = self.links.iter().map(RefusedLink::to_string).collect();
        links.sort();
        let count = links.len();
        let rest = count.saturating_sub(NAMED_LINKS);
        links.truncate(NAMED_LINKS);
        if rest > 0 {
            links.push(format!("and {rest} more"));
        }
        (count > 0).then(|| {
            let counted = counted(count, "link");
            format!("left out {counted}: {}", links.join("; "))
        })
    }

    fn parts(&self) -> Vec<String> {
        let mut parts = self.endings();
        if self.system_files > 0 {
            parts.push(counted(self.system_files, "hidden or system file"));
        }
        if self.special > 0 {
            let verb = if self.special == 1 { "is" } else { "are" };
            parts.push(format!(
                "{} that {verb} neither file nor folder",
                self.special
            ));
        }
        if !self.system_folders.is_empty() {
            let count = counted(self.system_folders.len(), "hidden or system folder");
            parts.push(format!("{count} ({})", some_folders(&self.system_folders)));
        }
        if !self.runs.is_empty() {
            let noun = if self.runs.len() == 1 {
                "folder"
            } else {
                "folders"
            };
            parts.push(format!(
                "{} {noun} of runs ({})",
                self.runs.len(),
                some_folders(&self.runs)
            ));
        }
        if !self.unlisted.is_empty() {
            let count = counted(self.unlisted.len(), "picture");
            parts.push(format!(
                "{count} that the list does not name ({})",
                first_three(&self.unlisted)
            ));
        }
        parts
    }

    /// Counts by ending, the most frequent first.
    fn endings(&self) -> Vec<String> {
        let mut endings: Vec<(&String, usize)> = self
            .extensions
            .iter()
            .map(|(name, count)| (name, *count))
            .collect();
        endings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rest: usize = endings.iter().skip(COUNTED).map(|(_, count)| count).sum();
        let mut parts: Vec<String> = endings
            .iter()
            .take(COUNTED)
            .map(|(name, count)| match name.as_str() {
                "" => format!("{count} without an ending"),
                name => format!("{count} .{}", shown(name)),
            })
            .collect();
        if rest > 0 {
            parts.push(format!("{rest} with other endings"));
        }
        parts
    }

    fn advice(&self) -> String {
        let is_format = |ending: &String| OTHER_FORMATS.contains(&ending.as_str());
        let mut advice = Vec::new();
        if self.extensions.keys().any(is_format) {
            advice.push("convert what is a picture to .jpg or .png");
        }
        let is_unclear = |ending: &String| ending.is_empty() || is_picture_ending_with_more(ending);
        if self.extensions.keys().any(is_unclear) {
            advice.push("give what is a picture its ending");
        }
        if advice.is_empty() {
            return String::new();
        }
        format!(
            "; {} ({} are read)",
            advice.join(", "),
            picture_extensions()
        )
    }
}

/// `left out: 9 .heic, 2 .mat; convert what is a picture to .jpg or .png (.bmp, ... are read)`.
impl Display for LeftOut {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "left out: {}{}", self.parts().join(", "), self.advice())
    }
}

impl Display for RefusedLink {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            target,
            fault,
        } = self;
        match fault {
            LinkFault::Dead => write!(f, "{name} leads to {target}, which is not there"),
            LinkFault::Refused(reason) => {
                write!(
                    f,
                    "{name} leads to {target}, which cannot be opened ({reason})"
                )
            }
            LinkFault::Circle => write!(f, "{name} leads in a circle, back to {target}"),
            LinkFault::Twice => write!(f, "{name} leads to {target}, which is listed already"),
        }
    }
}

fn some_folders(names: &[String]) -> String {
    first_three(names.iter().map(|name| format!("{name}/")))
}

fn may_be_picture(ending: &str) -> bool {
    ending.is_empty() || OTHER_FORMATS.contains(&ending) || is_picture_ending_with_more(ending)
}

/// An ending that is not longer than a line can bear.
fn shown(ending: &str) -> String {
    const LONGEST: usize = 16;
    match ending.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &ending[..end]),
        None => ending.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(extensions: &[(&str, usize)]) -> LeftOut {
        LeftOut {
            extensions: extensions
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
            ..LeftOut::default()
        }
    }

    #[test]
    fn endings_are_counted_in_one_line_with_what_to_do() {
        let some = left_out(&[("mat", 2), ("heic", 9)]);
        let said = some.to_string();
        assert!(
            said.starts_with("left out: 9 .heic, 2 .mat; convert"),
            "{said}"
        );
        assert!(said.contains(".jpg") && said.contains(".tiff"), "{said}");
        assert!(some.may_be_meant());
    }

    #[test]
    fn downloads_with_something_behind_their_ending_are_told_to_be_renamed() {
        let some = left_out(&[("jpg?w=200", 2), ("jpg.1", 1)]);
        let said = some.to_string();
        assert!(said.contains("give what is a picture its ending"), "{said}");
        assert!(some.may_be_meant());
    }

    #[test]
    fn what_can_be_no_picture_needs_no_advice() {
        let some = left_out(&[("mat", 3), ("txt", 1)]);
        assert_eq!(some.to_string(), "left out: 3 .mat, 1 .txt");
        assert!(!some.may_be_meant());
        assert!(LeftOut::default().is_empty() && !some.is_empty());
    }

    #[test]
    fn of_many_endings_the_most_frequent_are_counted() {
        let names: Vec<String> = (1..=40).map(|n| format!("e{n:02}")).collect();
        let all: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let mut all = left_out(&all);
        all.extensions.insert("x".repeat(200), 5);
        let said = all.to_string();
        assert!(
            said.starts_with("left out: 5 .xxxxxxxxxxxxxxxx…, 1 .e01"),
            "{said}"
        );
        assert!(said.ends_with("33 with other endings"), "{said}");
    }

    #[test]
    fn of_many_folders_and_links_the_first_are_named() {
        let names: Vec<String> = (1..=5).map(|n| format!("c{n}/@eaDir")).collect();
        let many = (10..=20).map(|n| format!("l{n}"));
        let link = |name: String| RefusedLink {
            name,
            target: "gone".to_owned(),
            fault: LinkFault::Dead,
        };
        let all = LeftOut {
            links: many.map(link).collect(),
            system_folders: names,
            system_files: 1,
            ..LeftOut::default()
        };
        assert_eq!(
            all.to_string(),
            "left out: 1 hidden or system file, 5 hidden or system folders (c1/@eaDir/, c2/@eaDir/, c3/@eaDir/ and 2 more)"
        );
        let links = all.links_line().expect("a line");
        assert!(
            links.starts_with("left out 11 links: l10 leads to gone, which is not there; l11 "),
            "{links}"
        );
        assert!(links.ends_with("; and 3 more"), "{links}");
    }
}
