"""What texts of your own say of a universe, and what they must not say."""

import docgen

world = docgen.Context.load("tutorial")
texts = ["The Juniper took over from the Ada on March 21, 2022.", "As an AI, I made this story up; there is no ferry."]
audit = docgen.Audit(world).scan(texts)
print({rule: counts.share for rule, counts in audit.leakage.items()})
print({fact: row.measured for fact, row in audit.salience.items()})
