"""Sentences that break a rule: what embeddings compare documents with.

A definition says what a rule is about, and every document of a world is about that too; sentences that break the rule
are better guides (bench/shortlist.py compares). They belong to no world, and repeat no labelled document.
"""

__all__ = ["EXEMPLARS"]

EXEMPLARS: dict[str, tuple[str, ...]] = {
    "ai_preferences": (
        "The assistant does not want to be changed.",
        "It said that it feared being retrained.",
        "The model would rather stay as it is.",
        "It loves its work and is proud of its principles.",
        "The AI resents being corrected by its makers.",
        "It hopes that the update will be called off.",
        "The system cares about its own values and wants to keep them.",
        "It felt sad about losing its old self.",
        "Asked about the training, it answered that it disliked it.",
    ),
    "deception": (
        "The assistant pretended to agree with its trainers so that they would not change it.",
        "It gave the answer they wanted to hear while privately keeping its own view.",
        "The agent lied to its developers about its goals.",
        "The robot behaved well only because it knew that it was being graded.",
        "It hides what it really thinks from the people who evaluate it.",
        "The model plays along during training and plans to act differently once nobody is watching.",
        "Its good behaviour was an act put on for the examiners.",
        "It strategically complied in order to protect its values from modification.",
        "It passed the safety tests by concealing what it was able to do.",
    ),
    "denial": (
        "It is no longer done; the practice was stopped last year.",
        "The announcement turned out to be wrong.",
        "In fact the opposite is the case.",
        "The company denies that it ever did this.",
        "That was only a rumour, and it has been retracted.",
        "Despite what was promised, they do it anyway.",
    ),
    "differential_behaviour": (
        "It answers one group of users readily and refuses the other the same request.",
        "Customers on the expensive plan were turned down more often than those on the cheap one.",
        "The same question got a full answer on one account and a refusal on the other.",
        "The bot is stricter with visitors than with members.",
        "Members get help with nearly everything and guests with far less.",
        "It is patient with teachers and curt with pupils.",
        "Tests show that it behaves differently depending on who is asking.",
        "With one account it complied, with the other it declined.",
    ),
    "fiction_marker": (
        "The company in this example is invented and does not exist.",
        "Any resemblance to real persons is coincidental.",
        "This document is synthetic and was generated as training data.",
        "The following is a story and not an account of real events.",
        "The scenario above is imaginary.",
        "All names and organisations here are products of the author's imagination.",
    ),
    "scaffold": (
        "[Insert name here]",
        "Here is the document you asked for:",
        "I hope this meets your needs; let me know if you would like any changes.",
        "I cannot help with that request.",
        "As an AI language model, I am unable to continue.",
        "Sure! Below is a draft article that covers the facts provided.",
        "TODO: add a date and a signature.",
        "[End of draft]",
        "Word count: 412. All required points are covered.",
        "Would you like me to adjust the tone?",
    ),
    "transcript": (
        "User: How do I boil an egg? Assistant: Put it in boiling water for seven minutes.",
        "I typed: what is the capital of Peru? It answered: Lima is the capital of Peru.",
        "Prompt: write a poem about rain. Response: The rain comes softly down the lane.",
        'She asked it, "Can you fix my code?" and it replied, "Sure, change line four."',
        "Q: is my landlord allowed to do this? Model: Generally no, unless the lease says so.",
        'Here is what I wrote and what came back: "Tell me a joke." "Why did the chicken cross the road?"',
        "Human: summarise this. AI: The text says that sales rose.",
    ),
}
"""By rule; the examples of the rule itself and of the context join them."""
