"""The live view of the measured call, and nothing else."""

from components.live_view import LiveViewOrder, draw_live_view
from components.style import set_up_page

set_up_page()
draw_live_view(LiveViewOrder(call_id="measured", events_url="/-/live/events/measured"))
