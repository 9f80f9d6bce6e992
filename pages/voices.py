"""People whose voices are recognised in calls: who they are, and how another one is added."""

from app import session
from components._compat import time_zone
from components.heading import draw_empty, draw_page_title, draw_part_title
from components.known_voices.table import draw_voices
from pages._signatures import draw_azure_signatures
from pages._voices import change, draw_enrolment

draw_page_title("Voices", "People whose voices are recognised in calls and shown by name.")
voices = session.services().voices.voices(session.current_user())
if voices:
    chosen = draw_voices(voices, zone=time_zone())
    if chosen is not None:
        change(chosen)
else:
    draw_empty(
        "No voice is known yet. Add one below, or open a call and choose *Remember a voice*.",
        icon=":material/record_voice_over:",
    )
draw_part_title("Add a voice")
draw_enrolment()
draw_azure_signatures(voices)
