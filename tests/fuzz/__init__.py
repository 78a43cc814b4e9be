"""Bad input: what may come in at the door is made up, and every answer is held against the protocol.

`make fuzz` is the long run (a million reviews); `test_reviews.py` a slice of it.
"""
