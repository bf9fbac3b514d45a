"""Real data, inside installable packages or as a table of facts, vocabularies and batches. Nothing is downloaded."""
