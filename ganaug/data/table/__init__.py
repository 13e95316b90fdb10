"""Tables ↔ encoded rows."""
