"""Jobs: what waits to be processed, who works on it, and what failed."""

from components.heading import draw_page_title
from pages._jobs import draw_board

draw_page_title("Jobs", "Calls that wait to be processed, who works on them, and what failed.")
draw_board()
