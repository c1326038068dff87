"""The sections of a record, one module for each kind; their templates stand in `../templates`.

Imports the draws, words and templates of the sample, never the population that asks for sections.
"""
