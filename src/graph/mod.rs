//! Who reads whom: resolving refs, order, cycles, selection.
