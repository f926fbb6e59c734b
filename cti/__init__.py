"""The switch and the computer-telephony link: signalling, media, calls."""
