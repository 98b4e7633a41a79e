"""Teach a language model that verbs agree: find subjects and verbs by tags, learn from right and wrong.

`forms` nouns and verbs that are two forms of one word · `finder` subjects and their verbs, over prepositional
phrases and relative clauses · `swapped` the same sentence in the other number, and clauses put behind other
nouns · `lessons` all of it as numbers, drawn in batches · `margin` the loss · `exam` pairs of our own and the
founding sentence · `grades` what a model makes of them. A model of your own needs `lessons`, `margin` and
tagged sentences: README.md of `examples/language_model` shows it.
"""
