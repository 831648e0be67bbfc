"""What all commands share: flags, terminal output, consent to costs, shell completion."""
