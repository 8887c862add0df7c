"""How do Qt and the core meet? The event loop, background work, commands, theme, icons and the crash report."""
