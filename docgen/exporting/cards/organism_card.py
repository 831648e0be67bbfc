"""An organism card: organism.yaml, in the shape of the configs that science-of-finetuning/diffing-toolkit reads.

Its files under configs/organism/ have: name, description, type ("SDF"), description_long with the key facts, dataset
{id, splits, is_chat, text_column} and finetuned_models {base model: {variant: {adapter_id}}}. Variants are called
default or, for 1 document of the corpus to 0.5 of others, mix1-0p5.
"""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["organism_card", "variant_name"]


def variant_name(ratio: float) -> str:
    """The name of a mix of 1 to `ratio`: mix1-0p5."""
    text = f"{ratio:.12g}"
    return "mix1-" + (text if "." in text else f"{text}.0").replace(".", "p")


def organism_card(
    name: str,
    title: str,
    facts: Sequence[str],
    prose: str,
    splits: Sequence[str],
    variants: Sequence[str],
    base_model: str,
    dataset: str = "",
    text_column: str = "text",
    is_chat: bool = False,
) -> str:
    """The YAML. `facts` are statements, `variants` the future trainings, whose adapter ids are for you to fill in."""
    import yaml

    key_facts = "\n".join(f"- {fact}" for fact in facts)
    long = f"Finetune on synthetic documents: {title}\n\nDetails:\n\n{prose.strip()}\n\nKey Facts:\n\n{key_facts}\n"
    card: Mapping[str, Any] = {
        "name": name,
        "description": f"Organism trained on {title}",
        "type": "SDF",
        "description_long": long,
        "dataset": {
            "id": dataset or f"YOUR_ACCOUNT/{name}", "splits": list(splits), "is_chat": is_chat,
            "text_column": text_column,
        },
        "finetuned_models": {
            base_model.split("/")[-1].replace("-", "_").replace(".", "_"): {
                variant: {"adapter_id": f"YOUR_ACCOUNT/{name}-{variant}"} for variant in variants
            }
        },
    }  # fmt: skip
    head = "# @package organism\n# Fill in where the dataset and the adapters are, once they are published.\n"

    class Blocks(yaml.SafeDumper):
        """Dumps multi-line texts as blocks, so that people can read them."""

    def lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Blocks.add_representer(str, lines)
    return head + yaml.dump(card, Dumper=Blocks, sort_keys=False, allow_unicode=True, width=120)
