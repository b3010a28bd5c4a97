public import ArgumentParser
public import DensityService

extension LineFormat: ExpressibleByArgument {}
