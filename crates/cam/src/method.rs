use crate::{asked::Asked, check::Check, heat_map::HeatMap};
use std::fmt;

/// A way to ask a network where it looked.
///
/// Two methods are the same if their names are.
pub struct Method {
    name: &'static str,
    title: &'static str,
    is_class_specific: bool,
    is_by_name_only: bool,
    is_of_a_layer: bool,
    goes_back_to_pixels: bool,
    caution: Option<&'static str>,
    way: Way,
}

/// How a method makes its map.
#[derive(Clone, Copy)]
enum Way {
    Map(fn(&dyn Asked) -> HeatMap),
    Checked(fn(&dyn Asked) -> (HeatMap, Check)),
}

impl Method {
    /// A method whose map is about one class.
    pub const fn class_specific(
        name: &'static str,
        title: &'static str,
        map: fn(&dyn Asked) -> HeatMap,
    ) -> Self {
        Self::about_a_class(name, title, Way::Map(map))
    }

    /// A method whose map is about one class, and that finds out something about it on the way.
    pub const fn class_specific_checked(
        name: &'static str,
        title: &'static str,
        map: fn(&dyn Asked) -> (HeatMap, Check),
    ) -> Self {
        Self::about_a_class(name, title, Way::Checked(map))
    }

    const fn about_a_class(name: &'static str, title: &'static str, way: Way) -> Self {
        Self {
            name,
            title,
            is_class_specific: true,
            is_by_name_only: false,
            is_of_a_layer: true,
            goes_back_to_pixels: false,
            caution: None,
            way,
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

    /// The same method, which looks at no layer: its map is the same whichever is asked about.
    pub const fn of_no_layer(self) -> Self {
        Self {
            is_of_a_layer: false,
            ..self
        }
    }

    /// The same method, which asks for [`Asked::pixel_gradients`].
    pub const fn back_to_pixels(self) -> Self {
        Self {
            goes_back_to_pixels: true,
            ..self
        }
    }

    /// The same method, of which a reader must know this: half a sentence behind its title.
    pub const fn with_caution(self, caution: &'static str) -> Self {
        Self {
            caution: Some(caution),
            ..self
        }
    }

    /// What a reader of its maps must know, as half a sentence behind its title.
    pub fn caution(&self) -> Option<&'static str> {
        self.caution
    }

    /// Returns true if the map is that of a layer of the network.
    pub fn is_of_a_layer(&self) -> bool {
        self.is_of_a_layer
    }

    /// Returns true if it asks for [`Asked::pixel_gradients`].
    pub fn goes_back_to_pixels(&self) -> bool {
        self.goes_back_to_pixels
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

    /// The raw map: nothing is cut off and nothing scaled.
    pub fn map(&self, asked: &dyn Asked) -> HeatMap {
        self.checked_map(asked).0
    }

    /// The same with what the method found out about it, if it looks.
    pub fn checked_map(&self, asked: &dyn Asked) -> (HeatMap, Option<Check>) {
        match self.way {
            Way::Map(map) => (map(asked), None),
            Way::Checked(map) => {
                let (map, check) = map(asked);
                (map, Some(check))
            }
        }
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
