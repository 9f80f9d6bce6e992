"""Parts of an installation, each by itself: what commands need that don't need everything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import Engine

from app.local_models import (
    build_listener,
    shared_engine,
)
from app.settings import Settings, names_in
from app.sweep_wiring import build_sweep_children
from services.access.authority import Authority
from services.domain.errors import BadRule, BadSettings, ProviderUnknown
from services.domain.rules import Rule
from services.domain.voices import VoiceSignature
from services.engine.live.voice import VoiceStream
from services.jobs.notices import StoredNotices
from services.live.reading.voiced_sound import Ear
from services.live.watching.options import WatchOptions, watch_list
from services.one_file import KnownVoices
from services.providers.base import SpeechProvider
from services.providers.registry import ProviderRegistry
from services.reading_rules import rules_of
from services.rule_book import RuleBook
from services.searching import SearchService
from services.storage.audit import AuditStore
from services.storage.calls import CallStore
from services.storage.categories import CategoryStore
from services.storage.database import database_exists, open_engine
from services.storage.key_sources import load_master_key
from services.storage.keys import MasterKey
from services.storage.known_voices import KnownVoiceStore
from services.storage.provider_copies import ProviderCopyStore
from services.storage.provider_notices import ProviderNoticeStore
from services.storage.rules import RuleStore
from services.storage.schema import migrate
from services.storage.search import SearchIndex
from services.storage.sweeps import SweepStore
from services.storage.swept_calls import SweptCalls
from services.storage.vocabularies import VocabularyStore
from services.storage.voice_signatures import VoiceSignatureStore
from services.sweeping.sweeper import Sweeper
from services.understanding.rules.ready_made import ready_made_rules
from services.understanding.rules.yaml_form import checked_rule
from services.vocabulary import VocabularyService

if TYPE_CHECKING:
    from services.providers.assemblyai.provider import AssemblyAIProvider
    from services.providers.azure_speech.access import AzureAccess
    from services.providers.azure_speech.signatures import AzureSignatures
    from services.understanding.models import UnderstandingModels
    from services.understanding.scorecards.model_answers import ModelAnswerer


def authority_on(engine: Engine, settings: Settings) -> Authority:
    """Return who says what people may do with the calls of this database.

    Raises WrongKey, StorageError.
    """
    return Authority(CallStore(engine), AuditStore(engine, master_key_of(settings)))


def build_vocabulary(settings: Settings) -> VocabularyService:
    """Return the vocabularies of this installation without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return VocabularyService(VocabularyStore(engine), authority=authority_on(engine, settings))


@dataclass(frozen=True, kw_only=True)
class RuleTools:
    """The rules, and what it takes to look for them in all calls."""

    book: RuleBook
    calls: SweptCalls
    sweeper: Sweeper
    sweeps: SweepStore


def rule_tools_on(
    engine: Engine, authority: Authority, working_folder: Path | None = None
) -> RuleTools:
    """Return the rules on this database with what belongs to them.

    Without a ``working_folder`` all that looking in all calls finds is kept in memory.
    """
    calls, sweeps = SweptCalls(engine), SweepStore(engine)
    sweeper = Sweeper(calls, build_sweep_children(engine), working_folder=working_folder)
    book = RuleBook(
        RuleStore(engine),
        CategoryStore(engine),
        sweeps,
        sweeper,
        authority=authority,
    )
    return RuleTools(book=book, calls=calls, sweeper=sweeper, sweeps=sweeps)


def build_rule_tools(settings: Settings) -> RuleTools:
    """Return the rules of this installation without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return rule_tools_on(engine, authority_on(engine, settings), settings.working_folder)


def build_search(settings: Settings) -> SearchService:
    """Return the search over this installation's calls without anything else.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    return SearchService(SearchIndex(engine), authority=authority_on(engine, settings))


def build_rules(settings: Settings, org_id: str | None = None) -> tuple[Rule, ...]:
    """Return the rules to read files by: an organisation's, or the shipped ones.

    Makes no database: without one nobody has changed a rule. Raises DatabaseTooNew, StorageError.
    """
    if not database_exists(settings.database_url):
        return ready_made_rules()
    engine = open_engine(settings.database_url)
    migrate(engine)
    book = RuleStore(engine).book(org_id or settings.org)
    engine.dispose()
    return rules_of(book)


def build_watch(settings: Settings, org_id: str | None = None) -> WatchOptions:
    """Return what live calls are watched for: the rules that alert and the watch list among it.

    Makes no database. Raises DatabaseTooNew, StorageError, and BadSettings for a watch list that
    can't be understood.
    """
    try:
        words = tuple(map(checked_rule, watch_list(names_in(settings.watch_words))))
    except BadRule as error:
        raise BadSettings("It is PARTYLINE_WATCH_WORDS.") from error
    alerting = tuple(rule for rule in build_rules(settings, org_id) if rule.alert and rule.enabled)
    return WatchOptions(
        silence_ms=settings.watch_silence_ms,
        monologue_ms=settings.watch_monologue_ms,
        rules=(*alerting, *words),
        summary_every_ms=settings.summary_every_ms,
    )


def build_ear() -> Ear:
    """Return what tells voice from silence on a channel of a live call."""
    return VoiceStream(forgets=True)


def build_known_voices(settings: Settings) -> KnownVoices | None:
    """Return the voices to recognise in files, None when this installation knows none.

    Makes neither a database nor a key: without one of them no voice can be known. Raises
    DatabaseTooNew, WrongKey, StorageError.
    """
    has_key = settings.has_given_key or settings.key_file.exists()
    if not (has_key and database_exists(settings.database_url)):
        return None
    engine = open_engine(settings.database_url)
    migrate(engine)
    enrolled = KnownVoiceStore(engine, master_key_of(settings)).enrolled(settings.org)
    engine.dispose()
    if not enrolled:
        return None
    return KnownVoices(enrolled=enrolled, listener=build_listener(settings))


def build_providers(
    settings: Settings,
    participants: Callable[[str], Sequence[VoiceSignature]] = lambda _org_id: (),
    notices: ProviderNoticeStore | None = None,
) -> ProviderRegistry:
    """Return all speech providers; making one loads no model and connects to nothing.

    ``participants`` gives the voice signatures by which a service knows who speaks in calls of an
    organisation.
    With ``notices``, and a public address, a service that can tells when it is done.
    """

    def local() -> SpeechProvider:
        from services.providers.local import LocalProvider

        return LocalProvider(
            settings.models_dir,
            settings.whisper_model,
            settings.threads,
            engine=shared_engine(settings),
        )

    def scripted() -> SpeechProvider:
        from services.providers.scripted import ScriptedProvider

        return ScriptedProvider(pause_ms=settings.scripted_pause_ms)

    def azure() -> SpeechProvider:
        from services.providers.azure_speech.provider import AzureSpeechProvider

        return AzureSpeechProvider(
            _azure_access(settings),
            cost_per_hour=settings.azure_cost_per_hour,
            participants=participants,
        )

    def assemblyai() -> SpeechProvider:
        from services.providers.assemblyai.access import AssemblyAIAccess
        from services.providers.assemblyai.provider import AssemblyAIProvider

        return AssemblyAIProvider(
            AssemblyAIAccess(
                key=_secret(settings.assemblyai_api_key),
                base_url=settings.assemblyai_base_url,
                streaming_host=settings.assemblyai_streaming_host,
            ),
            cost_per_hour=settings.assemblyai_cost_per_hour,
            notices=_notices_of("assemblyai", settings, notices),
        )

    factories: dict[str, Callable[[], SpeechProvider]] = {
        "local": local,
        "azure": azure,
        "assemblyai": assemblyai,
    }
    if settings.scripted_provider:
        factories["scripted"] = scripted
    return ProviderRegistry(factories)


def _notices_of(
    provider: str, settings: Settings, store: ProviderNoticeStore | None
) -> StoredNotices | None:
    if store is None or settings.public_url is None:
        return None
    return StoredNotices(store, provider, settings.public_url)


def build_signing(settings: Settings) -> "AzureSignatures":
    """Return what makes voice signatures; nothing is connected."""
    from services.providers.azure_speech.signatures import AzureSignatures

    return AzureSignatures(_azure_access(settings))


def build_participants(settings: Settings, org_id: str | None = None) -> tuple[VoiceSignature, ...]:
    """Return the voice signatures of this installation, none when it knows no voices.

    Makes neither a database nor a key. Raises DatabaseTooNew, WrongKey, StorageError.
    """
    has_key = settings.has_given_key or settings.key_file.exists()
    if not (has_key and database_exists(settings.database_url)):
        return ()
    engine = open_engine(settings.database_url)
    migrate(engine)
    signatures = VoiceSignatureStore(engine, master_key_of(settings)).all(org_id or settings.org)
    engine.dispose()
    return signatures


def _azure_access(settings: Settings) -> "AzureAccess":
    from services.providers.azure_speech.access import AzureAccess

    return AzureAccess(
        key=_secret(settings.azure_speech_key),
        region=settings.azure_speech_region,
        host=settings.azure_speech_host,
        endpoint=settings.azure_speech_endpoint,
    )


def build_assemblyai(settings: Settings) -> "AssemblyAIProvider":
    """Return AssemblyAI for what only it can do. Raises ProviderNotConfigured."""
    from services.providers.assemblyai.provider import AssemblyAIProvider

    provider = build_providers(settings).ready("assemblyai")
    if not isinstance(provider, AssemblyAIProvider):
        raise ProviderUnknown
    return provider


def references_of(settings: Settings, call_id: str, provider: str) -> list[str]:
    """Return what a provider keeps of a stored call, the newest run's first.

    Makes no database: without one there is no call. Raises DatabaseTooNew, StorageError.
    """
    if not database_exists(settings.database_url):
        return []
    engine = open_engine(settings.database_url)
    try:
        migrate(engine)
        return ProviderCopyStore(engine).references(settings.org, call_id, provider)
    finally:
        engine.dispose()


def _secret(setting: SecretStr | None) -> str | None:
    return setting.get_secret_value() or None if setting else None


def build_models(settings: Settings) -> "UnderstandingModels":
    """Return the models over text; each is loaded, or connected to, when it is first needed."""
    from services.understanding.language_model import ModelAccess
    from services.understanding.models import UnderstandingModels

    return UnderstandingModels(ModelAccess(**given) if (given := settings.language_model) else None)


def build_answerer(models: "UnderstandingModels") -> "ModelAnswerer | None":
    """Return who answers questions about calls by a language model, None without a model."""
    if not models.has_language_model:
        return None
    from services.understanding.scorecards.model_answers import ModelAnswerer

    return ModelAnswerer(models.known_language_model, models.redactor)


def master_key_of(settings: Settings) -> MasterKey:
    """Return the key that seals all others; its file is made at the first use.

    Raises WrongKey, KeyCommandFailed, StorageError.
    """
    return load_master_key(
        _secret(settings.partyline_key),
        _secret(settings.key_command),
        settings.key_file,
        _secret(settings.previous_keys),
    )
