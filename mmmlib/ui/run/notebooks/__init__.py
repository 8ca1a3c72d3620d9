"""Tab Notebooks: the executed notebooks, to be read."""
