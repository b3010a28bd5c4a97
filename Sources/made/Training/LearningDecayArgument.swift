public import ArgumentParser
public import MADETraining

extension LearningDecay: ExpressibleByArgument {}
