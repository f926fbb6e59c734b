"""The dispatch catalogue (派单目录): which department answers for which matter."""
