"""One source document to one row of the lake: every value as it was written, or repaired and noted.

Nothing here knows of files, databases or the lake.
"""
