"""Diagnosis questions from the Human Phenotype Ontology: a synthetic reasoning exercise, never medical advice."""
