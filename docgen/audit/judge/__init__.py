"""The LLM judge: its requests and verdicts, and which documents it reads."""
