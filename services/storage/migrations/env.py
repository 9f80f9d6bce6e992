"""Runs migrations on the connection that ``services.storage.schema.migrate`` hands over."""

from alembic import context

from services.storage.models import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
