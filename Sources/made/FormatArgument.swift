public import ArgumentParser
public import MADERows

extension LineFormat: ExpressibleByArgument {}
