"""Reports: documents of typed blocks (`documents`), built by sections, written by renderers; nothing is computed."""
