"""Questions made: from drafts as models give them, or in plain forms without one."""
