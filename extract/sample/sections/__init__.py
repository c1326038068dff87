"""The sections of a record, one module for each kind; their templates are in `../templates`.

Only the generator imports them. They import the draws, words and templates of the sample, never the
population that asks for sections.
"""
