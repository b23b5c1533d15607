use crate::{asked::Asked, heat_map::HeatMap};
use std::fmt;

/// A way to ask a network where it looked.
///
/// Two methods are the same if their names are.
pub trait Method: Sync {
    /// The name as typed on the command line; no other method has it.
    fn name(&self) -> &'static str;

    /// The name as printed.
    fn title(&self) -> &'static str;

    /// Whether the map is about one class; otherwise it is the same for all of them, and [`Method::map`] asks for nothing
    /// but the feature map.
    fn is_class_specific(&self) -> bool {
        true
    }

    /// The raw map, one value per position of the feature map: nothing is cut off and nothing scaled.
    fn map(&self, asked: &dyn Asked) -> HeatMap;
}

impl PartialEq for dyn Method {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Method {}

impl fmt::Debug for dyn Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
