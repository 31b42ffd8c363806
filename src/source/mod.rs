//! The project's text: files with identities, byte spans, lines and columns; all reading of disk.
