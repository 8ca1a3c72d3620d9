"""The words of the field, each in a sentence: on hover in the report, and `docs/glossary.md`."""

from __future__ import annotations

import re
from html import escape
from typing import Final

WORDS: Final = {
    "adstock": (
        "how much of an ad's effect lasts into the next period; `theta` is the share "
        "that does (geometric), or a Weibull curve"
    ),
    "allocation": "a plan: how much to spend on each channel",
    "baseline": "what would have been sold without media: trend, season, holidays, context",
    "calibration": "using lift studies so that the model agrees with what was measured",
    "candidate": "one complete model: one value for each hyperparameter",
    "carryover": "the part of a response that comes from earlier spend",
    "change ledger": "every change that was made to the data, with its reason and its effect",
    "channel": "one way to spend money on media that somebody decides about",
    "cluster, winner": "similar candidates; the best of each group",
    "context variable": "what moves sales and is not media: price, weather, competitors",
    "contribution, effect": "sales that a part of the model explains",
    "conversion, CPA": "sales in pieces; what one of them costs",
    "DECOMP.RSSD": "distance between shares of effect and shares of spend (Robyn)",
    "exposure": "impressions, clicks or GRP of a channel, beside its spend",
    "gamma, alpha": "where and how sharply a channel saturates (Hill curve)",
    "identified": "whether the data can tell a channel's effect from all others",
    "interval": "the range that holds the truth with the probability it names",
    "lift study": "an experiment with and without a channel",
    "marginal ROAS": "what one more unit of money would bring",
    "NRMSE": "error of the fit, as a share of the range of the target",
    "one-pager": "the page of a model for those who decide",
    "organic channel": "media that cost nothing: newsletter, posts",
    "Pareto front": "candidates that no other beats in every error",
    "posterior": "how probable each model is, given the data and what was believed before",
    "promoted": "the model that people have chosen for a run, with their reason",
    "R²": "share of the ups and downs of sales that the model explains",
    "refresh": "a model continued on newer data",
    "response": "what a spend brings",
    "ROAS": "sales for one unit of money",
    "run": "one training with everything it read and made, in one folder of the archive",
    "saturation": "diminishing returns",
    "spread of near-best models": "how far similar candidates agree; not an interval",
    "target": "what is explained: revenue or conversions",
    "window": "the dates that are modelled",
}


def explained(shown: str, word: str) -> str:
    """HTML of a word that says on hover what it means.

    Parameters
    ----------
    shown : str
        As it stands in the text.
    word : str
        As :data:`WORDS` has it.

    Examples
    --------
    >>> explained("sales per unit of money", "ROAS")
    '<abbr tabindex="0" title="sales for one unit of money">sales per unit of money</abbr>'
    """
    meaning = re.sub("`", "", WORDS[word])
    return f'<abbr tabindex="0" title="{escape(meaning)}">{escape(shown)}</abbr>'
