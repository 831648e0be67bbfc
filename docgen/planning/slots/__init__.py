"""From an assignment of facts to slots: type, idea and style of each, and the state of each while it is filled."""
