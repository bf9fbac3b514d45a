"""Real data that ships inside installable packages, vocabularies and batches. Nothing is downloaded."""
