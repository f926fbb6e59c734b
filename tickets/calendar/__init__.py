"""The working calendar (工作日历): its days as people change them, and what that moves."""
