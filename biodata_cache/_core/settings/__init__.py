"""Settings: the table of all of them, their values for one command, and texts that hold passwords.

Everything above imports `Settings` and `load` from `values`, and `SETTINGS` from `table` to list
them. A new setting is a line of `table`; no other module reads a variable of ours.
"""
