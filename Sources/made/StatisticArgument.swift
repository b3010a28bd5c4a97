public import ArgumentParser
public import MADE

extension RowStatistic: ExpressibleByArgument {}
