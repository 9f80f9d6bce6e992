"""People whose voices are recognised in calls: who they are, and how another one is added."""

from app import session
from components._compat import time_zone
from components.heading import draw_empty, draw_look_only, draw_page_title, draw_part_title
from components.known_voices.table import draw_voices
from pages._signatures import draw_azure_signatures
from pages._voices import change, draw_enrolment
from services.domain.people import Right

draw_page_title("Voices", "People whose voices are recognised in calls and shown by name.")
user = session.current_user()
voices = session.services().voices.voices(user)
may_change = user.may(Right.MANAGE_RULES)
if not may_change:
    draw_look_only()
if voices:
    chosen = draw_voices(voices, zone=time_zone(), may_change=may_change)
    if chosen is not None:
        change(chosen)
else:
    how = " Add one below, or open a call and choose *Remember a voice*." if may_change else ""
    draw_empty(f"No voice is known yet.{how}", icon=":material/record_voice_over:")
if may_change:
    draw_part_title("Add a voice")
    draw_enrolment()
    draw_azure_signatures(voices)
