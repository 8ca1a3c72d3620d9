"""Runs side by side: settings, data, errors, ROAS, and what changed."""
