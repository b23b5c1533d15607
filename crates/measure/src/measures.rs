//! The columns of `explain score`: one list with everything there is to say about each.

/// One figure of maps, as table, csv files, verdict and page have it.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its name in files and sentences.
    pub name: &'static str,
    /// Its heading in the table, where it is shorter than the name.
    pub heading: &'static str,
    /// The table that it stands in.
    pub table: Table,
    /// How its mean is printed.
    pub form: Form,
    /// Which maps are better.
    pub better: Better,
    /// What it takes.
    pub needs: Needs,
    /// How to read it; empty where the column before says it too.
    pub remark: &'static str,
}

/// A table of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Where the maps lie.
    Places,
    /// What the maps depend on.
    Dependence,
    /// Whether the network needs what the maps mark.
    Faithfulness,
    /// Whether the maps stay as they are when the picture hardly changes.
    Stability,
}

/// How a mean is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A share, as `12.3 %`.
    Percent,
    /// A number, as `0.12`.
    Hundredths,
}

/// Which maps are better in a figure: only where that is clear, methods are compared with baselines and with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Those with more.
    More,
    /// Those with less.
    Less,
    /// That depends.
    Neither,
}

/// What a figure takes that not every folder of pictures has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Pictures.
    Pictures,
    /// Their trimaps.
    Trimaps,
    /// Their head boxes.
    HeadBoxes,
    /// Pictures of two breeds.
    TwoBreeds,
    /// Right and confident pictures of four classes.
    FourClasses,
    /// Pictures that were drawn again without their parts.
    Parts,
}

impl Table {
    /// All tables, in the order of the page.
    pub const ALL: [Self; 4] = [
        Self::Places,
        Self::Dependence,
        Self::Faithfulness,
        Self::Stability,
    ];

    /// What its figures ask.
    pub fn title(self) -> &'static str {
        match self {
            Self::Places => "Where do the maps lie?",
            Self::Dependence => "What do they depend on?",
            Self::Faithfulness => "Does the network need what they mark?",
            Self::Stability => "Are they the same for much the same picture?",
        }
    }
}

impl Needs {
    /// What is missing, after the names of the figures that lack it.
    pub fn missing(self) -> &'static str {
        match self {
            Self::Pictures => "no picture was measured",
            Self::Trimaps => "no picture has a trimap",
            Self::HeadBoxes => "no picture has a head box",
            Self::TwoBreeds => "there are no pictures of two breeds",
            Self::Parts => "there are no pictures that were drawn again without a part",
            Self::FourClasses => {
                "it takes pictures of four classes that the network is right about with 90 % or more"
            }
        }
    }
}

/// Share of the energy inside the animal.
pub static ENERGY: Measure = Measure {
    name: "energy in the pet",
    heading: "energy in the pet",
    table: Table::Places,
    form: Form::Percent,
    better: Better::More,
    needs: Needs::Trimaps,
    remark: "the share of what is positive in the map that lies inside the trimap's pet, its border left out. The uniform map \
             has the pet's share of the frame.",
};

/// 1 where the strongest point is on the head, else 0; a baseline may have probabilities.
pub static POINTING: Measure = Measure {
    name: "points at the head",
    heading: "points at the head",
    table: Table::Places,
    form: Form::Percent,
    better: Better::More,
    needs: Needs::HeadBoxes,
    remark: "whether the strongest point lies in the head box; a map without evidence points nowhere. For the uniform map the \
             head's share of the frame.",
};

/// Share of the energy on the right one of two animals, of each map.
pub static RIGHT_ANIMAL: Measure = Measure {
    name: "on the right animal",
    heading: "on the right animal",
    table: Table::Places,
    form: Form::Percent,
    better: Better::More,
    needs: Needs::TwoBreeds,
    remark: "in pictures of two breeds the share of the map for a breed on that breed's side of the seam, mean over both breeds.",
};

/// 1 where that share is four fifths or more, else 0.
pub static MOSTLY_RIGHT: Measure = Measure {
    name: "80 % or more on the right animal",
    heading: "80 % of it or more",
    table: Table::Places,
    form: Form::Percent,
    better: Better::Neither,
    needs: Needs::TwoBreeds,
    remark: "",
};

/// Share of the energy on the right one of four pictures, of each map.
pub static GRID: Measure = Measure {
    name: "grid pointing game",
    heading: "grid pointing game",
    table: Table::Places,
    form: Form::Percent,
    better: Better::More,
    needs: Needs::FourClasses,
    remark: "four right and confident (90 % or more) pictures of different classes side by side; the share of the map for a \
             class in its own quarter, 0 without evidence, mean over the four. Chance is 25 %.",
};

/// The same of a network that saw each of the four alone, and whose head got one of them.
pub static DIFULL: Measure = Measure {
    name: "grid of separate pictures",
    heading: "grid, separate",
    table: Table::Places,
    form: Form::Percent,
    better: Better::More,
    needs: Needs::FourClasses,
    remark: "the same grid of a network that sees each picture alone and \
             whose head gets the one of the class only (DiFull): what lies in another quarter cannot have mattered, and is a fault of the method.",
};

/// Correlation with the map of a network with a shuffled head.
pub static SHUFFLED: Measure = Measure {
    name: "same after shuffling",
    heading: "same after shuffling",
    table: Table::Dependence,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "correlation of the raw map with that of the same network whose head has its weights in random order, of values and \
             in ranks. Class-blind maps do not look at the head. The random map is compared with another one: noise has 0 too, \
             so that 0 alone is no praise.",
};

/// The same of ranks.
pub static SHUFFLED_RANKS: Measure = Measure {
    name: "same after shuffling in ranks",
    heading: "in ranks",
    table: Table::Dependence,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "",
};

/// Spearman's correlation with the map of a network none of whose layers has learnt anything.
pub static RANDOM: Measure = Measure {
    name: "same in a random network",
    heading: "random network",
    table: Table::Dependence,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "correlation in ranks with the map of a network all of whose layers are as before any training; \
             without sign, of the absolute values. The random map's row is noise: two maps that have nothing to do with each other. \
             The chart has the steps between.",
};

/// The same of absolute values.
pub static RANDOM_UNSIGNED: Measure = Measure {
    name: "same in a random network without sign",
    heading: "without sign",
    table: Table::Dependence,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "",
};

/// Correlation of the map for the class said with that for the runner-up.
pub static RUNNER_UP: Measure = Measure {
    name: "same for the runner-up",
    heading: "same for the runner-up",
    table: Table::Dependence,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "correlation of the map for the class said with that for the second most probable one.",
};

/// Area under the curve of deletion.
pub static DELETION: Measure = Measure {
    name: "deletion",
    heading: "deletion",
    table: Table::Faithfulness,
    form: Form::Hundredths,
    better: Better::Less,
    needs: Needs::Pictures,
    remark: "area under the curve of the class's probability while pixels are replaced by the mean colour in ten steps, the most \
             important ones first; small is good. It depends on how sure the network is: compare with the baselines, not \
             between runs. The uniform map has no order.",
};

/// Area under that of insertion.
pub static INSERTION: Measure = Measure {
    name: "insertion",
    heading: "insertion",
    table: Table::Faithfulness,
    form: Form::Hundredths,
    better: Better::More,
    needs: Needs::Pictures,
    remark: "the same while pixels come back to the blurred picture; large is good.",
};

/// Mean probability of the class when the most important pixels are imputed.
pub static ROAD_MOST: Measure = Measure {
    name: "ROAD, most important first",
    heading: "ROAD most first",
    table: Table::Faithfulness,
    form: Form::Hundredths,
    better: Better::Less,
    needs: Needs::Pictures,
    remark: "the class's probability, mean over 10, 30, 50, 70 and 90 % \
             of the pixels taken away, which are replaced by what their surroundings say, with a little noise; small is good.",
};

/// The same with the least important ones.
pub static ROAD_LEAST: Measure = Measure {
    name: "ROAD, least important first",
    heading: "ROAD least first",
    table: Table::Faithfulness,
    form: Form::Hundredths,
    better: Better::More,
    needs: Needs::Pictures,
    remark: "the same with the least important pixels; large is good.",
};

/// Spearman's correlation over a picture's parts of the map's energy and of what the score loses without each.
pub static PARTS: Measure = Measure {
    name: "parts that matter",
    heading: "parts that matter",
    table: Table::Faithfulness,
    form: Form::Hundredths,
    better: Better::More,
    needs: Needs::Parts,
    remark: "correlation in ranks, over the parts of a picture, of the map's energy on each and of what the class's \
             logit loses when the picture is drawn without it; 1 is the right order, 0 none.",
};

/// Correlation with the map of the mirrored picture, mirrored back.
pub static MIRRORED: Measure = Measure {
    name: "same when mirrored",
    heading: "mirrored",
    table: Table::Stability,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "correlation with the map of the mirrored picture, mirrored back.",
};

/// Correlation with the map of the picture that was shifted by a pixel.
pub static SHIFTED: Measure = Measure {
    name: "same when shifted",
    heading: "shifted",
    table: Table::Stability,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "with that of the picture shifted to the right by a pixel.",
};

/// Correlation with the maps of the picture in other light.
pub static LIGHT: Measure = Measure {
    name: "same in other light",
    heading: "other light",
    table: Table::Stability,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "with those of the picture a tenth darker and a tenth lighter.",
};

/// Correlation with the map of the picture with a little noise.
pub static NOISY: Measure = Measure {
    name: "same with noise",
    heading: "noise",
    table: Table::Stability,
    form: Form::Hundredths,
    better: Better::Neither,
    needs: Needs::Pictures,
    remark: "with that of the picture with noise that is hardly seen (standard deviation 5 of 255).",
};

/// All of them, in the order of tables and files. A new one is a line here, and somebody who gathers its values.
pub static MEASURES: &[&Measure] = &[
    &ENERGY,
    &POINTING,
    &RIGHT_ANIMAL,
    &MOSTLY_RIGHT,
    &GRID,
    &DIFULL,
    &SHUFFLED,
    &SHUFFLED_RANKS,
    &RANDOM,
    &RANDOM_UNSIGNED,
    &RUNNER_UP,
    &DELETION,
    &INSERTION,
    &ROAD_MOST,
    &ROAD_LEAST,
    &PARTS,
    &MIRRORED,
    &SHIFTED,
    &LIGHT,
    &NOISY,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_measures_have_one_name_and_no_two_columns_of_a_table_one_heading() {
        let names: BTreeSet<&str> = MEASURES.iter().map(|measure| measure.name).collect();
        assert_eq!(names.len(), MEASURES.len());
        for table in Table::ALL {
            let columns: Vec<&str> = MEASURES
                .iter()
                .filter(|measure| measure.table == table)
                .map(|measure| measure.heading)
                .collect();
            let different: BTreeSet<&&str> = columns.iter().collect();
            assert_eq!(different.len(), columns.len(), "{columns:?}");
            assert!(!columns.is_empty(), "{}", table.title());
        }
    }
}
