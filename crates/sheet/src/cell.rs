use image::RgbImage;

/// Shades of a scale bar, from low to high.
const SHADES: u16 = 256;

/// One place of a sheet: a picture or a scale, and the words below it.
#[derive(Debug, Clone)]
pub struct Cell {
    pub(crate) content: Content,
    pub(crate) captions: Vec<String>,
    pub(crate) verdict: Option<Verdict>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Nothing,
    Picture(RgbImage),
    ScaleBar {
        shades: Vec<[u8; 3]>,
        low_label: String,
        high_label: String,
    },
}

impl Cell {
    /// A picture of any size; its aspect is kept. A picture without pixels leaves its place empty.
    pub fn picture(picture: RgbImage) -> Self {
        Cell::of(Content::Picture(picture))
    }

    /// A place left empty.
    pub fn empty() -> Self {
        Cell::of(Content::Nothing)
    }

    /// The scale of a heat-map, as high as the pictures of its row: `colours` of 0 at the bottom beside `low_label`,
    /// `colours` of 1 at the top beside `high_label`.
    pub fn scale_bar(
        colours: impl Fn(f32) -> [u8; 3],
        low_label: impl Into<String>,
        high_label: impl Into<String>,
    ) -> Self {
        let shades = (0..SHADES)
            .map(|shade| colours(f32::from(shade) / f32::from(SHADES - 1)))
            .collect();
        Cell::of(Content::ScaleBar {
            shades,
            low_label: low_label.into(),
            high_label: high_label.into(),
        })
    }

    /// Adds a caption below those that are there. It may take two lines; what goes beyond ends in "…".
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.captions.push(caption.into());
        self
    }

    /// Marks the picture as right or wrong: a frame, and the first caption in the same colour behind a sign.
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    fn of(content: Content) -> Self {
        Cell {
            content,
            captions: Vec::new(),
            verdict: None,
        }
    }
}

/// A judgement on what a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Blue, with ✓.
    Right,
    /// Vermilion, with ✗.
    Wrong,
}
