"""One file a family of verbs: an operator gathers, calls core, applies, reports."""
