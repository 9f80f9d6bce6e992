"""Recordings that programs send piece by piece, put together from the settings."""

from datetime import timedelta

from sqlalchemy import Engine

from app.settings import Settings
from services.access.authority import Authority
from services.ingest.uploads import Uploads
from services.jobs.intake import Intake
from services.storage.calls import CallStore
from services.storage.keys import MasterKey
from services.storage.objects import ObjectStore
from services.storage.uploads import UploadStore


def build_uploads(
    settings: Settings,
    engine: Engine,
    objects: ObjectStore,
    master_key: MasterKey,
    intake: Intake,
    authority: Authority,
) -> Uploads:
    """Return the uploads of this installation."""
    return Uploads(
        UploadStore(engine),
        objects,
        master_key,
        intake,
        CallStore(engine),
        authority=authority,
        most_open=settings.uploads_open,
        most_bytes=settings.max_upload_bytes,
        kept_for=timedelta(hours=settings.upload_kept_hours),
    )
