"""Has a language model answer the questions that are for it, once for each transcript."""

from collections.abc import Callable

from services.domain.reviewed import ReviewedCall
from services.review.refreshing import Refresher
from services.scorecards.keeping import ScoreKeeper
from services.storage.scores import ScoreStore
from services.understanding.scorecards.model_answers import Answerer
from services.understanding.scorecards.scoring import prompts_of, scorecards_for


class ModelQuestions:
    """Knows which questions a model is still to be asked about a call, and asks them."""

    def __init__(
        self,
        keeper: ScoreKeeper,
        scores: ScoreStore,
        refresher: Refresher,
        answerer: Answerer | None,
    ) -> None:
        """Ask this answerer; None: there is no language model, nobody is asked."""
        self._keeper = keeper
        self._scores = scores
        self._refresher = refresher
        self._answerer = answerer

    @property
    def has_model(self) -> bool:
        """Whether there is a model to ask."""
        return self._answerer is not None

    def waiting(self, shown: ReviewedCall) -> tuple[str, ...]:
        """Return what a model has not answered yet about the transcript shown."""
        org_id = shown.call.org_id
        prompts = prompts_of(scorecards_for(self._keeper.scoring(org_id).scorecards, shown))
        if not prompts:
            return ()
        said = self._scores.model_answers(org_id, shown.transcript.id)
        return tuple(p for p in prompts if p not in said or said[p].value is None)

    def ask(
        self,
        org_id: str,
        call_id: str,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> int:
        """Ask all that is waiting, keep the answers and score the call; return how many.

        Raises NotFound, NotReady.
        """
        shown = self._refresher.shown(org_id, call_id)
        prompts = self.waiting(shown)
        if self._answerer is None or not prompts:
            return 0
        answers = self._answerer.answers(shown.transcript, prompts, is_cancelled)
        self._scores.save_model_answers(org_id, call_id, shown.transcript.id, answers)
        self._refresher.write_anew(org_id, call_id)
        return len(answers)
