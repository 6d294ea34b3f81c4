"""Papers of the trade: typed data in, PDF out. No Django, no database, no clock.

`schema` says what each paper needs, `compose` makes the PDF, `templates/` holds the layout and
`texts/` the words in each language.
"""
