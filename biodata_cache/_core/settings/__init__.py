"""Settings: the table of all of them, their values for one command, and texts that hold passwords.

Everything above takes `Settings` from `values`; a new setting is a line of `table`.
"""
