"""Policy reader: document → what it is, what it contains and what it discloses.  Knows no rules or verdicts."""
