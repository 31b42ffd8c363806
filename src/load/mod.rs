//! Landing files to stage tables, exactly once: listing, ledger, replay.
