"""What Shoudao knows: one file a noun, each with its table, judgements about one row, and queries."""
