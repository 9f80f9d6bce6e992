"""The words of the organisation: what to listen for, and how it is to be written."""

import streamlit as st

from app import session
from components.heading import draw_look_only, draw_page_title
from components.vocabulary_form import draw_vocabulary
from components.wording import plain, plural
from services.domain.errors import PartylineError, VocabularyChanged
from services.domain.people import Right

user, service = session.current_user(), session.services().vocabulary
draw_page_title(
    "Vocabulary",
    "Names and products to listen for, and how to write them. Changes apply to calls processed "
    "from now on; process a call again to use them there.",
)
shown = session.vocabulary_begun_with(service.load(user))
may_change = user.may(Right.MANAGE_RULES)
if not may_change:
    draw_look_only()
elif not shown.terms and not shown.spelling:
    st.info("There are no words yet. Write down what is often misheard, one per line.")

wanted = draw_vocabulary(shown, key=session.vocabulary_key(shown), may_change=may_change)
if wanted is not None:
    try:
        kept = service.keep(user, wanted.terms, wanted.spelling, based_on=shown.version)
    except VocabularyChanged as error:
        st.error(plain(error.user_message))
        st.button("Show it as it is now", on_click=session.begin_vocabulary_anew)
    except PartylineError as error:
        st.error(plain(error.user_message))
    else:
        session.begin_vocabulary_anew()
        words, spellings = plural(len(kept.terms), "word"), plural(len(kept.spelling), "spelling")
        session.notify(f"Saved: {words} and {spellings}, for calls processed from now on.")
        st.rerun()
