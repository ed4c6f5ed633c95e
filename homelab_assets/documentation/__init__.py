"""Documentation that writes itself: pure functions from what was seen to texts. Nothing here reads or writes."""
