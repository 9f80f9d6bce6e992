"""How people elsewhere are told of warnings in live calls."""

from urllib.parse import quote

from app.settings import Settings
from services.live.alerting.alerts import AlertChannel, LiveAlerts
from services.live.alerting.mail import Mail, MailAccess, addresses_in


def build_alerts(settings: Settings) -> LiveAlerts:
    """Return what sends alerts, to nobody where nobody is set; nothing is connected yet."""
    channels: list[AlertChannel] = []
    if settings.alert_url is not None:
        from services.live.alerting.webhook import Webhook

        secret = settings.alert_secret
        channels.append(
            Webhook(
                settings.alert_url.get_secret_value(),
                secret.get_secret_value() if secret else None,
            )
        )
    people = addresses_in(settings.alert_to)
    if settings.smtp_url is not None and people:
        access = MailAccess.read(settings.smtp_url.get_secret_value())
        sender = next(iter(addresses_in(settings.alert_from)), None)
        channels.append(Mail(access, people, sender))

    def link(call_id: str) -> str:
        return f"{settings.pages_url}/supervisor?live={quote(call_id)}"

    return LiveAlerts(channels, kinds=settings.alerted, link=link)
