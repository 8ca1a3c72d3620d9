"""Tab Notes: what people decided; keep and delete."""
