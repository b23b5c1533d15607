//! The frame of a page that is one file.

use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page with `body` below the title. It gets nothing from elsewhere, and a browser is told so: pictures and styles come from
/// the page itself, and a script runs only if it is `script`.
pub fn page(title: &str, style: &str, script: Option<&str>, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy(script));
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body {
                main {
                    h1 { (title) }
                    (body)
                }
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    }
    .into_string()
}

/// What a browser may take from where; the script by its digest.
fn policy(script: Option<&str>) -> String {
    let base = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
    match script {
        None => base.to_owned(),
        Some(script) => {
            let digest = BASE64_STANDARD.encode(files::sha256(script.as_bytes()));
            format!("{base}; script-src 'sha256-{digest}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_text_and_only_the_script_may_run() {
        let made = |script| page("<b>", "p {}", script, &html! { p { "words" } });
        let without = made(None);
        assert!(without.contains("<h1>&lt;b&gt;</h1><p>words</p></main></body>"));
        assert!(!without.contains("script"));
        let with = made(Some("run()"));
        assert!(with.contains("style-src 'unsafe-inline'; script-src 'sha256-"));
        assert!(with.contains("</main><script>run()</script></body>"));
    }
}
