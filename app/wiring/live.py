"""Live calls in the web process: who holds them, who recognises them, who looks after them."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from app.settings import ROOT, Settings
from app.wiring.parts import build_ear, build_watch
from app.wiring.phone import HeldParts, build_phone
from app.wiring.processes import process_name
from services.access.authority import Authority
from services.domain.calls import ProcessingOptions
from services.domain.live_calls import RunningCall
from services.domain.people import User
from services.domain.vocabulary import with_vocabulary
from services.jobs.intake import Intake
from services.jobs.queue import JobQueue
from services.live.desk import LiveDesk
from services.live.reading.models import LiveModels
from services.live.recogniser.child import ChildRecogniser
from services.live.recogniser.recognising import HereRecogniser, Recogniser
from services.live.recogniser.sharing_out import SharedOut
from services.live.recording.holding import Holding, HoldingParts
from services.live.recording.keeping import LiveKeeper
from services.live.recording.landing import Landing
from services.live.recording.patience import HoldingLimits
from services.live.telling.events import Told
from services.providers.registry import ProviderRegistry
from services.storage.audio_vault import AudioVault
from services.storage.calls import CallStore
from services.storage.keys import MasterKey
from services.storage.live_calls import LiveCallStore
from services.storage.phone_recordings import PhoneRecordingStore
from services.storage.phone_words import PhoneWordStore
from services.storage.runs import RunStore
from services.storage.tapes import TapeStore
from services.storage.transcripts import TranscriptStore
from services.telephony.acs.desk import PhoneDesk
from services.vocabulary import VocabularyService

RECOGNISER_COMMAND = (sys.executable, "-m", "app.recogniser")


@dataclass(frozen=True, kw_only=True)
class LiveStores:
    """What live calls and what becomes of them are kept in."""

    engine: Engine
    master_key: MasterKey
    vault: AudioVault
    calls: CallStore
    runs: RunStore
    transcripts: TranscriptStore
    queue: JobQueue
    intake: Intake
    vocabulary: VocabularyService
    authority: Authority


@dataclass(frozen=True, kw_only=True)
class Live:
    """The desk, and what runs behind it once ``keeper`` is started.

    ``readers`` read the words of phone calls; the recogniser is one of them.
    """

    desk: LiveDesk
    phone: PhoneDesk
    keeper: LiveKeeper
    recogniser: Recogniser
    readers: Recogniser

    def close(self) -> None:
        """End all of it; the next start goes on with calls that are being held, or lands them."""
        self.keeper.stop()
        self.desk.close()
        self.phone.close()
        self.readers.close()
        self.recogniser.close()


def build_live(
    settings: Settings,
    stores: LiveStores,
    providers: ProviderRegistry,
    models: Callable[[], LiveModels],
    on_told: Callable[[RunningCall, Told], None] = lambda _call, _told: None,
) -> Live:
    """Return the live calls of this process; nothing runs yet."""
    process = process_name()
    store = LiveCallStore(stores.engine)
    tapes = TapeStore(settings.live_folder, stores.master_key)
    recogniser = build_recogniser(settings, providers, models)
    others = [build_recogniser(settings, providers, models) for _ in range(settings.readers - 1)]
    readers = SharedOut([recogniser, *others]) if others else recogniser
    landing = Landing(
        process,
        engine=stores.engine,
        live=store,
        tapes=tapes,
        vault=stores.vault,
        calls=stores.calls,
        runs=stores.runs,
        transcripts=stores.transcripts,
        queue=stores.queue,
        providers=providers,
        words=PhoneWordStore(stores.engine, stores.master_key),
        defaults=settings.default_options,
    )
    parts = HoldingParts(
        store=store,
        tapes=tapes,
        landing=landing,
        recogniser=recogniser,
        limits=HoldingLimits(
            away_end_s=settings.live_away_ms / 1000,
            pause_end_s=settings.live_pause_ms / 1000,
            most_ms=settings.max_duration_ms,
        ),
        on_told=on_told,
    )
    holding = Holding(parts)

    def prepare(user: User, options: ProcessingOptions) -> ProcessingOptions:
        return with_vocabulary(options, stores.vocabulary.load(user))

    desk = LiveDesk(
        holding,
        store,
        providers,
        authority=stores.authority,
        check_recorded=stores.intake.check_options,
        prepare=prepare,
        warm_up=recogniser.prepare,
        process=process,
        needs_consent=settings.consent_required,
    )
    phone, taking_up = build_phone(
        settings,
        HeldParts(
            holding=holding,
            landing=landing,
            store=store,
            recogniser=readers,
            words=PhoneWordStore(stores.engine, stores.master_key),
            recordings=PhoneRecordingStore(stores.engine),
            on_told=on_told,
            process=process,
            authority=stores.authority,
        ),
    )
    keeper = LiveKeeper(holding, take_up=taking_up.look)
    return Live(desk=desk, phone=phone, keeper=keeper, recogniser=recogniser, readers=readers)


def build_recogniser(
    settings: Settings, providers: ProviderRegistry, models: Callable[[], LiveModels]
) -> Recogniser:
    """Return who recognises live calls: a process of its own, unless set otherwise."""
    if not settings.live_in_child:
        return build_here_recogniser(settings, providers, models)
    environment = {**os.environ, **settings.places()}
    return ChildRecogniser(RECOGNISER_COMMAND, folder=ROOT, environment=environment)


def build_here_recogniser(
    settings: Settings, providers: ProviderRegistry, models: Callable[[], LiveModels]
) -> HereRecogniser:
    """Return what recognises live calls in this very process, and watches them as it is set."""
    return HereRecogniser(
        providers, models, lambda org_id: build_watch(settings, org_id), build_ear
    )
