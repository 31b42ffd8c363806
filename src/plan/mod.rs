//! What must be done, in which order, and why: typed steps. Pure: never touches a warehouse.
