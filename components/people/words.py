"""What roles, rights and reach are called on screens."""

from services.domain.people import Reach, Right, Role

ROLE_WORDS = {
    Role.VIEWER: "Viewer",
    Role.SUPERVISOR: "Supervisor",
    Role.ADMIN: "Administrator",
}
ROLE_SENTENCES = {
    Role.VIEWER: "Sees calls and adds new ones.",
    Role.SUPERVISOR: "Adds, corrects, exports and deletes calls, calls numbers, hears originals, "
    "changes rules.",
    Role.ADMIN: "May do everything.",
}
RIGHT_WORDS = {
    Right.SEE_CALLS: "See calls",
    Right.ADD_CALLS: "Add and process calls",
    Right.PLACE_CALLS: "Call phone numbers",
    Right.EDIT_CALLS: "Correct calls",
    Right.HEAR_ORIGINAL: "Hear original recordings",
    Right.SEE_UNREDACTED: "See text that isn't redacted",
    Right.EXPORT: "Export",
    Right.DELETE: "Delete calls",
    Right.MANAGE_RULES: "Change rules, scorecards, words and voices",
    Right.MANAGE_PEOPLE: "Manage people",
    Right.READ_AUDIT: "Read the audit",
    Right.OPERATE: "Look after jobs, queues and storage",
}


def reach_words(reach: Reach) -> str:
    """Return with which calls somebody has to do, as text that isn't safe as Markdown."""
    if reach.all_calls:
        return "All calls"
    parts = []
    if reach.queues:
        parts.append("Queues: " + ", ".join(sorted(reach.queues)))
    if reach.agent_name:
        parts.append(f"Calls of {reach.agent_name}")
    return "; ".join(parts) or "Own calls only"
