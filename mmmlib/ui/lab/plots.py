"""The figures of a run, of the model that it stands for or another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmlib.plan import basis_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mmmlib.ui.lab.trained import TrainedRun


class Plots:
    """Figures of matplotlib, which a notebook shows as they are.

    Parameters
    ----------
    run : Run
        ``candidate`` of each figure is one of its models, as :class:`Run` has it.

    Examples
    --------
    >>> import mmmlib
    >>> run = mmmlib.open("latest")
    >>> run.plot
    Plots of run demo/de/...
    figures: allocation, candidates, carryover, checks, convergence, data, ...
    """

    def __init__(self, run: TrainedRun) -> None:
        self._run = run

    def __repr__(self) -> str:
        names = ", ".join(sorted(name for name in vars(Plots) if name[0] != "_"))
        return f"Plots of run {self._run}\nfigures: {names}"

    def data(self) -> Figure:
        """Target and spend over time; the window is shaded."""
        return self._drawn("dataset", self._run.dataset, self._run.job, self._run.annotations)

    def checks(self) -> Figure:
        """The data checks: verdicts, correlations, and what happened when."""
        return self._drawn("checks", self._run.dataset, self._run.job)

    def candidates(self) -> Figure:
        """Errors of all candidates, with the Pareto fronts and the best model."""
        return self._drawn("candidates", self._run.result)

    def convergence(self) -> Figure:
        """Course of each objective over the search, and whether it converged."""
        return self._drawn("convergence", self._run.result)

    def sampling(self) -> Figure:
        """Which hyperparameters were tried, which are on fronts, and the best model's."""
        return self._drawn("sampling", self._run.result)

    def efficiency(self) -> Figure:
        """ROAS, or CPA, of each channel over the course of the search."""
        return self._drawn("efficiency", self._run.result, self._run.job.target_type)

    def spend_exposure(self) -> Figure:
        """Exposure against spend in the window, by channel that has both."""
        return self._drawn("spend_exposure", self._run.dataset, self._run.job)

    def lesson(self) -> Figure:
        """What the hyperparameters of adstock and saturation do; the same for every run."""
        return self._drawn("lesson")

    def fit(self, candidate: str = "") -> Figure:
        """Actual and fitted target over time."""
        return self._drawn("fit", self._run.model(candidate), self._run.annotations)

    def residuals(self, candidate: str = "") -> Figure:
        """Residual against fitted target."""
        return self._drawn("residuals", self._run.model(candidate))

    def shares(self, candidate: str = "") -> Figure:
        """Spend share, effect share and ROAS, or CPA, by channel."""
        return self._drawn("shares", self._run.model(candidate), self._run.job.target_type)

    def decomposition(self, candidate: str = "") -> Figure:
        """Waterfall of the target by variable."""
        return self._drawn("decomposition", self._run.model(candidate))

    def carryover(self, candidate: str = "") -> Figure:
        """Immediate and carryover share of each effect, and how long spend works."""
        return self._drawn("carryover", self._run.model(candidate), self._run.job.adstock)

    def response_curves(self, candidate: str = "") -> Figure:
        """One response curve a paid channel."""
        return self._drawn("response_curves", self._run.model(candidate))

    def allocation(self, candidate: str = "", **settings: Any) -> Figure:
        """Current and planned spend by channel, of :meth:`Run.plan`."""
        plan = self._run.plan(candidate, **settings)
        return self._drawn("allocation", plan, basis_of(self._run).period)

    def _drawn(self, name: str, *arguments: Any) -> Figure:
        from mmmlib.report import figures, style

        figure: Figure = getattr(figures, name)(*arguments)
        # a notebook without %matplotlib shows it too
        setattr(figure, "_repr_png_", lambda: style.png(figure))  # noqa: B010
        return figure
