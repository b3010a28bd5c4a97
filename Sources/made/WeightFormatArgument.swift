public import ArgumentParser
public import MADE

extension WeightFormat: ExpressibleByArgument {}
