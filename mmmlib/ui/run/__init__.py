"""One run: where it stands, what it found, what it left behind."""
