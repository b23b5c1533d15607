use crate::{asked::Asked, heat_map::HeatMap};
use std::fmt;

/// A way to ask a network where it looked.
///
/// Two methods are the same if their names are.
pub struct Method {
    name: &'static str,
    title: &'static str,
    is_class_specific: bool,
    is_by_name_only: bool,
    map: fn(&dyn Asked) -> HeatMap,
}

impl Method {
    /// A method whose map is about one class.
    pub const fn class_specific(
        name: &'static str,
        title: &'static str,
        map: fn(&dyn Asked) -> HeatMap,
    ) -> Self {
        Self {
            name,
            title,
            is_class_specific: true,
            is_by_name_only: false,
            map,
        }
    }

    /// A method whose map is the same for all classes.
    pub const fn class_blind(
        name: &'static str,
        title: &'static str,
        map: fn(&dyn Asked) -> HeatMap,
    ) -> Self {
        Self {
            is_class_specific: false,
            ..Self::class_specific(name, title, map)
        }
    }

    /// The same method, made only for those who name it: it costs minutes a picture, or is another one for most networks.
    pub const fn by_name_only(self) -> Self {
        Self {
            is_by_name_only: true,
            ..self
        }
    }

    /// Returns true if `all` methods are those without it.
    pub fn is_by_name_only(&self) -> bool {
        self.is_by_name_only
    }

    /// The name as typed on the command line; no other method has it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name as printed.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// Returns true if the map is about one class; otherwise it is the same for all of them, and [`Method::map`] asks for nothing
    /// but the feature map.
    pub fn is_class_specific(&self) -> bool {
        self.is_class_specific
    }

    /// The raw map, one value per position of the feature map: nothing is cut off and nothing scaled.
    pub fn map(&self, asked: &dyn Asked) -> HeatMap {
        (self.map)(asked)
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Method {}

impl fmt::Debug for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}
