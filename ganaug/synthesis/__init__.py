"""Writing samples at scale: shards, workspaces that survive a crash, several processes, merging."""
