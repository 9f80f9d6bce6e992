"""The error tree. A class's docstring is the sentence a person sees when it happens.

Every retry loop reads ``retryable``; nothing else decides whether trying again can help. The
one that asks providers reads ``may_be_charged`` beside it.
Messages never contain words of a call, file names, keys or a provider's own text, so they
can be logged, stored and shown as they are.
"""

import inspect


class PartylineError(Exception):
    """Something went wrong."""

    retryable: bool = False
    # So long trying again is in vain, where whoever refused has said so.
    retry_after_s: int | None = None
    # Trying again can help, but may be paid for twice: that is left to people and other providers.
    may_be_charged: bool = False

    def __init__(self, detail: str | None = None) -> None:
        """Take an optional safe second sentence, shown after the class's own."""
        self.detail = detail
        super().__init__(self.user_message)

    @property
    def code(self) -> str:
        """A stable name for logs, rows and tests: the class's name."""
        return type(self).__name__

    @property
    def user_message(self) -> str:
        """The sentence for the person, with the safe detail when there is one."""
        sentence = " ".join((inspect.getdoc(type(self)) or "").split())
        return f"{sentence} {self.detail}" if self.detail else sentence


class Cancelled(PartylineError):
    """Processing was cancelled."""


class GaveUp(PartylineError):
    """Processing this call stopped unexpectedly several times, so it was given up."""

    retryable = True


class InternalFault(PartylineError):
    """Partyline ran into a fault of its own; nothing was lost and the call can be retried."""

    retryable = True


def error_of(code: str, detail: str | None = None) -> PartylineError:
    """Return the error of this code, as another process told it; InternalFault for any other."""
    waiting: list[type[PartylineError]] = [PartylineError]
    while waiting:
        kind = waiting.pop()
        if kind.__name__ == code:
            return kind(detail)
        waiting += kind.__subclasses__()
    return InternalFault()


# --- what a person hands in -------------------------------------------------------------------


class BadAudio(PartylineError):
    """This file could not be used as a call recording."""


class FileMissing(BadAudio):
    """There is no file of this name."""


class EmptyFile(BadAudio):
    """The file is empty."""


class NotAudio(BadAudio):
    """This file is not an audio or video file that can be read."""


class NoSound(BadAudio):
    """This file has no sound track."""


class DamagedAudio(BadAudio):
    """The file is damaged and no sound could be read from it."""


class TooShort(BadAudio):
    """The recording is too short: at least half a second of sound is needed."""


class TooLong(BadAudio):
    """The recording is longer than the limit set for this installation."""


class DecoderOverrun(BadAudio):
    """Reading this file took more memory or time than any recording needs, so it was left."""


class DecoderCrashed(BadAudio):
    """The file is damaged in a way that ends the decoder; nothing else was touched by it."""


class DecoderLost(PartylineError):
    """The recording could not be decoded, because this machine ended the decoder."""

    retryable = True


class TooLarge(BadAudio):
    """The file is larger than the limit set for this installation."""


class NoMicrophone(PartylineError):
    """There is no microphone on this machine that can be used."""


class MicrophoneLost(PartylineError):
    """The microphone doesn't give any sound any more."""


class BadTranscript(PartylineError):
    """This file is not a transcript that can be used."""


class BadLine(PartylineError):
    """A line of the input can't be used, and no line after it was read."""


class UploadInterrupted(PartylineError):
    """The upload broke off before the whole file had arrived; please send it again."""

    retryable = True


class FileUnreadable(PartylineError):
    """This file, or what lies beside it to tell of it, can't be read at the moment."""

    retryable = True


class BadPattern(PartylineError):
    """The pattern for file names can't be used."""


class BadSidecar(PartylineError):
    """What lies beside this recording to tell of it can't be used."""


class NameUnfit(PartylineError):
    """The name of this file doesn't fit the pattern."""


class SourceMissing(PartylineError):
    """There is no such file, folder or bucket, or it can't be read."""


class ContentDiffers(BadAudio):
    """What arrived is not what was announced: its SHA-256 is another."""


class UploadNotFound(PartylineError):
    """There is no such upload, or it was given up."""


class UploadOffset(PartylineError):
    """The upload stands elsewhere; ask where, and go on from there."""


class UploadsFull(PartylineError):
    """Too many uploads are open; finish or give up one of them first."""

    retryable = True
    retry_after_s = 60


class RequestKeyTaken(PartylineError):
    """This Idempotency-Key came with another recording before."""


class InvalidRequest(PartylineError):
    """This request can't be carried out as it was made."""


class ConsentMissing(InvalidRequest):
    """Everybody on the call has to be told first that it is recorded: note how they are told."""


class HeldElsewhere(InvalidRequest):
    """Another process of this installation holds the call."""

    retryable = True


class RequestTooLarge(InvalidRequest):
    """This request is larger than what is taken here."""


class RequestTooSlow(InvalidRequest):
    """This request did not come to its end in time."""

    retryable = True


class NothingHere(PartylineError):
    """There is nothing at this address."""


class NotDoneHere(PartylineError):
    """This can't be done at this address."""


class BadRule(PartylineError):
    """This rule can't be used as it is written."""


# --- live calls -------------------------------------------------------------------------------


class RecogniserLost(PartylineError):
    """Recognition stopped unexpectedly and was begun again; the recording went on."""

    retryable = True


class StartedAgain(PartylineError):
    """Partyline was started again during this call; the recording goes on.

    What was said before is in the transcript once the call has ended.
    """


class SoundElsewhere(PartylineError):
    """The sound of this call comes from another page now."""


# --- access -----------------------------------------------------------------------------------


class AccessDenied(PartylineError):
    """You don't have the right to do this."""


class NumberNotAllowed(AccessDenied):
    """This phone number is none of those that may be called from here."""


class TextNotShown(AccessDenied):
    """You may only see calls without their personal data; process this one again with redaction."""


class StoredOutOfReach(AccessDenied):
    """This recording is there already, as a call you have nothing to do with: ask a supervisor."""


class InvalidToken(AccessDenied):
    """This link has expired; please reload the page."""


class CallerRefused(AccessDenied):
    """Whoever called did not prove to be the telephone service."""


class ApiOff(AccessDenied):
    """The HTTP API is switched off in this installation."""


class ApiTokenRefused(AccessDenied):
    """This request does not bring a token of the HTTP API that counts."""


class TooManyWrongTokens(AccessDenied):
    """Too many wrong tokens came from this address; please wait a minute."""

    retryable = True
    retry_after_s = 60


class NotSignedIn(AccessDenied):
    """You are not signed in, or no longer; please sign in."""


class NoAccessYet(AccessDenied):
    """You are signed in, but nobody has given you access yet."""


class AccessEnded(AccessDenied):
    """You are signed in, but your access has been switched off."""


class PersonNotFound(PartylineError):
    """There is no such person."""


class PersonKnown(PartylineError):
    """This person is known already."""


class ApiTokenNotFound(PartylineError):
    """There is no such token."""


class BrowserRefused(AccessDenied):
    """The HTTP API is for programs; it answers no browser."""


class ApiBusy(PartylineError):
    """The HTTP API is doing as much as it does at once; please retry later."""

    retryable = True
    retry_after_s = 1


class TooManyRequests(PartylineError):
    """Too many requests came from this address in a short time; please retry a little later."""

    retryable = True


class TooManyUploads(PartylineError):
    """You are uploading as many recordings as can come in at once; please retry when one is in."""

    retryable = True
    retry_after_s = 5


class UnsafeExposure(PartylineError):
    """Refusing to listen on a public address without a login."""


class NotFound(PartylineError):
    """This call does not exist, or it has been deleted."""


class SoundGone(PartylineError):
    """The sound of this call is not stored any more, so nothing can be heard in it anew."""


class OriginalDropped(SoundGone):
    """The original recording was dropped once its personal data was covered, as set here."""


class NoRecording(SoundGone):
    """There is no recording of this call: the telephone service sent its words only."""


class TranscriptGone(PartylineError):
    """The transcript whose words were to be kept does not exist any more."""


class NotReady(PartylineError):
    """This call has no transcript yet."""


class NotLandedYet(NotReady):
    """This call has not become one of the calls yet."""

    retryable = True


class StillInWork(NotReady):
    """This was asked for before and is being done at the moment."""

    retryable = True


class SoundNotReady(NotReady):
    """The sound of this call is being prepared and can't be heard yet."""


class OnHold(PartylineError):
    """This is under legal hold: nothing of it can be deleted until the hold is released."""


class HoldNotFound(NotFound):
    """This hold does not exist, or it has been released."""


# --- known voices -----------------------------------------------------------------------------


class EnrolmentRefused(PartylineError):
    """A voice can't be learnt from this recording."""


class TooLittleSpeech(EnrolmentRefused):
    """There is too little speech to learn a voice from: at least 10 seconds are needed."""


class SeveralVoices(EnrolmentRefused):
    """More than one voice speaks in it: a voice is learnt from a person speaking alone."""


class OtherVoice(EnrolmentRefused):
    """This recording sounds like somebody else than the person known under this name."""


class EnrolmentTimeout(EnrolmentRefused):
    """Learning the voice took too long and was stopped; please try again."""

    retryable = True


class VoiceNotFound(NotFound):
    """This known voice does not exist, or it has been deleted."""


class VoiceNameTaken(PartylineError):
    """A known voice has this name already."""


# --- the installation -------------------------------------------------------------------------


class BadSettings(PartylineError):
    """A setting of this installation can't be understood."""


class PortTaken(PartylineError):
    """The port is in use already; stop what listens there, or choose another with PORT."""


class WorkerRunning(PartylineError):
    """A worker with this id is running already; give each a WORKER_ID of its own, or none."""


class EditConflict(PartylineError):
    """This call was changed elsewhere in the meantime; look again and repeat your change."""


class VocabularyChanged(EditConflict):
    """The vocabulary was changed elsewhere in the meantime; look again and repeat your change."""


class ScorecardChanged(EditConflict):
    """The scorecard was changed elsewhere in the meantime; look again and repeat your change."""


class RulesChanged(EditConflict):
    """This rule was changed elsewhere in the meantime; look again and repeat your change."""


class AlreadyStored(PartylineError):
    """This recording is among the calls already."""


# --- storage ----------------------------------------------------------------------------------


class StorageError(PartylineError):
    """The storage could not be read or written."""

    retryable = True


class DiskFull(StorageError):
    """The disk is full; free some space and retry."""


class StorageRefused(StorageError):
    """The bucket for recordings does not exist, or its keys are refused; see STORAGE_URL."""

    retryable = False


class DataDamaged(StorageError):
    """Stored audio failed its integrity check and was not used."""

    retryable = False


class WrongKey(StorageError):
    """The encryption key does not fit the stored calls."""

    retryable = False


class KeyCommandFailed(StorageError):
    """The command that gives the master key failed."""


class KeysUnsettled(StorageError):
    """Nothing was changed: not every key here can be brought under the new master key."""

    retryable = False


class DatabaseTooNew(StorageError):
    """The database was written by a newer version of Partyline; update this installation."""

    retryable = False


class AuditBroken(StorageError):
    """The audit was changed from outside; partyline audit verify tells more."""

    retryable = False


# --- backups ------------------------------------------------------------------------------------


class BackupError(PartylineError):
    """The backup could not be used."""


class BackupMissing(BackupError):
    """There is no such backup at this place."""


class BackupDamaged(BackupError):
    """This backup is damaged: not all of it is as it was written."""


class BackupForged(BackupDamaged):
    """Somebody without the master key has changed what lies at the place of backups."""


class BackupUnsigned(BackupError):
    """This backup bears no signature: an earlier version made it, or somebody has changed it."""


class BackupUnfit(BackupError):
    """This backup does not fit this installation."""


class PruneRefused(BackupError):
    """Nothing was deleted: a backup at this place can't be read, so what it needs isn't known."""


class NothingToKeep(BackupError):
    """There is no database of calls here yet."""


class BackupUnsettled(BackupError):
    """Too much was deleted while the backup was made; please make it again."""

    retryable = True


class UpkeepRunning(BackupError):
    """A backup of this installation is being made or restored already."""


class PlaceInUse(BackupError):
    """There are calls here already; restoring would replace them."""


class StillRunning(BackupError):
    """Partyline is running on this data folder; stop it before restoring a backup."""


class DatabaseToolsMissing(BackupError):
    """PostgreSQL's own programs (pg_dump, pg_restore, psql) are needed.

    They come with the package postgresql-client, in the server's version or a newer one.
    """


class DatabaseRefused(BackupError):
    """The database refused what was asked of it, and nothing in it was changed."""


# --- the local engine -------------------------------------------------------------------------


class EngineError(PartylineError):
    """The local speech engine could not be used."""


class WeightsMissing(EngineError):
    """A speech model is missing; run ./bin/run again to install it."""


class WeightsDamaged(EngineError):
    """A speech model file does not match its published checksum and was not used."""


# --- speech providers -------------------------------------------------------------------------


class ProviderError(PartylineError):
    """The speech service reported a fault."""


class ProviderUnknown(ProviderError):
    """There is no speech provider of this name."""


class NotLive(ProviderError):
    """This speech provider can't transcribe a call while it is being held."""


class LiveOver(ProviderError):
    """This live call has ended already."""


class LiveFull(ProviderError):
    """This machine is transcribing as many calls as it can in time.

    Try again when one has ended, or choose another provider.
    """

    retryable = True


class ProviderNotConfigured(ProviderError):
    """This speech provider is not configured."""


class ProviderRefusedKey(ProviderError):
    """The speech service refused the key."""


class ProviderRejected(ProviderError):
    """The speech service rejected this recording or these options."""


class CopyGone(ProviderError):
    """The speech service has no such transcript, or not any more."""


class NobodySpoke(ProviderError):
    """The speech service heard nobody speak."""


class TooLongForProvider(ProviderRejected):
    """The recording is longer than this speech provider takes."""


class ProviderBusy(ProviderError):
    """The speech service is limiting requests; please retry later."""

    retryable = True


class ProviderUnavailable(ProviderError):
    """The speech service can't be reached at the moment; please retry later."""

    retryable = True


class ProviderTimeout(ProviderError):
    """The speech service did not answer in time; please retry later."""

    retryable = True


class ProviderAnswerLost(ProviderTimeout):
    """The speech service did not answer in time and may charge for it; please retry later."""

    may_be_charged = True


# --- language models --------------------------------------------------------------------------


class LanguageModelError(PartylineError):
    """The language model reported a fault."""


class LanguageModelNotConfigured(LanguageModelError):
    """No language model is configured."""


class LanguageModelRefusedKey(LanguageModelError):
    """The language model refused the key."""


class LanguageModelRejected(LanguageModelError):
    """The language model rejected the request."""


class LanguageModelBusy(LanguageModelError):
    """The language model is limiting requests; please retry later."""

    retryable = True


class LanguageModelUnavailable(LanguageModelError):
    """The language model can't be reached at the moment; please retry later."""

    retryable = True


class LanguageModelTimeout(LanguageModelError):
    """The language model did not answer in time."""

    retryable = True


class LanguageModelDeclined(LanguageModelError):
    """The language model declined to answer."""


class LanguageModelAnswerUnusable(LanguageModelError):
    """The language model's answer could not be used."""


# --- phone calls ------------------------------------------------------------------------------


class TelephonyError(PartylineError):
    """The telephone service reported a fault."""


class TelephonyNotConfigured(TelephonyError):
    """No telephone service is configured."""


class TelephonyRefusedKey(TelephonyError):
    """The telephone service refused the key."""


class TelephonyRejected(TelephonyError):
    """The telephone service rejected this request."""


class UnsupportedOption(TelephonyError):
    """The telephone service can't be asked for this."""


class PhoneCallGone(TelephonyError):
    """The telephone service has no such call, or not any more."""


class TelephonyBusy(TelephonyError):
    """The telephone service is limiting requests; please retry later."""

    retryable = True


class TelephonyUnavailable(TelephonyError):
    """The telephone service can't be reached at the moment; please retry later."""

    retryable = True


# --- alerts of live calls ---------------------------------------------------------------------


class AlertError(PartylineError):
    """An alert could not be delivered."""


class AlertRefused(AlertError):
    """The address for alerts refused an alert."""


class AlertUnreachable(AlertError):
    """The address for alerts can't be reached or is out of order at the moment."""

    retryable = True
