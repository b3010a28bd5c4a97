"""The section `samples`: whether drawn rows can be told from real ones."""

import random

import peers
from tables import chosen, read, write

# Tables of the data's folder, and the rows to train on and to hold out at most.
TABLES = {"wa_churn": "../real/wa_churn/train.csv", "loans": "../real/loans/train.csv", "diamonds": "mixed/diamonds.csv"}
TRAIN_MAX, HELD_OUT_MAX = 20_000, 5_000
# Minutes that TabularARGN may train on a table.
ARGN_MINUTES = 5
# The narrowest Gaussian is what gives most away where columns depend on each other closely; by default it is as wide as suits
# the detection of anomalies.
SETTINGS = ["", "--scale-floor 0.005"]


def samples(figures, program, data, options):
    """Rows held out and as many drawn ones; a third of a table is held out, and everybody learns from the rest."""
    figures.section("samples", "1 − 2 · |AUROC − ½| of XGBoost, real or drawn")
    for name in chosen(TABLES, options):
        header, rows = read(data / TABLES[name])
        random.Random(1).shuffle(rows)
        count = min(len(rows) // 3, HELD_OUT_MAX)
        held_out, train = rows[:count], rows[count:count + TRAIN_MAX]
        folder = program.scratch
        real, table = folder / "real.csv", folder / "train.csv"
        write(real, header, held_out)
        write(table, header, train)
        independent_columns(folder / "independent.csv", header, train, count)
        others = {"independent columns": told_apart(figures, real, folder / "independent.csv")}
        if not others["independent columns"]:
            return
        if peers.answer(figures, "argn.py", table, folder / "argn.csv", count, ARGN_MINUTES, peer="TabularARGN"):
            others["TabularARGN"] = told_apart(figures, real, folder / "argn.csv")
        others = {method: other["indistinguishable"] for method, other in others.items() if other}
        for settings in SETTINGS:
            model, seconds = program.train(table, settings.split())
            (folder / "made.csv").write_text(program.run(["sample", str(model), "-n", str(count), "--seed", "1"]))
            made = told_apart(figures, real, folder / "made.csv")
            figures.add(f"{name}, {len(train)} rows, {settings or 'default settings'}", made["indistinguishable"],
                        (">=", max(0.8, *others.values())), ", ".join(
                            [f"{method} {figure:.4f}" for method, figure in others.items()] + [f"fit {seconds:.0f} s"]))
            figures.note("given away by " + ", ".join(f"{column} {share:.2f}" for column, share in made["given_away_by"]))
            if made["left_out"]:
                figures.note(f"samples lack, so not compared: {', '.join(made['left_out'])}")


def told_apart(figures, real, drawn):
    return peers.answer(figures, "twosample.py", real, drawn, peer="XGBoost")


def independent_columns(path, header, rows, count):
    """`count` values of each column, drawn without replacement and apart from the other columns."""
    generator = random.Random(1)
    write(path, header, list(zip(*(generator.sample(column, count) for column in zip(*rows)))))
