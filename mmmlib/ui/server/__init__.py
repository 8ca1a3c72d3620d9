"""The server of the dashboard. ``app`` imports Voilà; the rest is light enough for every tab."""
