//! The page of a run: whole after each epoch, the same for a resumed run, and nothing that training depends on.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use stories::{
    browser,
    folders::{made_anew, with_config},
    moments::{lines, signal_when},
    program::{SMALLEST, TWO_BREEDS, run, stage, start, text},
};

fn config() -> String {
    let first = stage(32, 3, "all", "1e-3") + "checkpoint_every = 2\n";
    let second = stage(48, 1, "all", "1e-3");
    format!("{TWO_BREEDS}{SMALLEST}{first}{second}")
}

/// A folder with the finished run `story-1`, and `story-2`, which was killed in its second epoch and resumed.
fn story() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = made_anew(env!("CARGO_TARGET_TMPDIR"), "report-story");
        fs::write(folder.join("story.toml"), config()).unwrap();
        let said = text(&run(&folder, &["story.toml"], 0).stdout);
        assert!(said.contains("report: runs/story-1/report.html"), "{said}");
        kill_in_the_second_epoch(&folder);
        run(&folder, &["--resume", "runs/story-2"], 0);
        folder
    })
}

fn kill_in_the_second_epoch(folder: &Path) {
    let mut child = start(folder, &["story.toml"]);
    let killed = folder.join("runs/story-2");
    signal_when(&mut child, "KILL", &|| {
        lines(&killed, "epochs.csv") == 2 && lines(&killed, "iterations.csv") > 6
    });
    child.wait().unwrap();
    let page = page_of(&killed);
    assert!(page.contains("1 of 4 epochs in 2 stages trained"), "{page}");
    assert!(page.ends_with("</html>"));
}

#[test]
fn the_page_of_a_resumed_run_is_that_of_one_without_a_pause_but_for_name_and_times() {
    let [whole, resumed] = ["story-1", "story-2"].map(|name| {
        let page = page_of(&story().join("runs").join(name));
        without_times(&page).replace(name, "RUN")
    });
    assert!(whole.contains("4 of 4 epochs in 2 stages trained"));
    assert_eq!(whole, resumed);
}

#[test]
fn the_page_has_every_epoch_class_chart_and_first_picture_and_needs_nothing_from_elsewhere() {
    let page = page_of(&story().join("runs/story-1"));
    assert_eq!(page.matches("<td class=\"time\">").count(), 4);
    assert_eq!(page.matches("<svg").count(), 4);
    assert_eq!(
        page.matches("<img src=\"data:image/jpeg;base64,").count(),
        9 + wrong().len().min(12)
    );
    assert_eq!(
        page.matches("<img").count(),
        page.matches(" alt=\"").count()
    );
    for part in [
        "<td>Siamese</td><td>15</td><td>5</td>",
        "base_width = 4",
        "burn 0.22.1",
        "href=\"epochs.csv\"",
        "href=\"curves.svg\"",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    // The name of SVG is no address, and the config is text.
    let (before, rest) = page.split_once("<pre").unwrap();
    let (_config, behind) = rest.split_once("</pre>").unwrap();
    let markup = [before, behind]
        .concat()
        .replace("http://www.w3.org/2000/svg", "");
    assert!(!markup.contains("http:") && !markup.contains("https:"));
    assert!(!page.contains("<script"));
}

/// Rows of `validation.csv` of the first run that say another class than the true one; no field has a comma.
fn wrong() -> Vec<Vec<String>> {
    let text = fs::read_to_string(story().join("runs/story-1/validation.csv")).unwrap();
    let rows = text.lines().skip(1);
    let rows = rows.map(|row| row.split(',').map(str::to_owned).collect());
    rows.filter(|row: &Vec<String>| row[1] != row[2]).collect()
}

#[test]
fn the_page_says_what_is_wrong_after_the_last_epoch_and_validation_csv_has_every_picture() {
    let run = story().join("runs/story-1");
    let split: Value = serde_json::from_slice(&fs::read(run.join("split.json")).unwrap()).unwrap();
    let valid = split["valid"].as_array().unwrap();
    let csv = fs::read_to_string(run.join("validation.csv")).unwrap();
    let named: Vec<&str> = csv
        .lines()
        .skip(1)
        .map(|row| row.split(',').next().unwrap())
        .collect();
    assert_eq!(
        valid
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect::<Vec<_>>(),
        named
    );

    let epochs = fs::read_to_string(run.join("epochs.csv")).unwrap();
    let rate: f64 = epochs
        .trim_end()
        .rsplit(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let (wrong, all) = (wrong(), named.len());
    assert_eq!(wrong.len() as f64 / all as f64, rate);
    let page = page_of(&run);
    let said = format!("{} of {all}, 95 % interval (Wilson)", wrong.len());
    assert!(page.contains(&said), "no {said} in\n{page}");
    // The rows of the matrix are the pictures of each class.
    let matrix = page.split_once("table class=\"names matrix\"").unwrap().1;
    let matrix = matrix.split_once("</table>").unwrap().0;
    let cells: usize = matrix
        .split("<td")
        .skip(1)
        .map(|cell| cell.split_once('>').unwrap().1.split_once('<').unwrap().0)
        .map(|count| count.parse::<usize>().unwrap())
        .sum();
    assert_eq!(cells, all);
    let resumed = fs::read_to_string(story().join("runs/story-2/validation.csv")).unwrap();
    assert_eq!(csv, resumed);
}

#[test]
fn a_page_that_cannot_be_written_is_a_warning_and_training_goes_on() {
    let folder = with_config("story.toml", &config());
    let folder = folder.path();
    kill_in_a_new_run(folder);
    let run_folder = folder.join("runs/story-1");
    let _ = fs::remove_file(run_folder.join("report.html"));
    fs::create_dir_all(run_folder.join("report.html/in the way")).unwrap();
    let said = text(&run(folder, &["--resume", "runs/story-1"], 0).stderr);
    assert!(
        said.contains(
            "warning: report.html is not up to date: cannot write runs/story-1/report.html"
        ),
        "{said}"
    );
    assert_eq!(lines(&run_folder, "epochs.csv"), 1 + 4);
}

fn kill_in_a_new_run(folder: &Path) {
    let mut child = start(folder, &["story.toml"]);
    let killed = folder.join("runs/story-1");
    signal_when(&mut child, "KILL", &|| lines(&killed, "iterations.csv") > 2);
    child.wait().unwrap();
}

#[test]
fn the_pages_of_explain_are_linked_once_they_are_there() {
    let run_folder = story().join("linked");
    copy(&story().join("runs/story-1"), &run_folder);
    assert!(!page_of(&run_folder).contains("Pages of"));
    for page in ["explanations", "evaluations/valid", "evaluations/<b>"] {
        fs::create_dir_all(run_folder.join(page)).unwrap();
        fs::write(run_folder.join(page).join("index.html"), "").unwrap();
    }
    // A finished run has nothing left to train, and gets its page anew.
    run(story(), &["--resume", "linked"], 0);
    let page = page_of(&run_folder);
    assert!(
        page.contains("href=\"evaluations/valid/index.html\""),
        "{page}"
    );
    assert!(page.contains("href=\"explanations/index.html\""));
    assert!(!page.contains("<b>") && page.contains("evaluations/&lt;b&gt;"));
}

/// A frame as narrow as a telephone shows the page; scripts of the page itself are forbidden by its own policy.
#[test]
#[ignore = "needs a browser: `cargo test --workspace --test report -- --ignored`"]
fn a_browser_shows_the_page_on_a_narrow_screen_with_enough_contrast() {
    let page = story().join("runs/story-1/report.html");
    for width in [375, 1280] {
        let scratch = tempfile::tempdir().unwrap();
        let answer = browser::ask(&page, width, SCRIPT, scratch.path());
        let pictures = 9 + wrong().len().min(12);
        let expected = format!("fits, {pictures} of {pictures} pictures, 4 charts; faint: ");
        assert_eq!(answer, expected, "{width} px");
    }
}

/// Does the page fit its width? Which pictures have arrived? Which texts have a contrast below 4.5 to 1 (WCAG 2.2, 1.4.3)?
const SCRIPT: &str = r"
    const channel = value => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
    const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = element => {
        for (let one = element; one; one = one.parentElement) {
            const [r, g, b, alpha = 1] = numbers(view.getComputedStyle(one).backgroundColor);
            if (alpha > 0) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const faint = [...page.querySelectorAll('body *')].filter(element => {
        const has_text = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!has_text || element.closest('svg')) return false;
        const both = [numbers(view.getComputedStyle(element).color), behind(element)].map(luminance);
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05) < 4.5;
    });
    const images = [...page.images];
    const arrived = images.filter(image => image.complete && image.naturalWidth > 0).length;
    const charts = [...page.querySelectorAll('svg')].filter(chart => chart.getBoundingClientRect().width > 250).length;
    const root = page.documentElement;
    const fits = root.scrollWidth <= root.clientWidth ? 'fits' : `is ${root.scrollWidth} wide`;
    return `${fits}, ${arrived} of ${images.length} pictures, ${charts} charts; faint: ${faint.map(one => one.tagName)}`;
";

fn page_of(run: &Path) -> String {
    fs::read_to_string(run.join("report.html")).unwrap()
}

/// The page with nothing in the cells that hold times.
fn without_times(page: &str) -> String {
    let mut parts = page.split("<td class=\"time\">");
    let first = parts.next().unwrap().to_owned();
    let rest = parts.map(|part| part.split_once("</td>").unwrap().1);
    first + &rest.collect::<String>()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}
