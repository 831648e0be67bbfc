"""Language models behind one method, `LLM.complete` (`protocol`): providers and wrappers around them."""
