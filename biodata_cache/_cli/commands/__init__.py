"""The commands, one module for each group; options, output and endings stand beside the folder.

A module gives `COMMANDS` to `_cli`, and nothing else imports it. No rule of the data enters: a
command reads its options, calls the floor below, and shows the result.
"""
