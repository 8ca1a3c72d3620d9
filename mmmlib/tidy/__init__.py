"""How data are made into a dataset, one idea a module; ``mmmlib.dataset.prepare`` is the order."""
