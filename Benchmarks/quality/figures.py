"""The one table of figures and their goals."""


class Figures:
    def __init__(self):
        self.missed = []
        self.counted = 0
        self.skipped = []

    def section(self, name, what):
        print(f"\n{name + ': ' + what:60} {'figure':>9} {'goal':>10}", flush=True)

    def add(self, what, figure, goal=None, detail="", places=4):
        """A line; `goal` is (`<=` or `>=`, bound) or (low, high)."""
        shown, mark = "", ""
        if goal is not None:
            self.counted += 1
            if goal[0] in ("<=", ">="):
                reached = figure <= goal[1] if goal[0] == "<=" else figure >= goal[1]
                shown = f"{goal[0].replace('<=', '≤').replace('>=', '≥')} {goal[1]:g}"
            else:
                reached = goal[0] <= figure <= goal[1]
                shown = f"{goal[0]:g}…{goal[1]:g}"
            mark = "✓" if reached else "✗"
            if not reached:
                self.missed.append(f"{what}: {figure:.{places}f}, not {shown}")
        print(f"  {what:58} {figure:9.{places}f} {shown:>12} {mark:1}  {detail}".rstrip(), flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)

    def skip(self, what):
        self.skipped.append(what)
        print(f"skipped: {what}", flush=True)

    def close(self):
        """Prints the sum of it; whether every goal was reached."""
        reached = self.counted - len(self.missed)
        print(f"\n{reached} of {self.counted} goals reached" + (", missed:" if self.missed else "."))
        for line in self.missed:
            print(f"  {line}")
        for what in self.skipped:
            print(f"skipped: {what}")
        return not self.missed
