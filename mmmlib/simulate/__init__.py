"""Simulated marketing data whose truth is known: ``mmm simulate`` and the daily example."""
