"""An installation in which people of all kinds try what they may."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.settings import Settings
from app.wiring import Services, build_services
from services.access.trails import KeptTrail
from services.analysis.metrics import analyse
from services.domain.calls import CallDetails, CallState, ProcessingOptions, Run
from services.domain.errors import TooLittleSpeech
from services.domain.metrics import AnalysedTranscript
from services.domain.people import LOCAL_USER, Reach, Role, User
from services.domain.reviewed import ReviewedCall
from tests.builders import call, transcript

ORG = LOCAL_USER.org_id
BILLING = Reach(queues=frozenset({"Billing"}))
SALES = Reach(queues=frozenset({"Sales"}))
VIEWER = User(id="vi", name="Viewer", org_id=ORG, role=Role.VIEWER, reach=BILLING)
SUPERVISOR = User(id="su", name="Supervisor", org_id=ORG, role=Role.SUPERVISOR, reach=BILLING)
ADMIN = User(id="ad", name="Admin", org_id=ORG, role=Role.ADMIN)
NOBODY = User(id="no", name="Nobody", org_id=ORG, role=Role.ADMIN, rights=frozenset())
INSIDE = [VIEWER, SUPERVISOR, ADMIN, NOBODY]
ELSEWHERE = User(id="ad", name="Admin", org_id="elsewhere", role=Role.ADMIN)
SALESMAN = User(id="sa", name="Sales", org_id=ORG, role=Role.SUPERVISOR, reach=SALES)
OUTSIDE = [ELSEWHERE, SALESMAN]
OWNER = User(id="ow", name="Owner", org_id=ORG, role=Role.VIEWER, reach=Reach())
NO_CALL = "no-such-call"


class _LearnsNothing:
    def learn(self, *_: object) -> Any:
        raise TooLittleSpeech


@dataclass
class House:
    """The installation; ``trail`` has what is written down."""

    services: Services
    trail: KeptTrail
    shown: list[ReviewedCall] = field(default_factory=list)
    learnt: object = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.services, name)

    def add(self, **changes: Any) -> str:
        """Add a call of Billing with a redacted transcript, and return its id."""
        s, details = self.services, CallDetails(queue="Billing", agent_name="Ann")
        made = call(**{"details": details, "org_id": ORG, **changes})
        options = ProcessingOptions(provider="scripted")
        run = Run(call_id=made.id, number=1, options=options, state=CallState.WAITING)
        s.calls.add(made, run, s.vault.new_key(made.id))
        self.transcribe(made.id, 1, redacted=True)
        return made.id

    def transcribe(self, call_id: str, number: int, *, redacted: bool) -> str:
        """Give a run of a call its transcript."""
        s, spoken = self.services, transcript(redacted=redacted)
        s.runs.begin(call_id, number)
        analysed = AnalysedTranscript(transcript=spoken, analysis=analyse(spoken))
        s.transcripts.save(s.calls.load(call_id).org_id, call_id, number, analysed)
        s.runs.finish(call_id, number, spoken.id)
        return spoken.id


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Give an installation in this folder."""
    settings = Settings(
        data_dir=folder,
        scripted_provider=True,
        provider="scripted",
        live_in_child=False,
        search_by_meaning=True,
        api_token=SecretStr("a-token-of-an-api-that-is-long-enough"),
    )
    services, trail = build_services(settings), KeptTrail()
    services.authority._trail = trail
    services.voices._enrolling = _LearnsNothing()
    services.desk._demo_folder = folder / "no-demo"
    made = House(services, trail)
    made.shown.append(services.review.load(LOCAL_USER, made.add()))
    try:
        yield made
    finally:
        services.close()
