"""How data are made into a dataset, one idea a module; :mod:`mmmlib.data.dataset` has the order."""
