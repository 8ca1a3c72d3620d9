"""Tab Files: every artifact, and all of them as one zip file."""
