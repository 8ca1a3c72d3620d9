"""The live model: one model of a run, fitted again as a person drags its hyperparameters."""
