"""Tab Over time: the fit, and what the target is made of."""
