"""Site collector: start address → what the site asks for, sends, sets and shows.  Knows no rules or verdicts."""
