"""The composition root: from settings to services. Nothing else names concrete classes."""

from app.wiring.access import build_access_desks, login_secrets
from app.wiring.alerts import build_alerts
from app.wiring.live import build_here_recogniser
from app.wiring.parts import (
    RuleTools,
    build_assemblyai,
    build_ear,
    build_known_voices,
    build_models,
    build_participants,
    build_providers,
    build_rule_tools,
    build_rules,
    build_search,
    build_vocabulary,
    build_watch,
    references_of,
    rule_tools_on,
)
from app.wiring.presence import build_presence
from app.wiring.services import Services, build_services, process_services
from app.wiring.worker import Worker, build_worker

__all__ = [
    "RuleTools",
    "Services",
    "Worker",
    "build_access_desks",
    "build_alerts",
    "build_assemblyai",
    "build_ear",
    "build_here_recogniser",
    "build_known_voices",
    "build_models",
    "build_participants",
    "build_presence",
    "build_providers",
    "build_rule_tools",
    "build_rules",
    "build_search",
    "build_services",
    "build_vocabulary",
    "build_watch",
    "build_worker",
    "login_secrets",
    "process_services",
    "references_of",
    "rule_tools_on",
]
