"""The published registry: its entries as objects, the JSON document, and the builds before it.

Every floor above reads `entries`; only what writes or reads the document itself imports the rest.
"""
