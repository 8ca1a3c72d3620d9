"""The dashboard's server. ``app`` imports Voilà, the rest is light enough for every tab's kernel."""
