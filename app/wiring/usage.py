"""What answers about space, growth and cost, put together from the settings."""

from sqlalchemy import Engine

from app.settings import Settings
from services.access.authority import Authority
from services.domain.errors import ProviderUnknown
from services.providers.registry import ProviderRegistry
from services.storage.calls import CallStore
from services.storage.objects import ObjectStore
from services.storage.usage import UsageStore
from services.upkeep.usage import UsageDesk


def build_usage(
    settings: Settings, engine: Engine, providers: ProviderRegistry, authority: Authority
) -> UsageDesk:
    """Return what an installation takes of disk and money; nothing is measured yet."""
    return UsageDesk(
        UsageStore(engine),
        CallStore(engine),
        ObjectStore(settings.storage_url, settings.bucket_access),
        {
            "models": settings.models_dir,
            "working files": settings.working_folder,
            "calls being held": settings.live_folder,
        },
        lambda name: _price(providers, name),
        authority=authority,
    )


def _price(providers: ProviderRegistry, name: str) -> float | None:
    """Return what an hour of sound costs, None where no price is set."""
    try:
        capabilities = providers.capabilities(name)
    except ProviderUnknown:
        return None
    return capabilities.cost_per_hour if capabilities.leaves_machine else 0.0
