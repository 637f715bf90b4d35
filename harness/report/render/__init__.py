"""Renderers: each turns a document into one kind of text."""
