"""What Shoudao can do: one file a verb. Somebody spoke, or time passed."""
