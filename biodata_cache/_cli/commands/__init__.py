"""The commands, one module for each group; options, output and endings stand beside the folder.

A command reads its options, calls the floor below, and shows what came of it: no rule of the data.
"""
