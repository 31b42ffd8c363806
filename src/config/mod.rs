//! Project file, profiles, variables, flags: resolved once into one value.
