"""Images ↔ encoded pixels."""
