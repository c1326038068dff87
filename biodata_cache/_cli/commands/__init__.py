"""The commands, one module for each group; options and output are in the parent package.

A module gives `COMMANDS` to `_cli`, and nothing else imports it. No rule of the data enters: a
command reads its options, calls the floor below, and shows the result.
"""
