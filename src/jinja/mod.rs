//! Rendering templates: context, macro library, dispatch, the map from output back to template.

mod python;
