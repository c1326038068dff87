"""The published registry: its entries as objects, the JSON document, and the builds before it.

Every floor above imports `entries`; what writes or reads the document itself, `document` and
`history`. No storage enters: bytes come in and go out.
"""
