//! Every node as final SQL, with where each byte came from.
