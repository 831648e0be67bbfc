"""The main job: brainstorm, plan, estimate, pilot, generate, run, and its server: doctor, batches."""
