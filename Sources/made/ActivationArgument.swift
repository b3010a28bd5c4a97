public import ArgumentParser
public import MADE

extension Activation: ExpressibleByArgument {}
