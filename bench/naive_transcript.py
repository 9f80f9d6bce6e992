"""The peer of ``bench.ui``: a transcript drawn with one native chat element per utterance."""

import json
import os
from pathlib import Path

import streamlit as st

for line in json.loads(Path(os.environ["PARTYLINE_BENCH_LINES"]).read_text()):
    with st.chat_message("user" if line["speaker"] == "s2" else "assistant"):
        st.write(f"**{line['start_ms'] // 1000} s** {line['text']}")
st.write("END OF TRANSCRIPT")
