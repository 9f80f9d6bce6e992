"""What sentiment needs for languages other than English: which, by which model and which head.

The head is trained by ``bench/train_sentiment.py --elsewhere`` on ``sentiment_training/``, the
English lines included.
"""

LANGUAGES = frozenset({"de", "es", "fr", "it", "nl", "pt"})
"""The languages with lines of their own in the training set; no other is scored."""
HEAD_FILE = "sentiment_head_elsewhere.json"
STAGE = "local multilingual-e5-small head"
