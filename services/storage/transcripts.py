"""The store of transcripts, of people's edits, and of the figures that come from both.

A call has one transcript per run at most; one of them is active. Saving a redacted transcript
deletes the call's unredacted ones, so that "redacted" means that the words don't exist any more.
Every method takes the organisation; a call of another one is not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from services import telemetry
from services.domain.edits import CallEdits
from services.domain.errors import EditConflict, NotFound, NotReady
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import Transcript
from services.storage.categories import PresentReading, RuleReader, read_by_rules
from services.storage.database import joining, reading, writing
from services.storage.derived import FORM, Derived, write_derived
from services.storage.figures import FIGURE_COLUMNS, CallFigures, figures_from_row
from services.storage.forms import unpack_edits
from services.storage.holds import is_call_held
from services.storage.kept import kept_of
from services.storage.models import CALL_EDITS, CALL_FIGURES, CALLS, TRANSCRIPTS
from services.storage.transcript_rows import (
    activate,
    active_row,
    delete_transcript,
    forget_unredacted,
    insert_transcript,
    load,
    locked_call,
    of_call,
    write_edits,
)
from services.storage.usage import note_use


@dataclass(frozen=True, kw_only=True)
class TranscriptVersion:
    """One of a call's transcripts, without its words."""

    id: str
    run: int
    provider: str
    language: str | None
    redacted: bool
    created_at: datetime
    is_active: bool


class TranscriptStore:
    """Keeps transcripts. Every method raises StorageError, or DiskFull, when the database can't.

    ``read_rules`` says what rules make of a call; None: nothing is written about rules. ``also`` is
    written whenever what is shown of a call changes.
    """

    def __init__(
        self, engine: Engine, read_rules: RuleReader | None = None, also: Sequence[Derived] = ()
    ) -> None:
        """Use this database."""
        self._engine = engine
        self._read_rules = read_rules
        self._also = tuple(also)

    def read_by_rules(self, org_id: str, shown: AnalysedTranscript) -> PresentReading | None:
        """Read a call by its organisation's rules, for saving it in a transaction that is short."""
        return read_by_rules(self._engine, self._read_rules, org_id, shown)

    def save(
        self,
        org_id: str,
        call_id: str,
        run: int,
        analysed: AnalysedTranscript,
        *,
        edits: CallEdits | None = None,
        shown: AnalysedTranscript | None = None,
        read: PresentReading | None = None,
        claim: int | None = None,
        connection: Connection | None = None,
    ) -> str:
        """Store a run's transcript, make it active, write the call's figures; return its id.

        ``edits`` are the call's edits carried over to this transcript, ``shown`` is what it looks
        like with them (figures come from there); ``read`` is what ``read_by_rules`` gave for that.
        Saving again replaces what this run saved, until the run has ended; from then on the first
        stays and its id is returned. A transcript of an older run than the active one is kept
        without becoming active, or, if it would bring back unredacted text, not kept. Raises
        NotFound when the call has been deleted, Cancelled when the run ended without success or
        another worker has it (``claim`` is outdated), EditConflict when the edits were changed
        meanwhile.
        """
        transcript = analysed.transcript
        read = read or self.read_by_rules(org_id, shown or analysed)
        with joining(self._engine, connection) as inside:
            found = read(inside) if read else None
            call = locked_call(inside, org_id, call_id)
            kept = kept_of(inside, call_id, run, claim)
            if kept.stored:
                return kept.stored
            active = active_row(inside, call)
            outdated = active is not None and active.run > run
            if outdated and active.redacted and not transcript.redacted:
                return transcript.id
            # Of a call on hold nothing goes; what is shown is redacted all the same.
            if transcript.redacted and not outdated and not is_call_held(inside, call_id):
                forget_unredacted(inside, call_id, edits_follow=edits is not None)
            if kept.has_transcript:
                delete_transcript(inside, call, run)
            insert_transcript(inside, call, run, transcript)
            note_use(inside, call, run, kept.options, transcript)
            if not outdated:
                place = activate(inside, call, transcript.id, kept.place)
                if edits is not None:
                    write_edits(inside, call, replace(edits, transcript_id=transcript.id))
                first_at = None if kept.has_derived else place
                write_derived(inside, call, shown or analysed, found, self._also, first_at=first_at)
        if found is not None:
            alerts = sum(category.alert for category in found.categories)
            telemetry.event("call.categories", count=len(found.categories), alerts=alerts)
        return transcript.id

    def active(self, org_id: str, call_id: str) -> Transcript:
        """Return the call's active transcript. Raises NotFound, or NotReady when it has none."""
        query = select(CALLS.c.active_transcript_id).where(of_call(org_id, call_id))
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
            if row is None:
                raise NotFound
            if row.active_transcript_id is None:
                raise NotReady
            return load(connection, org_id, call_id, row.active_transcript_id)

    def get(self, org_id: str, call_id: str, transcript_id: str) -> Transcript:
        """Return one of the call's transcripts. Raises NotFound."""
        with reading(self._engine) as connection:
            return load(connection, org_id, call_id, transcript_id)

    def list_for_call(self, org_id: str, call_id: str) -> list[TranscriptVersion]:
        """Return the call's transcripts by run, without their words."""
        columns = [TRANSCRIPTS.c[name] for name in _VERSION_COLUMNS]
        query = (
            select(*columns, CALLS.c.active_transcript_id)
            .join(CALLS, CALLS.c.id == TRANSCRIPTS.c.call_id)
            .where(of_call(org_id, call_id))
            .order_by(TRANSCRIPTS.c.run)
        )
        with reading(self._engine) as connection:
            return [
                TranscriptVersion(
                    **{name: row[name] for name in _VERSION_COLUMNS},
                    is_active=row["id"] == row["active_transcript_id"],
                )
                for row in connection.execute(query).mappings()
            ]

    def edits(self, org_id: str, call_id: str) -> CallEdits:
        """Return people's edits of the call, empty ones when there are none. Raises NotFound.

        They speak of the transcript they name, which needs not be the active one.
        """
        query = (
            select(CALLS.c.id, CALL_EDITS.c.body, CALL_EDITS.c.version)
            .outerjoin(CALL_EDITS, CALL_EDITS.c.call_id == CALLS.c.id)
            .where(of_call(org_id, call_id))
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound
        return unpack_edits(row.body, row.version) if row.body else CallEdits()

    def save_edits(
        self,
        org_id: str,
        call_id: str,
        edits: CallEdits,
        *,
        shown: AnalysedTranscript | None = None,
    ) -> CallEdits:
        """Store edits made on top of the version they carry; return them with the next version.

        With ``shown``, the transcript with these edits applied, the call's figures are written in
        the same transaction. Raises NotFound, or EditConflict when another version is stored or
        another transcript has become active.
        """
        read = shown and read_by_rules(self._engine, self._read_rules, org_id, shown)
        with writing(self._engine) as connection:
            found = read(connection) if read else None
            call = locked_call(connection, org_id, call_id)
            if shown is not None and shown.transcript.id != call.active_transcript_id:
                raise EditConflict
            saved = write_edits(connection, call, edits)
            if shown is not None:
                write_derived(connection, call, shown, found, self._also)
        return saved

    def figures(self, org_id: str, call_id: str) -> CallFigures | None:
        """Return the call's figures, None when it has no transcript yet. Raises NotFound."""
        columns = [CALL_FIGURES.c[name] for name in FIGURE_COLUMNS]
        query = (
            select(*columns)
            .select_from(CALLS.outerjoin(CALL_FIGURES, CALL_FIGURES.c.call_id == CALLS.c.id))
            .where(of_call(org_id, call_id))
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound
        return figures_from_row(row) if row["call_id"] else None

    def save_figures(self, org_id: str, call_id: str, shown: AnalysedTranscript) -> None:
        """Write the call's figures as this transcript, edits applied, shows them.

        Raises NotFound. Does nothing when the transcript is not the active one any more.
        """
        read = read_by_rules(self._engine, self._read_rules, org_id, shown)
        with writing(self._engine) as connection:
            found = read(connection) if read else None
            call = locked_call(connection, org_id, call_id)
            if call.active_transcript_id == shown.transcript.id:
                write_derived(connection, call, shown, found, self._also)

    def in_older_form(self, limit: int) -> list[tuple[str, str]]:
        """Return organisation and id of calls whose figures an older version wrote."""
        columns = (CALL_FIGURES.c.org_id, CALL_FIGURES.c.call_id)
        query = select(*columns).join(CALLS, CALLS.c.id == CALL_FIGURES.c.call_id)
        # Of a call whose words were deleted the figures stay as they are.
        has_words = CALLS.c.active_transcript_id.is_not(None)
        query = query.where(CALL_FIGURES.c.form < FORM, has_words).limit(limit)
        with reading(self._engine) as connection:
            return [(org_id, call_id) for org_id, call_id in connection.execute(query)]


_VERSION_COLUMNS = ("id", "run", "provider", "language", "redacted", "created_at")
