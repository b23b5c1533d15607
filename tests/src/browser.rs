//! A browser without a screen or a network.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What `script` finds out about `page`, which a frame of `width` pixels shows: it is a JavaScript function body over `page`
/// (the document) and `view` (its window) that returns a text. The page itself runs no script. Files of the browser are
/// left in `scratch`.
///
/// # Panics
/// There is no browser.
pub fn ask(page: &Path, width: u32, script: &str, scratch: &Path) -> String {
    let browser = find().expect("chromium, google-chrome or chrome in PATH");
    let profile = scratch.join("profile");
    let asking = scratch.join("asking.html");
    let frame = format!(
        "<body><iframe src='file://{}' style='width: {width}px; height: 800px; border: 0'></iframe><script>
        const ask = (page, view) => {{ {script} }};
        const frame = document.querySelector('iframe');
        frame.onload = () => {{
            document.body.dataset.answer = ask(frame.contentDocument, frame.contentWindow);
        }};
        </script>",
        page.display()
    );
    fs::write(&asking, frame).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--allow-file-access-from-files", "--dump-dom"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND"])
        .args(["--virtual-time-budget=20000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", asking.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let answer = dom.split("data-answer=\"").nth(1);
    let answer = answer.and_then(|rest| rest.split('"').next());
    answer.unwrap_or_else(|| panic!("{dom}")).to_owned()
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let mut candidates =
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    candidates.find(|candidate| candidate.is_file())
}
