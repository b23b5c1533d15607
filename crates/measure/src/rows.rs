use serde::{Serialize, Serializer};
use std::fmt::Display;

/// A line of `two-breeds.csv`: one map of a picture of two breeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwoBreedsRow {
    /// Name of the picture.
    pub picture: String,
    /// Name of the method.
    pub method: &'static str,
    /// Name of the class that the map is asked about.
    pub class: String,
    /// Share of the map's energy on that class's side of the seam.
    #[serde(rename = "share on the right animal", serialize_with = "plain")]
    pub share: f64,
}

/// A line of `pictures.csv`: one figure of one map of one picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PictureRow<'a> {
    pub(crate) picture: &'a str,
    /// The method or baseline, as printed.
    pub(crate) method: &'a str,
    /// Name of the class that the map is asked about.
    pub(crate) class: &'a str,
    pub(crate) measure: &'static str,
    #[serde(serialize_with = "plain")]
    pub(crate) value: f64,
}

/// A line of `score.csv`: one mean of one method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ScoreRow<'a> {
    pub(crate) method: &'a str,
    pub(crate) measure: String,
    #[serde(serialize_with = "plain")]
    pub(crate) mean: f64,
    #[serde(serialize_with = "plain")]
    pub(crate) low: f64,
    #[serde(serialize_with = "plain")]
    pub(crate) high: f64,
    pub(crate) count: usize,
}

/// The rows as a csv file, headed by the names of their fields; text is quoted where it must be.
///
/// # Errors
/// A row that is not a flat record.
pub fn csv<R: Serialize>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// Writes a number without an exponent and a whole one without a point: `1` where `csv` has `1.0`.
fn plain<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_and_quotes_are_quoted_and_numbers_are_plain() {
        let row = |class: &str, share| TwoBreedsRow {
            picture: "a \"b\".jpg".to_owned(),
            method: "grad-cam",
            class: class.to_owned(),
            share,
        };
        let written = csv([row("pug", 1.0), row("pug, black", 1e-7)]).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "picture,method,class,share on the right animal\n\
             \"a \"\"b\"\".jpg\",grad-cam,pug,1\n\
             \"a \"\"b\"\".jpg\",grad-cam,\"pug, black\",0.0000001\n"
        );
    }
}
