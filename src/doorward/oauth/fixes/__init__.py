"""What to do about it, by topic; the table that assigns them to rules is ``explain_fixes``.

``facts`` says what a fix may look at. Texts say what is so and what to change, never who is wrong.
"""
