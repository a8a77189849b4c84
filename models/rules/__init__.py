"""What Shoudao judges: pure functions of plain values and `now`; nothing here waits, stores or reads the clock."""
